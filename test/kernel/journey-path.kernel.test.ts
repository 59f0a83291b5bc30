/** The journey's SYN, rule by rule: what the kernel traced on each node is the simulator's path; the wire shows VXLAN. */
import { readFileSync } from "node:fs";
import { checkSource, defaultSize, everyJourney, labSupport, openLab } from "@knet/compiler";
import type { Compilation, Journey, Lab, LabProbe, TracedPacket } from "@knet/compiler";
import { formatIp, parseIp } from "@knet/language/values";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const support = labSupport();
const noTracing = support.available ? (support.tracing.available ? null : support.tracing.reason) : support.reason;
const client = "pod/namespace001/pod-0";
const sport = 41000;

function compileJourney(): Compilation {
  const text = readFileSync(new URL("../../examples/journey/journey.knet", import.meta.url), "utf8");
  const { compilation } = checkSource("journey.knet", text, null);
  if (compilation === null) throw new Error("examples/journey does not compile");
  return compilation;
}

/** `table CHAIN:number` of every rule that a packet matched on a host, in order; the outer packet apart from the inner. */
function simulatedRules(journey: Journey, host: string, outer: boolean): readonly string[] {
  return journey.request
    .filter((step) => step.host === host && (step.packet.inner !== null) === outer)
    .flatMap((step) => step.matched.map((entry) => `${entry.table} ${entry.chain}:${entry.number}`));
}

/** The kernel also reports the end of a chain, as a rule without a place: that is no match. */
function tracedRules(packets: readonly TracedPacket[], wanted: (packet: TracedPacket) => boolean): readonly string[] {
  const packet = packets.find(wanted);
  return (packet?.steps ?? []).flatMap((step) => (step.kind === "rule" && step.number !== null ? [`${step.table} ${step.chain}:${step.number}`] : []));
}

describe.skipIf(noTracing !== null)(`the path of the journey's SYN${noTracing === null ? "" : ` (skipped: ${noTracing})`}`, () => {
  const compilation = compileJourney();
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab(compilation.fabric, { variant: "nft" });
  });
  afterAll(() => lab.close());

  const service = parseIp("172.16.10.10");
  if (service === null) throw new Error("a literal address parses");
  const journeys = everyJourney(compilation.fabric, {
    from: client,
    src: null,
    dst: service,
    protocol: "tcp",
    dport: 80,
    sport,
    size: defaultSize,
  });

  /** Asks the service until the wanted backend answers, tracing each request. */
  async function traceTo(server: string): Promise<ReadonlyMap<string, readonly TracedPacket[]>> {
    for (let attempt = 0; attempt < 40; attempt++) {
      const probe: LabProbe = {
        id: `${attempt}`,
        from: client,
        to: formatIp(service ?? { family: 4, a: 0, b: 0, c: 0, d: 0 }),
        protocol: "tcp",
        port: 80,
        sport: sport + attempt,
        expectOk: true,
      };
      const { result, hosts } = await lab.trace(probe);
      expect(result.verdict).toBe("ok");
      if (result.server === server) return new Map(hosts.map(({ host, packets }) => [host, packets]));
    }
    throw new Error(`${server} never answered`);
  }

  it("should be the simulator's on both nodes when pod-3 answers, inside the tunnel and around it", async () => {
    const journey = journeys.find((candidate) => candidate.server === "pod/namespace001/pod-3");
    if (journey === undefined) throw new Error("no journey ends at pod-3");
    const traces = await traceTo("pod/namespace001/pod-3");
    const onA = traces.get("node/node-a") ?? [];
    const onB = traces.get("node/node-b") ?? [];
    const isSyn = (packet: TracedPacket): boolean => packet.tcp?.join(" ") === "syn";
    const kernel = {
      "node-a, the request": tracedRules(onA, (packet) => isSyn(packet) && packet.dport === 80),
      "node-a, what carries it": tracedRules(onA, (packet) => packet.dport === 4789 && packet.in === null),
      "node-b, what carries it": tracedRules(onB, (packet) => packet.dport === 4789 && packet.in === "eth0"),
      "node-b, the request": tracedRules(onB, (packet) => isSyn(packet) && packet.dport === 8080),
    };
    expect(kernel).toEqual({
      "node-a, the request": simulatedRules(journey, "node/node-a", false),
      "node-a, what carries it": simulatedRules(journey, "node/node-a", true),
      "node-b, what carries it": simulatedRules(journey, "node/node-b", true),
      "node-b, the request": simulatedRules(journey, "node/node-b", false),
    });
    expect(kernel["node-a, the request"].length).toBeGreaterThan(20);
  });

  it("should be the simulator's when pod-1 on the same node answers", async () => {
    const journey = journeys.find((candidate) => candidate.server === "pod/namespace001/pod-1");
    if (journey === undefined) throw new Error("no journey ends at pod-1");
    const traces = await traceTo("pod/namespace001/pod-1");
    const traced = tracedRules(traces.get("node/node-a") ?? [], (packet) => packet.tcp?.join(" ") === "syn");
    expect(traced).toEqual(simulatedRules(journey, "node/node-a", false));
    expect([...traces.keys()]).toEqual(["node/node-a"]);
  });

  it("should cross the router as UDP 4789 with the pods' addresses inside", async () => {
    const capture = await lab.capture("router/core", "eth0");
    const pod3 = compilation.model.pods.find((pod) => pod.name === "pod-3")?.addresses[0];
    const pod0 = compilation.model.pods.find((pod) => pod.name === "pod-0")?.addresses[0];
    if (pod3 === undefined || pod0 === undefined) throw new Error("the journey has pod-0 and pod-3");
    const [result] = await lab.probe([
      { id: "direct", from: client, to: formatIp(pod3), protocol: "tcp", port: 8080, sport: 42000, expectOk: true },
    ]);
    const packets = await capture.stop();
    expect(result?.verdict).toBe("ok");
    const syn = packets.find((packet) => packet.direction === "in" && packet.frame?.ip?.vxlan?.frame.ip?.dport === 8080);
    const outer = syn?.frame?.ip;
    const inner = outer?.vxlan?.frame.ip;
    if (outer === undefined || outer === null || inner === undefined || inner === null)
      throw new Error("no VXLAN packet crossed the router");
    expect([formatIp(outer.src), formatIp(outer.dst), outer.protocol, outer.dport]).toEqual(["192.168.1.10", "192.168.2.10", 17, 4789]);
    expect([formatIp(inner.src), formatIp(inner.dst), inner.sport, inner.dport]).toEqual([formatIp(pod0), formatIp(pod3), 42000, 8080]);
  });
});
