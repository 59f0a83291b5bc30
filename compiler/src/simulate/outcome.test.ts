import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkSource } from "../compilation/compilation.ts";
import { cidr, ip, link, origin, route } from "../dataplane/dump/testing.ts";
import type { Route } from "../dataplane/routing/types.ts";
import { emptyDataplane } from "../dataplane/types.ts";
import type { Dataplane } from "../dataplane/types.ts";
import type { Fabric, Host } from "../fabric/types.ts";
import { defaultSize, defaultSourcePort, everyJourney } from "./journey.ts";
import type { Journey } from "./steps.ts";

const never = (): never => {
  throw new Error("the fabric has more than that");
};

/** A machine `a` with 192.168.1.10/24 and fd00:1::10/64, and these routes beside its own. */
function alone(routes: readonly Route[]): Fabric {
  const host: Host = { id: "node/a", kind: "node", name: "a", parent: null, sharesParent: false, origin };
  const owned = { link: "eth0", owner: "os", origin };
  const dataplane: Dataplane = {
    ...emptyDataplane,
    links: [link("lo", { type: "loopback" }), link("eth0", { type: "physical" })],
    addresses: [
      { ...owned, address: cidr("192.168.1.10/24") },
      { ...owned, address: cidr("fd00:1::10/64") },
    ],
    routes,
  };
  return { hosts: [host], segments: [], listeners: [], dns: [], host: (id) => (id === host.id ? host : undefined), dataplane: (id) => (id === host.id ? dataplane : never()) };
}

function ask(fabric: Fabric, from: string, to: string, port = 80, size = defaultSize): readonly Journey[] {
  return everyJourney(fabric, { from, src: null, dst: ip(to), protocol: size > defaultSize ? "udp" : "tcp", dport: port, sport: defaultSourcePort, size });
}

const told = (journeys: readonly Journey[]): readonly string[] => journeys.flatMap(({ request }) => request.map(({ outcome, did }) => `${outcome}: ${did}`));

describe("a request that its own sender cannot send", () => {
  it.each([
    ["192.168.1.10", "10.9.9.9", "10.0.0.0/8"],
    ["fd00:1::10", "fd00:9::9", "fd00:9::/32"],
  ])("should stop at the route that refuses it (%s)", (own, to, prefix) => {
    const sends = `passed: sends TCP ${own.includes(":") ? `[${own}]` : own}:40000 → ${to.includes(":") ? `[${to}]` : to}:80`;
    const words = (type: Route["type"]): readonly string[] => told(ask(alone([route(prefix, { type })]), "node/a", to));
    expect(words("unreachable")).toEqual([sends, `stopped: refuses it: ${to} is routed as unreachable`]);
    expect(words("prohibit")).toEqual([sends, `stopped: refuses it: ${to} is routed as prohibited`]);
    expect(words("blackhole")).toEqual([sends, `stopped: drops it: ${to} is routed to a blackhole`]);
  });

  it("should stop without a route at all", () => {
    expect(told(ask(alone([]), "node/a", "10.9.9.9"))).toEqual(["stopped: has no route to 10.9.9.9"]);
    expect(told(ask(alone([]), "node/a", "fd00:9::9"))).toEqual(["stopped: has no route to fd00:9::9"]);
  });
});

describe("the steps of the journey", () => {
  const text = readFileSync(new URL("../../../examples/journey/journey.knet", import.meta.url), "utf8");
  const { compilation } = checkSource("journey.knet", text, null);
  if (compilation === null) throw new Error("the journey does not compile");
  const { fabric, model } = compilation;
  const senders = fabric.hosts.filter((host) => !host.sharesParent && host.kind !== "router").map((host) => host.id);
  const pods = model.pods.flatMap((pod) => pod.addresses);
  const services = model.services.flatMap((service) => service.clusterIps);
  const nodes = model.nodes.flatMap((node) => node.addresses);
  // An address in a block that no pod has, one that nobody on a subnet has, and one without a route.
  const nobody = ["10.10.174.180", "192.168.2.99", "10.99.0.1"].map(ip);

  it("should hold a stop exactly when the request does not arrive, first where it ended", () => {
    let stopped = 0;
    for (const from of senders) {
      for (const dst of [...pods, ...services, ...nodes, ...nobody]) {
        for (const [protocol, port, size] of [["tcp", 80, defaultSize], ["tcp", 8080, defaultSize], ["udp", 53, 1460]] as const) {
          for (const journey of everyJourney(fabric, { from, src: null, dst, protocol, dport: port, sport: defaultSourcePort, size })) {
            const stop = journey.request.find((step) => step.outcome === "stopped");
            expect([from, dst, port, stop?.host]).toEqual([from, dst, port, journey.requestEnd.kind === "delivered" ? undefined : journey.requestEnd.host]);
            if (stop !== undefined) stopped++;
          }
        }
      }
    }
    expect(stopped).toBeGreaterThan(50);
  });

  it("should call translating, wrapping and unwrapping a change, and name both ends of a wire", () => {
    const journey = ask(fabric, "pod/namespace001/pod-0", "172.16.10.10").find(({ server }) => server === "pod/namespace001/pod-3");
    expect(journey?.request.filter((step) => step.outcome === "changed").map((step) => `${step.host} ${step.layer}`)).toEqual([
      "node/node-a nat",
      "node/node-a encapsulate",
      "node/node-b decapsulate",
    ]);
    expect(journey?.request.filter((step) => step.layer === "wire").map((step) => step.did)).toEqual([
      "veth of namespace001/pod-0: namespace001/pod-0 → node-a",
      "subnet blue: node-a → core",
      "subnet green: core → node-b",
      "veth of namespace001/pod-3: node-b → namespace001/pod-3",
    ]);
  });
});
