import { formatIp, parseIp } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import { chosenFlowText } from "./chosen-flow.ts";
import { flowsOf } from "./flows.ts";
import { judge } from "./judge.ts";
import { randomFrom } from "./random.ts";
import { smallestSketch } from "./shrink-sketch.ts";
import { drawSketch } from "./draw-sketch.ts";
import { printSketch } from "./print-sketch.ts";
import { compileText, disagreementReport, judgeClusters, randomOfCluster } from "./trial.ts";

const text = printSketch(drawSketch(randomOfCluster(1, 0), { families: [4] }));

describe("flowsOf", () => {
  it("should give the same flows for the same seed and others for another", () => {
    const compilation = compileText(text);
    const flows = (seed: number): readonly string[] => flowsOf(compilation, randomFrom(seed), { limit: 200 }).map(chosenFlowText);
    expect(flows(1)).toEqual(flows(1));
    expect(new Set(flows(1))).not.toEqual(new Set(flows(2)));
  });

  it("should deny at least 30 % of the flows and repeat none", () => {
    const compilation = compileText(text);
    const flows = flowsOf(compilation, randomFrom(3), { limit: 300 });
    const { denied } = judge(compilation.scenario, flows);
    expect(denied).toBeGreaterThanOrEqual(0.3 * flows.length);
    expect(new Set(flows.map(chosenFlowText)).size).toBe(flows.length);
  });
});

describe("judge", () => {
  it("should report a flow on which the two answer differently, with both answers", () => {
    const compilation = compileText(text);
    const pod = compilation.model.pods.find((each) => !each.hostNetwork);
    const [dst] = pod?.addresses ?? [];
    if (pod === undefined || dst === undefined) throw new Error("the cluster has a pod");
    const reason = "a judge that forbids everything";
    const scenario = {
      ...compilation.scenario,
      intent: {
        ...compilation.scenario.intent,
        ask: () => ({
          outcomes: [{ kind: "dropped" as const, server: null, port: null, sources: [], reason, causes: [], admission: null }],
          unspecified: null,
          exact: true,
        }),
      },
    };
    const flow = { from: `pod/${pod.namespace}/${pod.name}`, dst, protocol: "tcp" as const, port: 9 };
    expect(judge(scenario, [flow]).disagreements).toEqual([
      { flow, intended: ["dropped"], simulated: [`refused pod/${pod.namespace}/${pod.name}:9 from ${formatIp(dst)}`], reasons: [reason] },
    ]);
  });
});

describe("judgeClusters", () => {
  it("should draw the same cluster for a number, whatever was drawn before it", () => {
    const [alone, after] = [
      judgeClusters({ seed: 5, first: 2, clusters: 1, flows: 60 }),
      judgeClusters({ seed: 5, first: 1, clusters: 2, flows: 60 }),
    ];
    const before = judgeClusters({ seed: 5, first: 1, clusters: 1, flows: 60 });
    expect([alone.rules, alone.hit, alone.denied]).toEqual([
      after.rules - before.rules,
      after.hit - before.hit,
      after.denied - before.denied,
    ]);
  });
});

describe("smallestSketch", () => {
  it("should keep what the failure needs and nothing else", () => {
    const asks = (sketch: Parameters<typeof printSketch>[0]): boolean => printSketch(sketch).includes("node-port 30000");
    const smallest = smallestSketch(drawSketch(randomOfCluster(1, 0), { families: [4] }), asks);
    const body = printSketch(smallest)
      .split("\n")
      .filter((line) => /^(?:node|namespace|firewall| {2}(?:pod|workload|service|policy|router)) /.test(line));
    expect(body).toEqual([
      expect.stringMatching(/^node node-. in (blue|green|red)$/),
      "namespace shop {",
      '  service web { selects app == "web", port 80/tcp -> http node-port 30000 }',
    ]);
  });
});

describe("disagreementReport", () => {
  it("should hold the whole program, what each judge says, and the command that asks again", () => {
    const dst = parseIp("10.10.0.7");
    if (dst === null) throw new Error("a literal address parses");
    const flow = { from: "node/node-a", dst, protocol: "udp" as const, port: 53 };
    const report = disagreementReport(
      {
        number: 4,
        text: "cluster random {}\n",
        disagreements: [{ flow, intended: ["dropped"], simulated: ["rejected"], reasons: ["nobody is there"] }],
      },
      9,
    );
    expect(report.split("\n")).toEqual([
      "the judges disagree on cluster 4 of seed 9; shrunk, it is",
      "",
      "cluster random {}",
      "",
      `node/node-a → ${formatIp(dst)} 53/udp: intent dropped (nobody is there); simulator rejected`,
      "",
      "again: pnpm trial --seed 9 --first 4 --clusters 1",
    ]);
  });
});
