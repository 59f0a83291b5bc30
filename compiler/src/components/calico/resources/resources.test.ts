import { describe, expect, it } from "vitest";
import type { Manifest } from "../../types.ts";
import type { NetworkModel } from "../../../model/types.ts";
import { calico } from "../component.ts";
import { example, model, pool } from "../testing/model.ts";

function manifest(of: NetworkModel, path: string): Manifest | undefined {
  return calico.manifests(of).find((candidate) => candidate.path === path);
}

describe("objects of the cluster", () => {
  const of = example("vxlan-cross-subnet");

  it("describe pools as projectcalico.org/v3 has them", () => {
    expect(manifest(of, "calico/ippool-pool-0.yaml")).toMatchObject({
      format: "yaml",
      order: 10,
      origin: { name: "pool pool-0" },
      body: {
        apiVersion: "projectcalico.org/v3",
        kind: "IPPool",
        metadata: { name: "pool-0" },
        spec: {
          cidr: "192.168.0.0/16",
          blockSize: 26,
          vxlanMode: "CrossSubnet",
          ipipMode: "Never",
          natOutgoing: true,
          nodeSelector: "all()",
          allowedUses: ["Workload", "Tunnel"],
        },
      },
    });
    expect(manifest(example("vxlan"), "calico/ippool-pool-0.yaml")?.body["spec"]).toMatchObject({ vxlanMode: "Always", ipipMode: "Never" });
  });

  it("configure Felix as its rules were generated", () => {
    expect(manifest(of, "calico/felixconfiguration-default.yaml")?.body).toEqual({
      apiVersion: "projectcalico.org/v3",
      kind: "FelixConfiguration",
      metadata: { name: "default" },
      spec: { defaultEndpointToHostAction: "Accept", ipv6Support: false, vxlanEnabled: true, vxlanPort: 4789, vxlanVNI: 4096 },
    });
    const dual = model({
      pools: [pool("10.10.0.0/16", 26, "vxlan"), pool("fd00:10::/64", 122, "vxlan")],
      subnets: { blue: ["10.0.1.0/24", "fd01::/64"] },
      nodes: { a: "blue 10.0.1.1 fd01::1" },
      vxlanMtu: 1400,
    });
    expect(manifest(dual, "calico/felixconfiguration-default.yaml")?.body["spec"]).toMatchObject({
      ipv6Support: true,
      vxlanMTU: 1400,
      vxlanMTUV6: 1400,
    });
    expect(manifest(dual, "cni/10-calico.conflist")?.body["plugins"]).toMatchObject([
      { ipam: { type: "calico-ipam", assign_ipv4: "true", assign_ipv6: "true" } },
      {},
    ]);
  });

  it("keep the defaults of BGP and address management visible", () => {
    expect(manifest(of, "calico/bgpconfiguration-default.yaml")?.body["spec"]).toEqual({ nodeToNodeMeshEnabled: true, asNumber: 64512 });
    expect(manifest(of, "calico/ipamconfiguration-default.yaml")?.body["spec"]).toEqual({
      strictAffinity: false,
      autoAllocateBlocks: true,
      maxBlocksPerHost: 0,
    });
  });

  it("put one CNI configuration on every node", () => {
    expect(manifest(of, "cni/10-calico.conflist")).toMatchObject({
      format: "json",
      body: {
        name: "k8s-pod-network",
        cniVersion: "1.0.0",
        plugins: [
          {
            type: "calico",
            datastore_type: "kubernetes",
            mtu: 0,
            ipam: { type: "calico-ipam" },
            policy: { type: "k8s" },
            kubernetes: { kubeconfig: "/etc/cni/net.d/calico-kubeconfig" },
          },
          { type: "portmap", snat: true, capabilities: { portMappings: true } },
        ],
      },
    });
  });
});
