import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { checkSource } from "@knet/compiler";
import { describe, expect, it } from "vitest";
import { bench, median } from "./bench.ts";
import { generateCluster } from "./generate.ts";
import { reportText } from "./report.ts";
import { resultsSchema } from "./schema.ts";
import type { BenchResults } from "./types.ts";

const isResults = new Ajv().compile<BenchResults>(resultsSchema);

describe("generated clusters", () => {
  it.each([1, 7, 50])("of %i nodes should have 30 pods and 2 services a node, and no mistakes", (nodes) => {
    const generated = generateCluster(nodes);
    const { diagnostics, compilation } = checkSource("bench.knet", generated.text, null);
    expect(diagnostics).toEqual([]);
    const model = compilation?.model;
    expect(model?.nodes).toHaveLength(nodes);
    expect(model?.pods.filter((pod) => !pod.system)).toHaveLength(nodes * 30);
    expect(model?.services.filter((service) => !service.system)).toHaveLength(nodes * 2);
    expect(model?.policies).toHaveLength(generated.policies);
    expect([generated.pods, generated.services]).toEqual([nodes * 30, nodes * 2]);
  });

  it("should have policies in four of five namespaces, and several subnets and routers", () => {
    const { text, namespaces } = generateCluster(500);
    const { compilation } = checkSource("bench.knet", text, null);
    const guarded = new Set(compilation?.model.policies.map((policy) => policy.namespace));
    expect([namespaces, guarded.size]).toEqual([300, 240]);
    // Eleven racks of 48 nodes and the backbone; two rows of eight racks and the edge.
    expect([compilation?.model.subnets.length, compilation?.model.routers.length]).toEqual([12, 3]);
  });

  it.each([0, -1, 1.5, 10_001])("should not be of %d nodes", (nodes) => {
    expect(() => generateCluster(nodes)).toThrow(RangeError);
  });
});

describe("the bench", () => {
  it("should measure a small cluster and tell it in its own shape", { timeout: 120_000 }, () => {
    const lines: string[] = [];
    const results = bench({ sizes: [2], examples: [], runs: 1, warmups: 0, log: (line) => lines.push(line) });
    expect(isResults(results), JSON.stringify(isResults.errors)).toBe(true);
    expect(results.programs.map(({ name, nodes }) => [name, nodes])).toEqual([["2 nodes", 2]]);
    const skipped = results.programs.flatMap(({ measures }) => measures.flatMap((measure) => ("skipped" in measure && !measure.name.startsWith("peer: iptables") ? [measure] : [])));
    expect(skipped).toEqual([]);
    expect(lines).toEqual(["cold", "stages", "tree", "simulate", "verify", "reach"].map((mode) => `2 nodes: ${mode}`));
  });

  it("should take the middle of the runs, or the mean of the two in the middle", () => {
    expect([median([30, 10, 20]), median([4, 1, 3, 2]), median([7])]).toEqual([20, 2.5, 7]);
  });

  it("should have its committed page made of its committed numbers", () => {
    const read = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");
    const results: unknown = JSON.parse(read("results.json"));
    if (!isResults(results)) throw new Error(JSON.stringify(isResults.errors));
    expect(read("results.md")).toBe(reportText(results));
  });
});
