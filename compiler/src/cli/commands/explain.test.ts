import { describe, expect, it } from "vitest";
import { Shell } from "../testing.ts";
import { everyCode } from "./explain.ts";

describe("knet explain without a code", () => {
  it("should list every code on a line of its own, with what its page says first", async () => {
    using sh = new Shell();
    const { exit, stdout } = await sh.knet(["explain"]);
    expect(exit).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => line.slice(0, 6))).toEqual(everyCode().map(({ code }) => code));
    expect(lines.map((line) => line.replaceAll(/ {2,}/g, " | "))).toEqual(
      expect.arrayContaining([
        "KN3011 | error | wrong-preposition | Ingress comes `from` somebody, egress goes `to` somebody",
        "KN8031 | warning | no-ready-endpoints | The pods that a service selects exist, and none of them is ready",
        "KN5020 | warning | node-crowded | With the pods placed as they will be, a node has at least 88 of the 110 pods that a kubelet runs unless its `maxPods` says otherwise",
      ]),
    );
  });

  it("should give the same as JSON", async () => {
    using sh = new Shell();
    const { stdout } = await sh.knet(["explain", "--format", "json"]);
    const { version, codes } = JSON.parse(stdout) as { version: number; codes: { code: string; severity: string; summary: string }[] };
    expect(version).toBe(1);
    expect(codes.find(({ code }) => code === "KN8001")).toMatchObject({ name: "selects-nothing", severity: "warning" });
    expect(codes.filter(({ summary }) => summary === "")).toEqual([]);
  });
});

describe("knet explain with a slip", () => {
  it.each([
    ["KN303", "did you mean KN3003?"],
    ["8031", "did you mean KN8031?"],
    ["mtu-to-large", "did you mean mtu-too-large?"],
    ["something-else-altogether", "`knet explain` lists all codes"],
  ])("%s", async (wanted, help) => {
    using sh = new Shell();
    const { exit, stderr } = await sh.knet(["explain", wanted]);
    expect([exit, stderr]).toEqual([2, `error[KN9005]: there is no code "${wanted}"\n  = help: ${help}\n`]);
  });
});
