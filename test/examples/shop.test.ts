/** The shop holds what its assertions say, and each change that its README names breaks the one it names. */
import { checkSource, everyJourney, defaultSize, defaultSourcePort, intendedOutcomes, simulatedOutcomes, verify } from "@knet/compiler";
import type { Compilation, VerifyReport } from "@knet/compiler";
import { describe, expect, it } from "vitest";
import { describeFlow, everyFlow } from "../differential/flows.ts";
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
    let open = 0;
    const differences = flows.flatMap((flow) => {
      const from = { host: flow.from, name: flow.from, addresses: [], classKey: "" };
      const to = { name: "", address: flow.dst, host: null, classKey: "", offers: [] };
      const intended = intendedOutcomes(compilation.scenario.intent, { from, to, protocol: flow.protocol, port: flow.port });
      if (intended === null) {
        open++;
        return [];
      }
      const simulated = simulatedOutcomes(
        everyJourney(compilation.fabric, {
          from: flow.from,
          src: null,
          dst: flow.dst,
          protocol: flow.protocol,
          dport: flow.port,
          sport: defaultSourcePort,
          size: defaultSize,
        }),
      );
      return simulated.join() === intended.words.join()
        ? []
        : [`${describeFlow(flow)}: simulator ${simulated.join(" | ")}; intent ${intended.words.join(" | ")}`];
    });
    expect(differences).toEqual([]);
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
