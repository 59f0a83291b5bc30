import { contains, formatIp, parseCidr, parseIp } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import { checkSource } from "../compilation/compilation.ts";
import type { Compilation } from "../compilation/compilation.ts";
import { manifestsOf } from "../components/assemble.ts";
import { validateManifest } from "../components/kubernetes/schemas/validate.ts";

interface Parts {
  readonly pools?: string;
  readonly dns?: string;
  readonly shop?: string;
}

/** Two nodes, one in zone west and one in zone east, and what the parts add. */
function compiled({ pools = "pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan }", dns = "", shop = "" }: Parts): Compilation {
  const { compilation, diagnostics } = checkSource("t.knet", program(pools, dns, shop), null);
  if (compilation === null) throw new Error(diagnostics.map((diagnostic) => diagnostic.message).join("; "));
  return compilation;
}

function program(pools: string, dns: string, shop: string): string {
  return `cluster demo {
  service-cidr = 10.96.0.0/16
  cni calico {
    ${pools}
  }
  dns coredns { ${dns} }
}
network dc {
  subnet lan { cidr = 192.168.1.0/24 }
}
node a in lan { labels = { zone = "west" } }
node b in lan { labels = { zone = "east" } }
namespace shop {
  ${shop}
}
`;
}

/** The manifest of a kind and name; it must be what the API server takes. */
function manifest({ model }: Compilation, kind: string, name: string): unknown {
  const found = manifestsOf(model).find(({ body }) => body["kind"] === kind && JSON.stringify(body["metadata"]).includes(`"name":"${name}"`));
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  expect(validateManifest(found.body)).toEqual([]);
  return found.body["spec"] ?? found.body;
}

/** What node a is told to do, line by line. */
function rulesOf({ fabric }: Compilation): string {
  return fabric.dataplane("node/a").iptables.flatMap(({ tables }) => tables.flatMap(({ rules }) => rules.map(({ text }) => text))).join("\n");
}

/** The first two numbers of an IPv4 address. */
function prefixOf(ips: readonly Ip[]): string {
  return ips.map(formatIp).join(" ").split(".").slice(0, 2).join(".");
}

const web = `pod web { labels = { app = "web" }, port http = 8080/tcp }
  `;

describe("services as manifests and in the model", () => {
  it("print what a load balancer is told", () => {
    const lb = compiled({
      shop: `${web}service web {
    type = load-balancer
    selects app == "web"
    port 80/tcp -> http
    load-balancer-addresses = [203.0.113.10, 203.0.113.11]
    load-balancer-class = "example.com/lb"
    source-ranges = [203.0.113.0/24, 198.51.100.0/24]
    allocate-node-ports = false
    external-traffic-policy = local
    health-check-node-port = 32100
    traffic-distribution = prefer-same-zone
  }`,
    });
    expect(manifest(lb, "Service", "web")).toMatchObject({
      type: "LoadBalancer",
      loadBalancerIP: "203.0.113.10",
      loadBalancerClass: "example.com/lb",
      loadBalancerSourceRanges: ["203.0.113.0/24", "198.51.100.0/24"],
      allocateLoadBalancerNodePorts: false,
      externalTrafficPolicy: "Local",
      healthCheckNodePort: 32100,
      trafficDistribution: "PreferSameZone",
      ports: [{ protocol: "TCP", port: 80, targetPort: "http" }],
    });
  });

  it("give a load balancer node ports, and one for the health check, where nothing else is said", () => {
    const { model, allocation } = compiled({
      shop: `${web}service web { type = load-balancer, selects app == "web", port 80/tcp -> http, external-traffic-policy = local }`,
    });
    const service = model.services.find(({ name }) => name === "web");
    const ports = [service?.ports[0]?.nodePort ?? 0, service?.healthCheckNodePort ?? 0];
    expect(ports.every((port) => port >= 30_000 && port <= 32_767)).toBe(true);
    expect(new Set(ports).size).toBe(2);
    expect([...allocation.nodePorts.keys()]).toEqual(["shop/web:80/tcp", "shop/web:0/tcp"]);
  });

  it("print affinity, external addresses and the internal policy", () => {
    const service = compiled({
      shop: `${web}service web {
    selects app == "web"
    port 80/tcp -> http
    external-ips = 203.0.113.10
    session-affinity = client-ip
    session-timeout = 10m
    internal-traffic-policy = local
  }`,
    });
    expect(manifest(service, "Service", "web")).toMatchObject({
      externalIPs: ["203.0.113.10"],
      sessionAffinity: "ClientIP",
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 600 } },
      internalTrafficPolicy: "Local",
    });
  });

  it("make an alias a CNAME in DNS and nothing on the nodes", () => {
    const alias = compiled({ shop: 'service db { type = external-name, external-name = "db.example.org" }' });
    expect(manifest(alias, "Service", "db")).toEqual({ type: "ExternalName", externalName: "db.example.org" });
    const zone = alias.fabric.dns.find(({ zone: name }) => name === "cluster.local");
    expect(zone?.records.get("db.shop.svc.cluster.local")).toMatchObject([{ type: "CNAME", target: "db.example.org", ttl: 30 }]);
    expect(alias.model.services.find(({ name }) => name === "db")?.clusterIps).toEqual([]);
  });

  it("write endpoints by hand as they stand, joined to the service's ports by name", () => {
    const byHand = compiled({
      shop: `service db {
    port pg = 5432/tcp
    port admin = 8080/tcp
    endpoints db-1 {
      addresses = [10.20.0.5, 10.20.0.6]
      port pg = 5433/tcp
      node = a
      zone = "west"
      hostname = "db"
    }
    endpoints db-2 { addresses = 10.20.0.7, terminating = true }
  }`,
    });
    expect(manifest(byHand, "EndpointSlice", "db-1")).toEqual({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { name: "db-1", namespace: "shop", labels: { "kubernetes.io/service-name": "db" } },
      addressType: "IPv4",
      endpoints: ["10.20.0.5", "10.20.0.6"].map((address) => ({
        addresses: [address],
        conditions: { ready: true, serving: true, terminating: false },
        hostname: "db",
        nodeName: "a",
        zone: "west",
      })),
      ports: [{ name: "pg", port: 5433, protocol: "TCP" }],
    });
    expect(manifest(byHand, "EndpointSlice", "db-2")).toMatchObject({
      endpoints: [{ addresses: ["10.20.0.7"], conditions: { ready: false, serving: true, terminating: true } }],
      ports: [
        { name: "pg", port: 5432, protocol: "TCP" },
        { name: "admin", port: 8080, protocol: "TCP" },
      ],
    });
    expect(manifest(byHand, "Service", "db")).not.toHaveProperty("selector");
    // kube-proxy balances over the ready ones, each with its own port.
    const text = rulesOf(byHand);
    expect(text).toContain("10.20.0.5:5433");
    expect(text).toContain("10.20.0.6:5433");
    expect(text).not.toContain("10.20.0.7:5432");
    // The admin port has only the endpoint that is going away, which still serves.
    expect(text).toContain("10.20.0.7:8080");
  });

  it("have both families without a selector, even in a cluster of one", () => {
    const open = compiled({ shop: "service db { headless = true, endpoints db { addresses = 10.20.0.5 } }" });
    expect(manifest(open, "Service", "db")).toMatchObject({ clusterIP: "None", ipFamilyPolicy: "RequireDualStack", ipFamilies: ["IPv4", "IPv6"] });
  });
});

describe("pods", () => {
  it("look names up as their policy and their own settings say", () => {
    const compilation = compiled({
      dns: "address = 10.96.0.10",
      shop: `pod plain
  pod more { dns-config { nameservers = [10.96.0.10, 192.168.1.53], searches = ["corp.example"], ndots = 2, timeout = 3, rotate = true } }
  pod alone { dns-policy = none, dns-config { nameservers = 192.168.1.53 } }
  pod host { dns-policy = default }`,
    });
    const resolver = (name: string): unknown => {
      const found = compilation.fabric.dataplane(`pod/shop/${name}`).resolver;
      return found === null ? null : [found.nameservers.map(formatIp), found.search, found.ndots];
    };
    const search = ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"];
    expect(resolver("plain")).toEqual([["10.96.0.10"], search, 5]);
    expect(resolver("more")).toEqual([["10.96.0.10", "192.168.1.53"], [...search, "corp.example"], 2]);
    expect(resolver("alone")).toEqual([["192.168.1.53"], [], 1]);
    expect(resolver("host")).toBeNull();
    expect(manifest(compilation, "Pod", "plain")).not.toHaveProperty("dnsPolicy");
    expect(manifest(compilation, "Pod", "more")).toMatchObject({
      dnsConfig: {
        nameservers: ["10.96.0.10", "192.168.1.53"],
        searches: ["corp.example"],
        options: [{ name: "ndots", value: "2" }, { name: "timeout", value: "3" }, { name: "rotate" }],
      },
    });
    expect(manifest(compilation, "Pod", "alone")).toMatchObject({ dnsPolicy: "None", dnsConfig: { nameservers: ["192.168.1.53"] } });
  });

  it("of a workload all have the workload's settings", () => {
    const compilation = compiled({ shop: 'workload api { replicas = 2, dns-policy = none, dns-config { nameservers = 192.168.1.53 } }' });
    expect(manifest(compilation, "Deployment", "api")).toMatchObject({
      template: { spec: { dnsPolicy: "None", dnsConfig: { nameservers: ["192.168.1.53"] } } },
    });
    expect(compilation.fabric.dataplane("pod/shop/api-1").resolver?.nameservers.map(formatIp)).toEqual(["192.168.1.53"]);
  });

  it("that are terminating serve only where a service has nothing else", () => {
    const services = `service web { selects app == "web", port 80/tcp -> http }`;
    const going = `pod going { labels = { app = "web" }, port http = 8080/tcp, terminating = true, address = 10.10.9.9 }
  `;
    const rules = (shop: string): string => rulesOf(compiled({ shop }));
    expect(rules(`${going}${services}`)).toContain("10.10.9.9:8080");
    expect(rules(`${web}${going}${services}`)).not.toContain("10.10.9.9:8080");
  });
});

describe("pools", () => {
  const zones = `pool west { cidr = 10.10.0.0/16, encapsulation = vxlan, node-selector = "zone == 'west'" }
    pool east { cidr = 10.20.0.0/16, encapsulation = vxlan, node-selector = "zone in {'east'}" }`;
  const pods = "pod one on a, pod two on b";

  it("give addresses to the nodes that they select, tunnels included", () => {
    const { model } = compiled({ pools: zones, shop: pods });
    const at = (name: string): string => prefixOf(model.pods.find((pod) => pod.name === name)?.addresses ?? []);
    expect([at("one"), at("two")]).toEqual(["10.10", "10.20"]);
    expect(model.ipam.nodes.map(({ node, tunnels, blocks }) => [node, tunnels.map(({ address }) => prefixOf([address])), blocks.map(({ pool }) => pool)])).toEqual([
      ["a", ["10.10"], ["west"]],
      ["b", ["10.20"], ["east"]],
    ]);
  });

  it.each([
    ["disabled", "disabled = true"],
    ["manual", "assignment-mode = manual"],
    ["for tunnels only", "allowed-uses = tunnel"],
  ])("that are %s give pods nothing unasked", (_, attribute) => {
    const { model } = compiled({
      pools: `pool first { cidr = 10.10.0.0/16, encapsulation = vxlan, ${attribute} }
    pool second { cidr = 10.20.0.0/16, encapsulation = vxlan }`,
      shop: pods,
    });
    expect(model.pods.map((pod) => prefixOf(pod.addresses))).toEqual(model.pods.map(() => "10.20"));
  });

  it("that are manual give what is asked for", () => {
    const { model } = compiled({
      pools: `pool asked { cidr = 10.10.0.0/16, encapsulation = vxlan, assignment-mode = manual }
    pool rest { cidr = 10.20.0.0/16, encapsulation = vxlan }`,
      shop: "pod pinned { address = 10.10.7.7 }",
    });
    expect(model.pods.find(({ name }) => name === "pinned")?.addresses.map(formatIp)).toEqual(["10.10.7.7"]);
  });

  it("for pods only leave the tunnels to another", () => {
    const { model } = compiled({
      pools: `pool apods { cidr = 10.10.0.0/16, encapsulation = vxlan, allowed-uses = workload }
    pool tunnels { cidr = 10.20.0.0/16, encapsulation = vxlan, allowed-uses = tunnel }`,
      shop: pods,
    });
    expect(model.ipam.nodes.flatMap(({ tunnels }) => tunnels.map(({ address }) => prefixOf([address])))).toEqual(["10.20", "10.20"]);
    expect(model.pods.map((pod) => prefixOf(pod.addresses))).toEqual(model.pods.map(() => "10.10"));
  });

  it("that leave a node out are an error, at the node and at each of its pods", () => {
    const { diagnostics } = checkSource("t.knet", program(zones.split("\n")[0] ?? "", "", "pod two on b"), null);
    const messages = diagnostics.map(({ code, message }) => `${code} ${message}`);
    expect(messages).toContain("KN5002 no IPv4 pool gives node b addresses for its tunnel");
    expect(messages).toContain("KN5002 no IPv4 pool gives node b addresses for pods, and pod shop/two runs there");
    expect(new Set(diagnostics.map(({ code }) => code))).toEqual(new Set(["KN5002"]));
  });

  it("stand in Calico's object with all that they say", () => {
    const compilation = compiled({ pools: `${zones}
    pool old { cidr = 10.30.0.0/28, encapsulation = vxlan, disabled = true, allowed-uses = workload, assignment-mode = manual }` });
    expect(manifest(compilation, "IPPool", "east")).toMatchObject({ nodeSelector: "zone in {'east'}", allowedUses: ["Workload", "Tunnel"] });
    expect(manifest(compilation, "IPPool", "old")).toMatchObject({ nodeSelector: "all()", disabled: true, allowedUses: ["Workload"], assignmentMode: "Manual" });
  });
});

describe("the DNS server", () => {
  it("keeps answers as long as it is told, and asks whom it is told", () => {
    const compilation = compiled({ dns: "ttl = 5, cache = 60, upstream = [192.168.1.53, 192.168.1.54], forward \"corp.example\" to [192.168.1.55]" });
    const { data } = manifest(compilation, "ConfigMap", "coredns") as { readonly data: { readonly Corefile: string } };
    expect(data.Corefile).toContain("       ttl 5\n");
    expect(data.Corefile).toContain("    forward . 192.168.1.53 192.168.1.54 {\n");
    expect(data.Corefile).toContain("    cache 60 {\n");
    expect(data.Corefile).toContain("corp.example:53 {\n    errors\n    cache 60\n    forward . 192.168.1.55\n}\n");
    const { dns } = compilation.fabric;
    expect(dns.find(({ zone }) => zone === "cluster.local")?.records.get("kubernetes.default.svc.cluster.local")?.map(({ ttl }) => ttl) ?? []).not.toContain(30);
    expect(dns.find(({ zone }) => zone === "")?.forwardTo.map(formatIp)).toEqual(["192.168.1.53", "192.168.1.54"]);
  });
});

describe("what is checked and not compiled", () => {
  const asked = (purpose: "dataplane" | "judges", parts: Parts): readonly string[] => compiled(parts).unsupported(purpose).map(({ message }) => message.split(" is not")[0] ?? "");
  const base = 'type = load-balancer, selects app == "web", port 80/tcp -> http';

  it.each([
    ["load-balancer-addresses = 203.0.113.10", "`load-balancer-addresses` of service shop/web"],
    ["source-ranges = 203.0.113.0/24", "`source-ranges` of service shop/web"],
    ["external-ips = 203.0.113.10", "`external-ips` of service shop/web"],
    ["session-affinity = client-ip", "`session-affinity` of service shop/web"],
    ["internal-traffic-policy = local", "`internal-traffic-policy` of service shop/web"],
    ["external-traffic-policy = local", "`external-traffic-policy` of service shop/web"],
    ["traffic-distribution = prefer-close", "`traffic-distribution` of service shop/web"],
  ])("%s", (attribute, what) => {
    const parts = { shop: `${web}service web { ${base}, ${attribute} }` };
    expect(asked("dataplane", parts)).toEqual([what]);
    expect(asked("judges", parts)).toEqual([what]);
  });

  it("nothing of a service that says its defaults", () => {
    const defaults = "session-affinity = none, internal-traffic-policy = cluster, external-traffic-policy = cluster, source-ranges = [], external-ips = []";
    expect(asked("judges", { shop: `${web}service web { ${base}, ${defaults} }` })).toEqual([]);
  });

  it("the cache on every node", () => {
    expect(asked("dataplane", { dns: "node-local = 169.254.20.10" })).toEqual(["`node-local` of dns coredns"]);
  });

  it("for the judges, who listens at endpoints by hand", () => {
    const parts = { shop: "service db { port 5432/tcp, endpoints db { addresses = 10.20.0.5 } }" };
    expect(asked("dataplane", parts)).toEqual([]);
    expect(asked("judges", parts)).toEqual(["`endpoints` of service shop/db"]);
  });
});

describe("policies of the cluster as manifests", () => {
  const tiers = (policies: string): Compilation => compiled({ shop: `${web}}\n${policies}\nnamespace other {` });

  it("are ClusterNetworkPolicies with a tier, whose ports and parties the API takes", () => {
    const both = tiers(`admin-policy guard {
  priority = 10
  applies to pods app == "web" in namespace shop
  allow "metrics" ingress from pods app == "web" and has tier in namespaces team in ["a", "b"], all namespaces on http, 8080/tcp, 9000..9100/udp, sctp
  pass egress to namespace other
  deny egress to 10.0.0.0/8, nodes, node a, fd00::/8
}
baseline-policy closed { priority = 0, applies to all namespaces, deny ingress from all namespaces }`);
    expect(manifest(both, "ClusterNetworkPolicy", "guard")).toEqual({
      tier: "Admin",
      priority: 10,
      subject: { pods: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "shop" } }, podSelector: { matchLabels: { app: "web" } } } },
      ingress: [
        {
          name: "metrics",
          action: "Accept",
          from: [
            {
              pods: {
                namespaceSelector: { matchExpressions: [{ key: "team", operator: "In", values: ["a", "b"] }] },
                podSelector: { matchLabels: { app: "web" }, matchExpressions: [{ key: "tier", operator: "Exists" }] },
              },
            },
            { namespaces: {} },
          ],
          protocols: [
            { destinationNamedPort: "http" },
            { tcp: { destinationPort: { number: 8080 } } },
            { udp: { destinationPort: { range: { start: 9000, end: 9100 } } } },
            { sctp: { destinationPort: { range: { start: 1, end: 65_535 } } } },
          ],
        },
      ],
      egress: [
        { action: "Pass", to: [{ namespaces: { matchLabels: { "kubernetes.io/metadata.name": "other" } } }] },
        {
          action: "Deny",
          to: [{ nodes: {} }, { nodes: { matchLabels: { "kubernetes.io/hostname": "a" } } }, { networks: ["10.0.0.0/8", "fd00::/8"] }],
        },
      ],
    });
    expect(manifest(both, "ClusterNetworkPolicy", "closed")).toEqual({
      tier: "Baseline",
      priority: 0,
      subject: { namespaces: {} },
      ingress: [{ action: "Deny", from: [{ namespaces: {} }] }],
    });
    expect(both.unsupported("dataplane").map(({ code }) => code)).toEqual(["KN6001", "KN6001"]);
  });

  it("name the internet by every range outside the cluster's own, 25 to a party", () => {
    const out = tiers("admin-policy shut { priority = 1, applies to all namespaces, deny egress to internet }");
    const { egress } = manifest(out, "ClusterNetworkPolicy", "shut") as { readonly egress: readonly { readonly to: readonly { readonly networks: readonly string[] }[] }[] };
    const parties = egress.flatMap(({ to }) => to.map(({ networks }) => networks));
    expect(parties.slice(0, -1).every((networks) => networks.length === 25)).toBe(true);
    const ranges = parties.flat().map((text) => parseCidr(text)).filter((cidr) => cidr !== null);
    const isOutside = (text: string): boolean => ranges.some((cidr) => contains(cidr, parseIp(text) ?? { family: 6, a: 0, b: 0, c: 0, d: 0 }));
    // The pool, the service range and the subnet, with the addresses next to them.
    const told = ["10.9.255.255", "10.10.0.0", "10.10.255.255", "10.11.0.0", "10.95.255.255", "10.96.0.0", "10.97.0.0", "192.168.0.255", "192.168.1.0", "192.168.1.255", "192.168.2.0", "0.0.0.0", "255.255.255.255"];
    expect(told.filter(isOutside)).toEqual(["10.9.255.255", "10.11.0.0", "10.95.255.255", "10.97.0.0", "192.168.0.255", "192.168.2.0", "0.0.0.0", "255.255.255.255"]);
    // All of IPv4 less two /16 and one /24, each address once.
    expect(ranges.reduce((sum, cidr) => sum + 2 ** (32 - cidr.prefix), 0)).toBe(2 ** 32 - 2 * 2 ** 16 - 2 ** 8);
  });
});
