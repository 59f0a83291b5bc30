import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkSource } from "../compilation/compilation.ts";
import { defaultSize, defaultSourcePort, everyJourney } from "../simulate/journey.ts";
import { sourcesOf } from "./diagnostics.ts";
import { Locator } from "./locate.ts";
import { tellStory } from "./story.ts";
import { ip } from "./story.testing.ts";
import type { Story, StoryStep } from "./types.ts";

const text = readFileSync(new URL("../../../examples/journey/journey.knet", import.meta.url), "utf8");

/** The story of a TCP request from a pod of namespace001; with `answers`, the one in which that pod gets it. */
function ask(program: string, from: string, to: string, port: number, answers: string | null = null): Story {
  const { compilation } = checkSource("journey.knet", program, null);
  if (compilation === null) throw new Error("the program has errors");
  const { fabric, model } = compilation;
  const address = model.pods.find((pod) => pod.namespace === "namespace001" && pod.name === to)?.addresses[0] ?? ip(to);
  const probe = { from: `pod/namespace001/${from}`, src: null, dst: address, protocol: "tcp", dport: port, sport: defaultSourcePort, size: defaultSize } as const;
  const alternatives = everyJourney(fabric, probe);
  const journey = alternatives.find(({ server }) => answers === null || server === `pod/namespace001/${answers}`) ?? null;
  const locator = new Locator(fabric, sourcesOf(new Map([["journey.knet", program]])));
  return tellStory({ fabric, locator, from: `namespace001/${from}`, to, protocol: "tcp", port, journey, alternatives, lookup: null });
}

const request = (story: Story): readonly StoryStep[] => story.steps.filter((step) => step.phase === "request");
const deciding = (story: Story): readonly string[] =>
  request(story).filter((step) => step.decides).map((step) => `${step.where} ${step.table ?? "-"} ${step.outcome} ${step.source?.name ?? "-"}`);

describe("tellStory", () => {
  const story = ask(text, "pod-0", "172.16.10.10", 80, "pod-3");

  it("should say what each wire is, by its own name or as a veth", () => {
    expect(request(story).flatMap((step) => step.wire ?? [])).toEqual(["veth", "subnet blue", "subnet green", "veth"]);
    expect(story.steps.filter((step) => (step.wire !== null) !== (step.layer === "wire"))).toEqual([]);
  });

  it("should say which node a pod is on, and of no other host", () => {
    const parents = new Map(request(story).map((step) => [step.where, step.parent]));
    expect([...parents]).toEqual([
      ["namespace001/pod-0", "node-a"],
      ["node-a", null],
      ["core", null],
      ["node-b", null],
      ["namespace001/pod-3", "node-b"],
    ]);
  });

  it("should take the rules of a policy and of a firewall for deciding, and no others", () => {
    expect(deciding(story)).toEqual(["node-b mangle passed firewall nodes", "node-b filter passed policy namespace001/only-the-client"]);
  });

  it("should do so whatever they are called", () => {
    const renamed = text.replace("firewall nodes {", "firewall cluster {").replaceAll("only-the-client", "pod");
    expect(deciding(ask(renamed, "pod-0", "172.16.10.10", 80, "pod-3"))).toEqual([
      "node-b mangle passed firewall cluster",
      "node-b filter passed policy namespace001/pod",
    ]);
  });

  it("should name the policy that stopped a request, and that rule as what decided", () => {
    const stopped = ask(text, "pod-2", "pod-3", 8080);
    expect(deciding(stopped)).toEqual(["node-b filter stopped policy namespace001/only-the-client"]);
    expect(stopped.decidedBy?.source?.name).toBe("policy namespace001/only-the-client");
    expect(stopped.decidedBy?.artifact).toEqual(request(stopped).at(-1)?.artifacts[0]);
    expect(stopped.summary).toMatch(/^Dropped on node-b: filter FORWARD drops it in cali-tw-\w+\. The sender waits until it times out\.$/);
  });

  it("should say why nobody could be reached, and not how the error went back", () => {
    const nobody = ask(text, "pod-0", "192.168.2.99", 80);
    expect(nobody.verdict).toBe("unreachable");
    expect(nobody.summary).toBe("Unreachable: on core, nobody on eth1 answers for 192.168.2.99.");
    expect(nobody.decidedBy).toBeNull();
  });
});
