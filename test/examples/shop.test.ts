/** The shop holds what its assertions say, and each change that its README names breaks the one it names. */
import { checkSource, verify } from "@knet/compiler";
import type { Compilation, VerifyReport } from "@knet/compiler";
import { disagreementText, judge } from "@knet/compiler/testing";
import { describe, expect, it } from "vitest";
import { everyFlow } from "../differential/flows.ts";
import { breaksOf, compileShop, shopReadme, shopText } from "./shop.ts";

function verifyAll(compilation: Compilation): VerifyReport {
  return verify(compilation.scenario, { runs: 1000, seed: 20261122, after: (failures) => compilation.after(failures) });
}

describe("the shop", () => {
  it("should check without errors and warnings", () => {
    expect(checkSource("shop.knet", shopText, null).diagnostics).toEqual([]);
  });

  const compilation = compileShop();

  it("should be dual-stack: pods, services but the API server's, nodes and the outside have both families", () => {
    const { pods, nodes, services, external } = compilation.model;
    const families = (addresses: readonly { readonly family: number }[]): string => addresses.map((ip) => ip.family).join();
    const single = [...pods, ...nodes, ...(external?.hosts ?? [])]
      .filter(({ addresses }) => families(addresses) !== "4,6")
      .map(({ name }) => name);
    expect(single).toEqual([]);
    expect(services.filter((service) => families(service.clusterIps) !== "4,6").map((service) => service.name)).toEqual([]);
  });

  it("should hold every assertion, by trying every flow", { timeout: 120_000 }, () => {
    const report = verifyAll(compilation);
    expect(
      report.assertions.filter(({ verdict, method }) => verdict !== "holds" || method === "sampled").map(({ title }) => title),
    ).toEqual([]);
    expect(report.assertions.length).toBe(16);
    expect(report.disagreements).toEqual([]);
  });

  it("should end alike for the simulator and the intent judge, whoever asks whom", { timeout: 120_000 }, () => {
    const flows = everyFlow(compilation.model);
    const { open, disagreements } = judge(compilation.scenario, flows);
    expect(disagreements.map(disagreementText)).toEqual([]);
    // What the specifications leave open is the exception.
    expect(open).toBeLessThan(flows.length / 100);
  });
});

describe("what to break in the shop", () => {
  const breaks = breaksOf(shopReadme, shopText);

  it("should be nine changes", () => {
    expect(breaks.length).toBe(9);
  });

  it.each(breaks.map((entry) => [entry.title, entry] as const))("%s", { timeout: 120_000 }, (_title, { text, assertion, witness }) => {
    const compilation = compileShop(text);
    const { model, ...scenario } = compilation.scenario;
    const named = model.assertions.filter(({ title }) => title === assertion);
    const report = verify(
      { ...scenario, model: { ...model, assertions: named } },
      { runs: 1000, seed: 20261122, after: (failures) => compilation.after(failures) },
    );
    expect(report.assertions.map(({ title, verdict }) => [title, verdict])).toEqual([[assertion, "fails"]]);
    expect(report.assertions[0]?.witness?.summary).toBe(witness);
    expect(report.disagreements).toEqual([]);
  });
});
