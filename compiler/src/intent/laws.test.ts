/** Laws that hold in every cluster, whatever its policies. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LabelSelector, NetworkModel, NetworkPolicy, Pod, PolicyPeer, PolicyRule } from "../model/types.ts";
import { createIntent } from "./intent.ts";
import { ask, cluster, ends, firewall, ip, origin, pod, pods, policy, rule, service } from "./testing/cluster.ts";

const everyPod: readonly Pod[] = ["a1", "a2", "b1"].flatMap((node, n) =>
  ["x", "y"].flatMap((app, i) =>
    ["one", "two"].map((namespace, j) =>
      pod(`${namespace}/${app}-${node}`, node, `10.10.${n + 1}.${2 * i + j + 1} fd10::${n + 1}:${2 * i + j + 1}`, {
        labels: { app },
        ports: ["http=80/tcp", "53/udp"],
      }),
    ),
  ),
);
const namespaces = { one: { team: "red" }, two: { team: "blue" } };
const services = [
  service("one/x", "172.16.0.11 fd20::11", ["80/tcp:30080 -> http", "53/udp -> 53"]),
  service("two/y", "172.16.0.12 fd20::12", ["80/tcp:30081 -> http"], { externalTrafficPolicy: "Local" }),
];

const selectors = fc.constantFrom<LabelSelector>(
  { requirements: [] },
  { requirements: [{ key: "app", operator: "In", values: ["x"] }] },
  { requirements: [{ key: "app", operator: "NotIn", values: ["x"] }] },
  { requirements: [{ key: "team", operator: "Exists" }] },
);
const selecting: fc.Arbitrary<PolicyPeer> = fc
  .record({ podSelector: fc.option(selectors), namespaceSelector: fc.option(selectors) })
  .map(({ podSelector, namespaceSelector }) => ({ kind: "pods", podSelector, namespaceSelector, origin: origin("peer") }));
const ports = fc.subarray(["80/tcp", "http/tcp", "udp", "1-100/tcp"], { maxLength: 2 });
const rules: fc.Arbitrary<PolicyRule> = fc.tuple(fc.array(selecting, { maxLength: 2 }), ports).map(([peers, on]) => rule(peers, on));
const policies: fc.Arbitrary<NetworkPolicy> = fc
  .record({
    namespace: fc.constantFrom("one", "two"),
    subjects: selectors,
    ingress: fc.option(fc.array(rules, { maxLength: 2 }), { nil: undefined }),
    egress: fc.option(fc.array(rules, { maxLength: 2 }), { nil: undefined }),
  })
  .map(({ namespace, subjects, ingress, egress }) => {
    const rules = { ...(ingress === undefined ? {} : { ingress }), ...(egress === undefined ? {} : { egress }) };
    return Object.assign(policy(`${namespace}/p`, "", rules), { podSelector: subjects });
  });
const senders = fc.constantFrom(
  ...everyPod.map((each) => `pod/${each.namespace}/${each.name}`),
  "node/a1",
  "node/a2",
  "node/b1",
  "external/internet",
);
const targets = fc.constantFrom(
  ...everyPod.map((each) => each.addresses),
  ...services.map((each) => each.clusterIps),
  [ip("192.168.1.11"), ip("fd00:1::11")],
  [ip("192.168.2.11"), ip("fd00:2::11")],
  [ip("203.0.113.10"), ip("2001:db8:9::10")],
);
const requests = fc.constantFrom(
  { protocol: "tcp" as const, port: 80 },
  { protocol: "udp" as const, port: 53 },
  { protocol: "tcp" as const, port: 30080 },
  { protocol: "tcp" as const, port: 30081 },
);
const parameters = { seed: 20261122, numRuns: 200 };

function shape(
  model: NetworkModel,
  from: string,
  dst: ReturnType<typeof ip> | undefined,
  request: { readonly protocol: "tcp" | "udp"; readonly port: number },
): readonly string[] {
  if (dst === undefined) throw new Error("every target has both families");
  const answer = createIntent(model).ask({ from, dst, ...request });
  return answer.outcomes.map(({ kind, server, port }) => `${kind} ${server ?? ""} ${port ?? ""}`).toSorted();
}

describe("in every cluster", () => {
  it("IPv4 and IPv6 end alike, where rules name no addresses", () => {
    fc.assert(
      fc.property(fc.array(policies, { maxLength: 4 }), senders, targets, requests, (chosen, from, target, request) => {
        const model = cluster({
          pods: everyPod,
          namespaces,
          services,
          policies: chosen,
          firewalls: [firewall(["a1", "b1"], "any on 4789/udp 30080/tcp")],
        });
        expect(new Set(shape(model, from, target[1], request))).toEqual(new Set(shape(model, from, target[0], request)));
      }),
      parameters,
    );
  });

  it("one more rule in a policy takes nothing away, and one more isolation adds nothing", () => {
    const reached = (
      chosen: readonly NetworkPolicy[],
      from: string,
      target: readonly ReturnType<typeof ip>[],
      request: Parameters<typeof shape>[3],
    ): ReadonlySet<string> =>
      new Set(
        shape(cluster({ pods: everyPod, namespaces, services, policies: chosen }), from, target[0], request).filter((each) =>
          /^(delivered|refused)/.test(each),
        ),
      );
    fc.assert(
      fc.property(
        fc.array(policies, { minLength: 1, maxLength: 4 }),
        rules,
        senders,
        targets,
        requests,
        (chosen, extra, from, target, request) => {
          const before = reached(chosen, from, target, request);
          const more = chosen.map((each) =>
            Object.assign({}, each, { ingress: [...each.ingress, extra], egress: [...each.egress, extra] }),
          );
          expect([...before].filter((each) => !reached(more, from, target, request).has(each))).toEqual([]);
          const isolated = [...chosen, policy("one/deny", "", { ingress: [], egress: [] })];
          expect([...reached(isolated, from, target, request)].filter((each) => !before.has(each))).toEqual([]);
        },
      ),
      parameters,
    );
  });

  it("the order of policies does not matter", () => {
    fc.assert(
      fc.property(fc.array(policies, { maxLength: 4 }), senders, targets, requests, (chosen, from, target, request) => {
        const model = (order: readonly NetworkPolicy[]): NetworkModel => cluster({ pods: everyPod, namespaces, services, policies: order });
        expect(shape(model(chosen.toReversed()), from, target[0], request)).toEqual(shape(model(chosen), from, target[0], request));
      }),
      parameters,
    );
  });
});

describe("a large cluster", () => {
  it("of 10,000 pods, 100 namespaces and 1,000 policies answers every question alike", () => {
    const many: Pod[] = [];
    const closed: NetworkPolicy[] = [];
    for (let i = 0; i < 10_000; i++) {
      const node = ["a1", "a2", "b1"][i % 3] ?? "a1";
      many.push(
        pod(`n${i % 100}/p${i}`, node, `10.10.${100 + Math.floor(i / 250)}.${(i % 250) + 1}`, {
          labels: { app: `app-${i % 1000}` },
          ports: ["80/tcp"],
        }),
      );
    }
    // app-k of its namespace admits only the next application there, wherever it runs.
    for (let k = 0; k < 1000; k++)
      closed.push(policy(`n${k % 100}/p${k}`, `app=app-${k}`, { ingress: [rule([pods(`app=app-${(k + 100) % 1000}`, "")])] }));
    const model = cluster({ pods: many, policies: closed });
    const intent = createIntent(model);
    const wrong: string[] = [];
    for (let i = 0; i < 10_000; i += 1) {
      const to = many[i];
      const from = many[(i + (i % 2 === 0 ? 100 : 101)) % 10_000];
      const [dst] = to?.addresses ?? [];
      if (to === undefined || from === undefined || dst === undefined) throw new Error("every pod has an address");
      const { outcomes } = intent.ask({ from: `pod/${from.namespace}/${from.name}`, dst, protocol: "tcp", port: 80 });
      const expected = i % 2 === 0 ? "delivered" : "dropped";
      if (outcomes.length !== 1 || outcomes[0]?.kind !== expected)
        wrong.push(`${from.name} → ${to.name}: ${outcomes[0]?.kind ?? "nothing"}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe("an answer", () => {
  it("merges backends that a caller cannot tell apart, in the order of their addresses", () => {
    const twins = [1, 2].map((i) =>
      pod(`one/twin-${i}`, "a1", "192.168.1.11", { labels: { app: "twin" }, hostNetwork: true, ports: ["7000/tcp"] }),
    );
    const model = cluster({ pods: twins, services: [service("one/twin", "172.16.0.30", ["80/tcp -> 7000"])] });
    expect(ask(model, "node/a2", "172.16.0.30", "80/tcp").outcomes).toHaveLength(1);
    expect(ends(model, "node/a2", "172.16.0.30", "80/tcp")).toBe("delivered pod/one/twin-1:7000");
  });
});
