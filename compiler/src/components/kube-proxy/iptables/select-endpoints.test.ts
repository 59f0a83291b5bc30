import { describe, expect, it } from "vitest";
import { distinctEndpoints, selectEndpoints } from "./select-endpoints.ts";
import type { ProxyEndpoint, ProxyNode, ProxyServicePort } from "./service-port.ts";
import { endpoint, servicePort } from "./testing.ts";

const nodeA: ProxyNode = { name: "node-a", zone: "z1", ip: null, addresses: [] };

/** The last octets of the chosen endpoints. */
function select(
  endpoints: readonly ProxyEndpoint[],
  more: Partial<ProxyServicePort> = {},
  node: ProxyNode = nodeA,
): Record<string, unknown> {
  const chosen = selectEndpoints(servicePort("ns/s:p", "10.96.0.1", 80, more), distinctEndpoints(endpoints), node);
  const names = (list: typeof chosen.cluster): readonly string[] =>
    list.map(({ text }) => text.replace(/^10\.244\./, "").replace(/:80$/, ""));
  return { cluster: names(chosen.cluster), local: names(chosen.local), reachable: names(chosen.reachable), hasAny: chosen.hasAny };
}

const notReady = { ready: false, serving: false };
const terminating = { ready: false, serving: true, terminating: true };

describe("the endpoints a node uses", () => {
  it("are the ready ones, sorted as text", () => {
    expect(select([endpoint("10.244.2.9:80"), endpoint("10.244.2.10:80"), endpoint("10.244.1.1:80", notReady)])).toEqual({
      cluster: ["2.10", "2.9"],
      local: [],
      reachable: ["2.10", "2.9"],
      hasAny: true,
    });
  });

  it("fall back to those that serve while they terminate, only when none is ready", () => {
    const dying = [endpoint("10.244.2.1:80", terminating), endpoint("10.244.2.2:80", { ...terminating, serving: false })];
    expect(select(dying)).toMatchObject({ cluster: ["2.1"], hasAny: true });
    expect(select([...dying, endpoint("10.244.2.3:80")])).toMatchObject({ cluster: ["2.3"] });
    expect(select([endpoint("10.244.2.1:80", notReady)])).toMatchObject({ cluster: [], hasAny: false });
  });

  it("with the external local policy are all for pods and the local ones for others", () => {
    const both = [endpoint("10.244.1.1:80"), endpoint("10.244.2.1:80")];
    expect(select(both, { externalTrafficPolicy: "Local", nodePort: 30000 })).toMatchObject({
      cluster: ["1.1", "2.1"],
      local: ["1.1"],
      reachable: ["1.1", "2.1"],
    });
    expect(select(both, { externalTrafficPolicy: "Local" })).toMatchObject({ local: [] });
  });

  it("with the internal local policy are the local ones alone, and hasAny still looks at every node", () => {
    expect(select([endpoint("10.244.2.1:80")], { internalTrafficPolicy: "Local" })).toEqual({
      cluster: [],
      local: [],
      reachable: [],
      hasAny: true,
    });
  });

  it("take local terminating endpoints when no local one is ready, and reach both sets", () => {
    expect(
      select([endpoint("10.244.1.1:80", terminating), endpoint("10.244.2.1:80")], { externalTrafficPolicy: "Local", nodePort: 30000 }),
    ).toEqual({
      cluster: ["2.1"],
      local: ["1.1"],
      reachable: ["1.1", "2.1"],
      hasAny: true,
    });
  });

  it("count one address and port once, the one that is not terminating", () => {
    const [only, ...others] = distinctEndpoints([
      endpoint("10.244.2.1:80", terminating),
      endpoint("10.244.2.1:80"),
      endpoint("10.244.2.1:80", terminating),
    ]);
    expect(only?.endpoint.terminating).toBe(false);
    expect(others).toEqual([]);
  });
});

describe("topology hints", () => {
  const zones = (...hints: readonly (readonly string[])[]): readonly ProxyEndpoint[] =>
    hints.map((zoneHints, i) => endpoint(`10.244.2.${i + 1}:80`, { zoneHints }));

  it("keep to the node's zone when every ready endpoint has one and some name it", () => {
    expect(select(zones(["z1"], ["z2"], ["z2", "z1"]))).toMatchObject({ cluster: ["2.1", "2.3"] });
  });

  it("do nothing when one ready endpoint lacks them, when none names the zone, or when the node has no zone", () => {
    expect(select(zones(["z1"], []))).toMatchObject({ cluster: ["2.1", "2.2"] });
    expect(select(zones(["z2"], ["z3"]))).toMatchObject({ cluster: ["2.1", "2.2"] });
    expect(select(zones(["z1"], ["z2"]), {}, { ...nodeA, zone: null })).toMatchObject({ cluster: ["2.1", "2.2"] });
  });

  it("of a not ready endpoint do not count", () => {
    expect(select([...zones(["z1"], ["z2"]), endpoint("10.244.2.9:80", notReady)])).toMatchObject({ cluster: ["2.1"] });
  });

  it("that name nodes go before those that name zones", () => {
    const both = [
      endpoint("10.244.2.1:80", { zoneHints: ["z1"], nodeHints: ["node-b"] }),
      endpoint("10.244.1.2:80", { zoneHints: ["z1"], nodeHints: ["node-a"] }),
    ];
    expect(select(both)).toMatchObject({ cluster: ["1.2"] });
    expect(select(both, {}, { ...nodeA, name: "node-c" })).toMatchObject({ cluster: ["1.2", "2.1"] });
  });

  it("never filter the local set", () => {
    const endpoints = [endpoint("10.244.1.1:80", { zoneHints: ["z2"] }), endpoint("10.244.2.1:80", { zoneHints: ["z1"] })];
    expect(select(endpoints, { externalTrafficPolicy: "Local", nodePort: 30000 })).toMatchObject({
      cluster: ["2.1"],
      local: ["1.1"],
      reachable: ["1.1", "2.1"],
    });
  });
});
