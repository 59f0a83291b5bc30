/** Every sender of a cluster before every destination: the simulator, the intent judge and the kernel say the same. */
import { readFileSync } from "node:fs";
import { labSupport, openLab } from "@knet/compiler";
import { compileText, disagreementText, judge } from "@knet/compiler/testing";
import { describe, expect, it } from "vitest";
import { hostNetworkBackend, twoNatRouters } from "./clusters.ts";
import { everyFlow } from "./flows.ts";
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

describe.each(clusters)("all pairs of %s", (_name, text) => {
  const compilation = compileText(text);
  const flows = everyFlow(compilation.model);

  it("should end alike for the simulator and the intent judge", () => {
    const { compared, disagreements } = judge(compilation.scenario, flows);
    expect(disagreements.map(disagreementText)).toEqual([]);
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
