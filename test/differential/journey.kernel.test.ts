/** Every sender of a cluster before every destination: the simulator, the intent judge and the kernel say the same. */
import { readFileSync } from "node:fs";
import {
  checkSource,
  defaultSize,
  defaultSourcePort,
  everyJourney,
  intendedOutcomes,
  labSupport,
  openLab,
  simulatedOutcomes,
} from "@knet/compiler";
import type { Compilation } from "@knet/compiler";
import { describe, expect, it } from "vitest";
import { hostNetworkBackend, twoNatRouters } from "./clusters.ts";
import { describeFlow, everyFlow } from "./flows.ts";
import type { TestFlow } from "./flows.ts";
import { compareWithKernel } from "./kernel.ts";

const support = labSupport();
const why = support.available ? "" : ` (skipped: ${support.reason})`;
const journey = readFileSync(new URL("../../examples/journey/journey.knet", import.meta.url), "utf8");

/** The same cluster in both families. */
const dualStack = [
  ["service-cidr = 172.16.0.0/16", "service-cidr = [172.16.0.0/16, fd00:172::/112]"],
  [
    "      nat-outgoing  = true\n    }\n",
    "      nat-outgoing  = true\n    }\n    pool pods-v6 {\n      cidr          = fd00:10::/64\n      block-size    = 122\n      encapsulation = vxlan-cross-subnet\n      nat-outgoing  = true\n    }\n",
  ],
  ["address = 172.16.0.10\n", "address = [172.16.0.10, fd00:172::a]\n"],
  ["cidr = 192.168.1.0/24", "cidr = [192.168.1.0/24, fd00:1::/64]"],
  ["cidr = 192.168.2.0/24", "cidr = [192.168.2.0/24, fd00:2::/64]"],
  ["address = 192.168.1.10 }", "address = [192.168.1.10, fd00:1::10] }"],
  ["address = 192.168.2.10 }", "address = [192.168.2.10, fd00:2::10] }"],
  [
    "cluster-ip = 172.16.10.10\n    port http  = 80/tcp -> http",
    "cluster-ip = [172.16.10.10, fd00:172::10]\n    port http  = 80/tcp -> http node-port 30080",
  ],
  ["allow ingress from internet on 30000..32767/tcp", "allow ingress from internet, subnet blue, subnet green on 30000..32767/tcp"],
] as const;

const clusters: readonly (readonly [name: string, text: string])[] = [
  ["the journey", journey],
  ["the journey in both families, with a node port", dualStack.reduce((text, [from, to]) => text.replace(from, to), journey)],
  ["two routers to the outside", twoNatRouters],
  ["a service with a pod on the host network", hostNetworkBackend],
];

function compile(text: string): Compilation {
  const { compilation, diagnostics } = checkSource("journey.knet", text, null);
  if (compilation === null) throw new Error(diagnostics.map((diagnostic) => diagnostic.message).join("; "));
  return compilation;
}

describe.each(clusters)("all pairs of %s", (_name, text) => {
  const compilation = compile(text);
  const flows = everyFlow(compilation.model);

  it("should end alike for the simulator and the intent judge", () => {
    let compared = 0;
    const differences = flows.flatMap((flow: TestFlow) => {
      const from = { host: flow.from, name: flow.from, addresses: [], classKey: "" };
      const to = { name: "", address: flow.dst, host: null, classKey: "", offers: [] };
      const intended = intendedOutcomes(compilation.scenario.intent, { from, to, protocol: flow.protocol, port: flow.port });
      if (intended === null) return [];
      compared++;
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
    // What the specifications leave open is the exception, but where several routers lead outside, the outside is open.
    expect(compared).toBeGreaterThan(flows.length * (text === twoNatRouters ? 0.5 : 0.9));
  });

  it.skipIf(!support.available)(`should end alike for the simulator and the kernel: verdict, server and source seen${why}`, async () => {
    await using lab = await openLab(compilation.fabric);
    const { differences, answered } = await compareWithKernel(compilation.fabric, lab, flows);
    expect(differences).toEqual([]);
    expect(answered).toBeGreaterThan(flows.length / 4);
  });
});
