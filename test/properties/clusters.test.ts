/** Random clusters before the two judges that need no kernel. */
import * as fc from "fast-check";
import { disagreementReport, clusterSketch, compileText, judgeClusters, printSketch, smallerSketches } from "@knet/compiler/testing";
import type { ClusterSketch, JudgedClusters } from "@knet/compiler/testing";
import { checkSource } from "@knet/compiler";
import { beforeAll, describe, expect, it } from "vitest";

const seed = 20261122;

function summary(done: JudgedClusters): string {
  const percent = (part: number, all: number): string => `${((100 * part) / all).toFixed(1)} %`;
  const explained = [...done.unreachable.values()].reduce((sum, count) => sum + count, 0);
  return [
    `seed ${seed}: ${done.clusters} clusters, ${done.flows} flows, ${percent(done.denied, done.flows)} denied, ${done.compared} compared, ${done.open} open`,
    `rules: ${done.rules}, hit ${percent(done.hit, done.rules)}, out of reach ${percent(explained, done.rules)}, left ${percent(done.rules - done.hit - explained, done.rules)}`,
    ...[...done.unreachable].toSorted((x, y) => y[1] - x[1]).map(([reason, count]) => `  ${count} ${reason}`),
  ].join("\n");
}

describe("a drawn cluster", () => {
  const drawn = clusterSketch();

  it("should have something of everything", () => {
    fc.assert(
      fc.property(drawn, (sketch) => {
        const { model } = compileText(printSketch(sketch));
        const rules = model.policies.flatMap((policy) => [...policy.ingress, ...policy.egress]);
        const peers = rules.flatMap((rule) => rule.peers);
        const ports = rules.flatMap((rule) => rule.ports);
        expect({
          nodes: model.nodes.length >= 3,
          subnets: new Set(model.nodes.map((node) => node.subnet)).size >= 2,
          routers: model.routers.length > 0,
          namespaces: new Set(model.pods.filter((pod) => !pod.system).map((pod) => pod.namespace)).size >= 2,
          ingress: model.policies.some((policy) => policy.policyTypes.includes("Ingress")),
          egress: model.policies.some((policy) => policy.policyTypes.includes("Egress")),
          pods: peers.some((peer) => peer.kind === "pods" && peer.podSelector !== null),
          namespacesChosen: peers.some((peer) => peer.kind === "pods" && peer.namespaceSelector !== null),
          ranges: peers.some((peer) => peer.kind === "ipBlock" && peer.except.length > 0),
          portRanges: ports.some((port) => port.endPort !== null),
          namedPorts: ports.some((port) => typeof port.port === "string"),
          nodePorts: model.services.some((service) => service.type === "NodePort"),
          headless: model.services.some((service) => service.headless),
          notReady: model.pods.some((pod) => !pod.ready && !pod.hostNetwork),
          firewalls: model.firewalls.length > 0,
        }).toEqual({
          nodes: true,
          subnets: true,
          routers: true,
          namespaces: true,
          ingress: true,
          egress: true,
          pods: true,
          namespacesChosen: true,
          ranges: true,
          portRanges: true,
          namedPorts: true,
          nodePorts: true,
          headless: true,
          notReady: true,
          firewalls: true,
        });
      }),
      { seed, numRuns: 60 },
    );
  });

  it("should stay a program that the checker accepts while it shrinks", () => {
    const errors = (sketch: ClusterSketch): readonly string[] =>
      checkSource("random.knet", printSketch(sketch), null)
        .diagnostics.filter(({ severity }) => severity === "error")
        .map(({ message }) => message);
    fc.assert(
      fc.property(drawn, fc.array(fc.nat(), { minLength: 5, maxLength: 5 }), (sketch, ways) => {
        let current = sketch;
        for (const way of ways) {
          const smaller = [...smallerSketches(current)];
          current = smaller[way % smaller.length] ?? current;
          expect(errors(current)).toEqual([]);
        }
      }),
      { seed, numRuns: 40 },
    );
  });

  it("should shrink to next to nothing", () => {
    const details = fc.check(
      fc.property(drawn, (sketch) => !printSketch(sketch).includes("policy")),
      { seed, numRuns: 1 },
    );
    const [smallest] = details.counterexample ?? [];
    const namespaces = smallest?.namespaces.filter((namespace) => namespace.policies.length > 0) ?? [];
    expect(
      namespaces.map(({ pods, workloads, services, policies }) => [pods.length + workloads.length + services.length, policies.length]),
    ).toEqual([[0, 1]]);
    expect([smallest?.nodes.length, smallest?.firewalls.length, smallest?.routers.length]).toEqual([1, 0, 0]);
  });
});

describe("150 random clusters", () => {
  let done: JudgedClusters;
  beforeAll(() => {
    done = judgeClusters({ seed, clusters: 150, flows: 280 });
    process.stderr.write(`${summary(done)}\n`);
  }, 300_000);

  it("should end as intended in the simulator, request for request", () => {
    if (done.disagreement !== null) throw new Error(disagreementReport(done.disagreement, seed));
    expect(done.compared).toBeGreaterThan(0.9 * done.flows);
  });

  it("should have at least 30 % of their requests denied", () => {
    expect(done.denied / done.flows).toBeGreaterThanOrEqual(0.3);
    expect(done.denied / done.flows).toBeLessThan(0.7);
  });

  it("should have every rule hit, or a reason why none can be, or a kind that is hit elsewhere", () => {
    const never = [...done.unhit].filter(([kind]) => !done.hitKinds.has(kind));
    const isPolicy = (kind: string): boolean => /^filter cali-p[io]-/.test(kind);
    expect(
      never
        .map(([kind]) => kind)
        .filter((kind) => !isPolicy(kind))
        .toSorted(),
    ).toEqual(neverHit);
    // A rule of a policy may stand behind one that admits more, in few clusters.
    expect(never.filter(([kind]) => isPolicy(kind)).reduce((sum, [, count]) => sum + count, 0)).toBeLessThan(0.001 * done.rules);
  });
});

const neverHit: readonly string[] = [
  // Every forwarded packet comes from a pod or goes to one, and those are accepted or dropped by then.
  "filter FORWARD --jump MARK --set-mark 0x10000/0x10000",
  // Calico's own chain, before this one, accepts all replies.
  "mangle KNET-NODE-FIREWALL -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
];
