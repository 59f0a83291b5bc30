/** The connectivity of the examples: two judges, one table, and the shop's written by hand from its policies. */
import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { checkSource, reach, reachJson, reachSchema, reachTxt } from "@knet/compiler";
import type { ReachReport } from "@knet/compiler";
import { describe, expect, it } from "vitest";

function reachOf(example: string): ReachReport {
  const text = readFileSync(new URL(`../../examples/${example}/${example}.knet`, import.meta.url), "utf8");
  const { compilation, diagnostics } = checkSource(`${example}.knet`, text, null);
  if (compilation === null) throw new Error(diagnostics.map((diagnostic) => diagnostic.message).join("; "));
  return reach(compilation.scenario);
}

describe.each(["journey", "shop"])("the %s", (example) => {
  const report = reachOf(example);

  it("should be the same by the specifications and by the generated rules", () => {
    expect(report.disagreements).toEqual([]);
    expect(report.compared).toBeGreaterThan(0);
  });

  it("should have the shape that others build on", () => {
    const validate = new Ajv({ allErrors: true, strictTuples: false, strictTypes: false, strictRequired: false }).compile(reachSchema);
    const document: unknown = JSON.parse(reachJson(report));
    expect([validate(document), validate.errors]).toEqual([true, null]);
  });

  it("should have one entry for each pair, of endpoints that it lists", () => {
    const ids = report.endpoints.map(({ id }) => id);
    const pairs = report.connections.map(({ from, to }) => `${from} ${to}`);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(pairs).size).toBe(pairs.length);
    expect(report.connections.flatMap(({ from, to }) => [from, to]).filter((id) => !ids.includes(id))).toEqual([]);
  });
});

describe("the shop's table", () => {
  it("should be what follows from its policies", () => {
    expect(reachTxt(reachOf("shop"))).toBe(readFileSync(new URL("shop.txt", import.meta.url), "utf8"));
  });
});

describe("the journey's table", () => {
  it("should let the client alone come to myapp, and the outside to no pod", () => {
    const lines = reachTxt(reachOf("journey")).trimEnd().split("\n");
    // pod-1 and pod-3 are myapp. Nothing else is isolated, and no service has a node port.
    expect(lines.filter((line) => /=> namespace001\/pod-[13]\[/.test(line))).toEqual([
      "namespace001/pod-0[Pod] => namespace001/pod-1[Pod] : TCP 8080",
      "namespace001/pod-0[Pod] => namespace001/pod-3[Pod] : TCP 8080",
    ]);
    expect(lines.filter((line) => line.startsWith("0.0.0.0-"))).toEqual([
      "0.0.0.0-255.255.255.255[External] => nodes[Node] : TCP 30000-32767",
    ]);
  });
});
