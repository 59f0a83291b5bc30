import { describe, expect, it } from "vitest";
import { endpointSlices } from "./endpoint-slices.ts";
import { ip, model, pod, port, service } from "./testing.ts";

describe("EndpointSlices of a cluster that has none yet", () => {
  it("have the controller's shape and labels", () => {
    const given = model({
      services: [service("web", ["10.96.0.1"], [port(80, { name: "http", targetPort: 8080 })])],
      pods: [pod("b", ["10.244.0.2"], { ready: false }), pod("a", ["10.244.0.1"])],
    });
    const [slice, ...others] = endpointSlices(given);
    expect(others).toEqual([]);
    expect(slice).toEqual({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: {
        name: expect.stringMatching(/^web-[bcdfghjklmnpqrstvwxz2456789]{5}$/),
        namespace: "shop",
        labels: { "kubernetes.io/service-name": "web", "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io" },
      },
      addressType: "IPv4",
      endpoints: [
        {
          addresses: ["10.244.0.1"],
          conditions: { ready: true, serving: true, terminating: false },
          nodeName: "node-a",
          zone: "z1",
          targetRef: { kind: "Pod", namespace: "shop", name: "a" },
        },
        {
          addresses: ["10.244.0.2"],
          conditions: { ready: false, serving: false, terminating: false },
          nodeName: "node-a",
          zone: "z1",
          targetRef: { kind: "Pod", namespace: "shop", name: "b" },
        },
      ],
      ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    });
  });

  it("hold at most 100 endpoints: 250 pods give 100, 100 and 50, each slice under a name of its own", () => {
    const pods = Array.from({ length: 250 }, (_, i) => pod(`p${i}`, [`10.244.0.${i}`]));
    const slices = endpointSlices(model({ services: [service("web", ["10.96.0.1"], [port(80)])], pods }));
    expect(slices.map((slice) => slice.endpoints.length)).toEqual([100, 100, 50]);
    expect(new Set(slices.map((slice) => slice.metadata.name)).size).toBe(3);
  });

  it("are split by what named ports resolve to, and a pod that lacks the port stands in a slice without it", () => {
    const http = (number: number) => [{ name: "http", port: number, protocol: "tcp", origin: { name: "http", span: null } }] as const;
    const slices = endpointSlices(
      model({
        services: [service("web", ["10.96.0.1"], [port(80, { targetPort: "http" }), port(81)])],
        pods: [
          pod("a", ["10.244.0.1"], { ports: http(8080) }),
          pod("b", ["10.244.0.2"], { ports: http(9090) }),
          pod("c", ["10.244.0.3"]),
          pod("d", ["10.244.0.4"], { ports: http(8080) }),
        ],
      }),
    );
    const summary = slices.map((slice) => [slice.ports.map((one) => one.port), slice.endpoints.map((one) => one.targetRef?.name)]);
    expect(summary).toEqual([
      [
        [8080, 81],
        ["a", "d"],
      ],
      [[81], ["c"]],
      [[9090, 81], ["b"]],
    ]);
  });

  it("are one placeholder per family for a service without endpoints", () => {
    const slices = endpointSlices(
      model({ serviceCidrs: ["10.96.0.0/16", "fd00:96::/112"], services: [service("web", ["10.96.0.1", "fd00:96::1"], [port(80)])] }),
    );
    expect(slices.map(({ addressType, endpoints, ports }) => ({ addressType, endpoints, ports }))).toEqual([
      { addressType: "IPv4", endpoints: [], ports: [] },
      { addressType: "IPv6", endpoints: [], ports: [] },
    ]);
    expect(new Set(slices.map((slice) => slice.metadata.name)).size).toBe(2);
  });

  it("are marked when the service is headless", () => {
    const [slice] = endpointSlices(
      model({ services: [service("web", [], [])], pods: [pod("a", ["10.244.0.1"], { hostname: "a", subdomain: "web" })] }),
    );
    expect(slice?.metadata.labels["service.kubernetes.io/headless"]).toBe("");
    expect([slice?.ports, slice?.endpoints[0]?.hostname]).toEqual([[], "a"]);
  });

  it("of the API server carry the service's name and no controller", () => {
    const kubernetes = service("kubernetes", ["10.96.0.1"], [port(443, { name: "https", targetPort: 6443 })], {
      namespace: "default",
      selector: null,
      manualEndpoints: [ip("192.168.10.11")],
    });
    expect(endpointSlices(model({ services: [kubernetes] }))).toEqual([
      {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: { name: "kubernetes", namespace: "default", labels: { "kubernetes.io/service-name": "kubernetes" } },
        addressType: "IPv4",
        endpoints: [{ addresses: ["192.168.10.11"], conditions: { ready: true, serving: true, terminating: false } }],
        ports: [{ name: "https", port: 6443, protocol: "TCP" }],
      },
    ]);
  });

  it("cut the prefix of a long name so that the name stays within 63 characters", () => {
    const [slice] = endpointSlices(model({ services: [service("x".repeat(63), ["10.96.0.1"], [port(80)])] }));
    expect(slice?.metadata.name).toMatch(/^x{58}[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });
});
