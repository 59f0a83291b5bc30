import { describe, expect, it } from "vitest";
import { ip, model, origin, port, service } from "../../control-plane/testing.ts";
import type { DnsForward, NetworkModel } from "../../model/types.ts";
import { validateManifest } from "../kubernetes/schemas/validate.ts";
import { corefile } from "./corefile.ts";
import { coredns } from "./coredns.ts";
import { corednsImage } from "./facts.ts";

function given(forwards: readonly DnsForward[] = [], domain = "cluster.local"): NetworkModel {
  const dns = service(
    "kube-dns",
    ["10.96.0.10"],
    [port(53, { name: "dns", protocol: "udp" }), port(53, { name: "dns-tcp" }), port(9153, { name: "metrics" })],
    {
      namespace: "kube-system",
      selector: { "k8s-app": "kube-dns" },
      system: true,
    },
  );
  const base = model({ services: [dns] });
  return { ...base, cluster: { ...base.cluster, domain, dns: { ...base.cluster.dns, forwards } } };
}

function forward(zone: string, ...servers: readonly string[]): DnsForward {
  return { zone, servers: servers.map(ip), origin: origin(`forward ${zone}`) };
}

describe("the Corefile", () => {
  it("is kubeadm's for the cluster's domain", () => {
    expect(corefile(given([], "k8s.example"))).toBe(`.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes k8s.example in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success k8s.example
       disable denial k8s.example
    }
    loop
    reload
    loadbalance
}
`);
  });

  it("has a server block for each forwarded zone, and one only for a zone that is forwarded twice", () => {
    const text = corefile(
      given([
        forward("corp.example", "10.20.0.53"),
        forward("lab.example.", "fd00::53"),
        forward("corp.example", "10.20.0.54", "10.20.0.53"),
      ]),
    );
    expect(text.slice(text.indexOf("corp.example:53"))).toBe(`corp.example:53 {
    errors
    cache 30
    forward . 10.20.0.53 10.20.0.54
}
lab.example:53 {
    errors
    cache 30
    forward . fd00::53
}
`);
  });

  it("takes a forward of the root in place of the node's resolver", () => {
    const text = corefile(given([forward(".", "9.9.9.9", "1.1.1.1")]));
    expect(text).toContain("    forward . 9.9.9.9 1.1.1.1 {\n");
    expect(text.match(/:53 \{/g)).toHaveLength(1);
  });
});

describe("the add-on", () => {
  const manifests = coredns.manifests(given());
  const find = (kind: string): Readonly<Record<string, unknown>> =>
    manifests.find((manifest) => manifest.body["kind"] === kind)?.body ?? {};

  it("is the objects that kubeadm applies, each of the right shape", () => {
    expect(manifests.map((manifest) => manifest.path)).toEqual([
      "kube-system/serviceaccount-coredns.yaml",
      "kube-system/clusterrole-system-coredns.yaml",
      "kube-system/clusterrolebinding-system-coredns.yaml",
      "kube-system/configmap-coredns.yaml",
      "kube-system/deployment-coredns.yaml",
      "kube-system/service-kube-dns.yaml",
    ]);
    for (const manifest of manifests) expect(validateManifest(manifest.body), manifest.path).toEqual([]);
  });

  it("runs two replicas of the Kubernetes version's CoreDNS with the node's resolver", () => {
    expect(find("Deployment")).toMatchObject({
      spec: {
        replicas: 2,
        selector: { matchLabels: { "k8s-app": "kube-dns" } },
        template: {
          spec: { dnsPolicy: "Default", serviceAccountName: "coredns", containers: [{ image: "registry.k8s.io/coredns/coredns:v1.12.1" }] },
        },
      },
    });
  });

  it("is reached through kube-dns at the cluster's DNS address", () => {
    expect(find("Service")).toMatchObject({
      metadata: { name: "kube-dns", namespace: "kube-system", labels: { "k8s-app": "kube-dns" } },
      spec: {
        clusterIP: "10.96.0.10",
        selector: { "k8s-app": "kube-dns" },
        ports: [
          { name: "dns", protocol: "UDP", port: 53, targetPort: 53 },
          { name: "dns-tcp", protocol: "TCP", port: 53, targetPort: 53 },
          { name: "metrics", protocol: "TCP", port: 9153, targetPort: 9153 },
        ],
      },
    });
  });

  it("may watch what its plugin needs, and carries the Corefile", () => {
    expect(find("ClusterRole")).toMatchObject({
      rules: [
        { apiGroups: [""], resources: ["endpoints", "services", "pods", "namespaces"], verbs: ["list", "watch"] },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
      ],
    });
    expect(find("ConfigMap")["data"]).toEqual({ Corefile: corefile(given()) });
  });

  it("refuses a Kubernetes version that nobody described", () => {
    expect(() => corednsImage("1.2")).toThrow("no CoreDNS version is known for Kubernetes 1.2");
  });
});
