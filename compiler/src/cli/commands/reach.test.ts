import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { reachSchema } from "../../report/reach-schema.ts";
import { Shell } from "../testing.ts";

const journey = readFileSync(new URL("../../../../examples/journey/journey.knet", import.meta.url), "utf8");

function shell(): Shell {
  return new Shell({ "journey.knet": journey });
}

describe("knet reach", () => {
  it("should print the pairs asked for", async () => {
    using sh = shell();
    const { exit, stdout, stderr } = await sh.knet([
      "reach",
      "journey.knet",
      "--from",
      "namespace001/*",
      "--to",
      "namespace001/pod-3",
      "--format",
      "txt",
    ]);
    expect([exit, stderr]).toEqual([0, ""]);
    expect(stdout).toBe("namespace001/pod-0[Pod] => namespace001/pod-3[Pod] : TCP 8080\n");
  });

  it("should print JSON of the contract's shape and nothing else", async () => {
    using sh = shell();
    const { exit, stdout } = await sh.knet(["reach", "journey.knet", "--format", "json", "--explain"]);
    const validate = new Ajv({ allErrors: true, strictTuples: false, strictTypes: false, strictRequired: false }).compile(reachSchema);
    expect([exit, validate(JSON.parse(stdout)), validate.errors]).toEqual([0, true, null]);
  });

  it("should explain with places in the program", async () => {
    using sh = shell();
    const { stdout } = await sh.knet(["reach", "journey.knet", "--from", "namespace001/pod-2", "--to", "namespace001/pod-3", "--explain"]);
    expect(stdout).toContain("policy namespace001/only-the-client (journey.knet:54) isolates ingress of namespace001/pod-3");
  });

  it("should say the same twice, and the same in every order of the wishes", async () => {
    using sh = shell();
    const one = await sh.knet(["reach", "journey.knet", "--from", "namespace001/pod-0,namespace001/pod-2", "--format", "csv"]);
    const other = await sh.knet(["reach", "journey.knet", "--from", "namespace001/pod-2,namespace001/pod-0", "--format", "csv"]);
    expect(other).toEqual(one);
  });

  it.each([
    [
      ["--from", "namespace001/pod0"],
      "error[KN9003]: no pod or workload is called namespace001/pod0\n  = help: did you mean namespace001/pod-0?\n",
    ],
    [["--to", "node-c"], 'error[KN9003]: nothing is called "node-c"\n  = help: did you mean node-a?\n'],
  ])("should offer the nearest name: %j", async (wish, message) => {
    using sh = shell();
    expect(await sh.knet(["reach", "journey.knet", ...wish])).toEqual({ exit: 2, stdout: "", stderr: message });
  });

  it("should refuse a format that it does not have", async () => {
    using sh = shell();
    const { exit, stderr } = await sh.knet(["reach", "journey.knet", "--format", "xml"]);
    expect(exit).toBe(2);
    expect(stderr).toContain("table, txt, json, csv, md, dot, html");
  });

  it("should say what is wrong with the program, and end with 1", async () => {
    using sh = shell();
    sh.write("typo.knet", journey.replace("in blue  {", "in bleu  {"));
    const { exit, stderr } = await sh.knet(["reach", "typo.knet"]);
    expect(exit).toBe(1);
    expect(stderr).toContain("there is no subnet called `bleu`");
  });
});
