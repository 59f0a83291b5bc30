import { formatIp } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import type { Family } from "@knet/language/values";
import type { NetworkModel } from "../model/types.ts";
import { endpointsOf } from "./endpoints.ts";
import { ip, model, pod, port, service } from "./testing.ts";

/** `ip:port` and the pod of every endpoint of the first service's n-th port. */
function listed(given: NetworkModel, family: Family = 4, n = 0): readonly string[] {
  const [first] = given.services;
  const servicePort = first?.ports[n];
  if (first === undefined || servicePort === undefined) throw new Error("the model has no such port");
  return endpointsOf(given)
    .of(first, servicePort, family)
    .map((endpoint) => `${formatIp(endpoint.ip)}:${endpoint.port} ${endpoint.pod}`);
}

const http = { name: "http", port: 8080, protocol: "tcp", origin: { name: "http", span: null } } as const;

describe("the endpoints of a service port", () => {
  it("are the selected pods of its namespace, in byte order of address and port", () => {
    const given = model({
      services: [service("web", ["10.96.0.1"], [port(80, { targetPort: 8080 })])],
      pods: [
        pod("a", ["10.244.2.9"]),
        pod("b", ["10.244.2.10"]),
        pod("other", ["10.244.2.11"], { labels: { app: "db" } }),
        pod("elsewhere", ["10.244.2.12"], { namespace: "edge" }),
        pod("c", ["10.244.2.1"], { labels: { app: "web", tier: "x" } }),
      ],
    });
    expect(listed(given)).toEqual(["10.244.2.10:8080 shop/b", "10.244.2.1:8080 shop/c", "10.244.2.9:8080 shop/a"]);
  });

  it("match every label of the selector", () => {
    const given = model({
      services: [service("web", ["10.96.0.1"], [port(80)], { selector: { app: "web", tier: "front" } })],
      pods: [
        pod("a", ["10.244.0.1"], { labels: { app: "web", tier: "front" } }),
        pod("b", ["10.244.0.2"]),
        pod("c", ["10.244.0.3"], { labels: { tier: "front" } }),
      ],
    });
    expect(listed(given)).toEqual(["10.244.0.1:80 shop/a"]);
  });

  it("take a named target port from each pod, by name and protocol", () => {
    const given = model({
      services: [service("web", ["10.96.0.1"], [port(80, { targetPort: "http" })])],
      pods: [
        pod("old", ["10.244.0.1"], { ports: [http] }),
        pod("new", ["10.244.0.2"], { ports: [{ ...http, port: 9090 }] }),
        pod("udp", ["10.244.0.3"], { ports: [{ ...http, protocol: "udp" }] }),
        pod("none", ["10.244.0.4"]),
      ],
    });
    expect(listed(given)).toEqual(["10.244.0.1:8080 shop/old", "10.244.0.2:9090 shop/new"]);
  });

  it("exist per family, and a pod without an address of the family has none", () => {
    const given = model({
      serviceCidrs: ["10.96.0.0/16", "fd00:96::/112"],
      services: [service("web", ["10.96.0.1", "fd00:96::1"], [port(80)])],
      pods: [pod("both", ["10.244.0.1", "fd00:10::1"]), pod("four", ["10.244.0.2"])],
    });
    expect(listed(given, 4)).toEqual(["10.244.0.1:80 shop/both", "10.244.0.2:80 shop/four"]);
    expect(listed(given, 6)).toEqual(["fd00:10::1:80 shop/both"]);
  });

  it("of a service without a selector are those written by hand, on no node", () => {
    const kubernetes = service("kubernetes", ["10.96.0.1"], [port(443, { name: "https", targetPort: 6443 })], {
      namespace: "default",
      selector: null,
      manualEndpoints: [ip("192.168.10.11")],
    });
    const given = model({ services: [kubernetes], pods: [pod("a", ["10.244.0.1"], { namespace: "default" })] });
    expect(endpointsOf(given).services.get("default/kubernetes")?.[0]?.ports[0]?.endpoints).toEqual([
      {
        ip: ip("192.168.10.11"),
        port: 6443,
        node: null,
        zone: null,
        pod: null,
        hostname: null,
        ready: true,
        serving: true,
        terminating: false,
        origin: kubernetes.origin,
      },
    ]);
  });

  it("of an empty selector are none, as the API server drops it", () => {
    expect(
      listed(model({ services: [service("web", ["10.96.0.1"], [port(80)], { selector: {} })], pods: [pod("a", ["10.244.0.1"])] })),
    ).toEqual([]);
  });

  it("carry zone and node, and the hostname only below the service's own name", () => {
    const web = service("web", [], [port(80)]);
    const given = model({
      services: [web],
      pods: [
        pod("a", ["10.244.0.1"], { hostname: "a", subdomain: "web" }),
        pod("b", ["10.244.0.2"], { hostname: "b", subdomain: "db", node: "node-b" }),
      ],
    });
    expect(
      endpointsOf(given)
        .services.get("shop/web")?.[0]
        ?.addresses.map(({ node, zone, hostname }) => [node, zone, hostname]),
    ).toEqual([
      ["node-a", "z1", "a"],
      ["node-b", "z2", null],
    ]);
  });
});

describe("the conditions of an endpoint", () => {
  const conditions = (publishNotReady: boolean): readonly (readonly boolean[])[] => {
    const given = model({
      services: [service("web", ["10.96.0.1"], [port(80)], { publishNotReady })],
      pods: [
        pod("1", ["10.244.0.1"]),
        pod("2", ["10.244.0.2"], { ready: false }),
        pod("3", ["10.244.0.3"], { terminating: true }),
        pod("4", ["10.244.0.4"], { node: "gone" }),
      ],
    });
    return (
      endpointsOf(given)
        .services.get("shop/web")?.[0]
        ?.addresses.map((one) => [one.ready, one.serving, one.terminating]) ?? []
    );
  };

  it("follow the pod, and a pod whose node is gone is not there", () => {
    expect(conditions(false)).toEqual([
      [true, true, false],
      [false, false, false],
      [false, true, true],
    ]);
  });

  it("are ready throughout when the service publishes what is not ready", () => {
    expect(conditions(true)).toEqual([
      [true, true, false],
      [true, false, false],
      [true, true, true],
      [true, true, false],
    ]);
  });
});

describe("services without cluster IPs", () => {
  it("have endpoints in the families of the service ranges, also without ports", () => {
    const given = model({
      serviceCidrs: ["fd00:96::/112", "10.96.0.0/16"],
      services: [service("web", [], [])],
      pods: [pod("a", ["10.244.0.1", "fd00:10::1"])],
    });
    const families = endpointsOf(given).services.get("shop/web") ?? [];
    expect(families.map(({ family, addresses, ports }) => [family, addresses.map((one) => formatIp(one.ip)), ports])).toEqual([
      [6, ["fd00:10::1"], []],
      [4, ["10.244.0.1"], []],
    ]);
  });

  it("of type ExternalName have none", () => {
    expect([...endpointsOf(model({ services: [service("out", [], [], { type: "ExternalName" })] })).services.keys()]).toEqual([]);
  });
});

describe("at scale", () => {
  it("10,000 services over 150,000 pods are joined through their labels, not by trying every pair", () => {
    const pods = Array.from({ length: 150_000 }, (_, i) =>
      pod(`p${i}`, [`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`], { labels: { app: `a${i % 10_000}`, tier: "web" } }),
    );
    const services = Array.from({ length: 10_000 }, (_, i) =>
      service(`s${i}`, [`10.96.${i >> 8}.${i & 255}`], [port(80)], { selector: { tier: "web", app: `a${i}` } }),
    );
    const started = performance.now();
    const { services: all } = endpointsOf(model({ pods, services }));
    expect([...all.values()].every(([family]) => family?.ports[0]?.endpoints.length === 15)).toBe(true);
    expect(performance.now() - started).toBeLessThan(15_000);
  });
});
