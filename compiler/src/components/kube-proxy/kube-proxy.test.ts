import { describe, expect, it } from "vitest";
import { cidr, ip, model, pod, port, service } from "../../control-plane/testing.ts";
import { printIptablesFile, printSave } from "../../dataplane/netfilter/print.ts";
import { loadRuleset } from "../../dataplane/netfilter/ruleset.ts";
import type { IptablesFile } from "../../dataplane/netfilter/types.ts";
import type { NetworkModel } from "../../model/types.ts";
import { kubeProxy } from "./kube-proxy.ts";
import { clusterCidr, proxyServicePorts } from "./services.ts";

const web = service("web", ["10.96.0.10"], [port(80, { name: "http", targetPort: 8080 })]);
const pods = [pod("a", ["10.244.1.5"]), pod("b", ["10.244.2.9"], { node: "node-b" }), pod("c", ["10.244.2.10"], { node: "node-b" })];

/** Every file that the node loads, in order. */
function filesOf(given: NetworkModel, node = "node-a"): readonly IptablesFile[] {
  const host = given.nodes.find((one) => one.name === node);
  if (host === undefined) throw new Error(`no node ${node}`);
  return [...(kubeProxy.shared(given).iptables ?? []), ...(kubeProxy.local(given, host).iptables ?? [])];
}

function texts(file: IptablesFile | undefined): readonly string[] {
  return file === undefined ? [] : printIptablesFile(file).map((line) => line.text);
}

/** Rules of the built-in chains of a table as `iptables-save` lists them. */
function builtIn(files: readonly IptablesFile[], family: 4 | 6, table: string): readonly string[] {
  const lines = printSave(loadRuleset(family, files)).map((line) => line.text);
  const block = lines.slice(lines.indexOf(`*${table}`));
  return block.slice(0, block.indexOf("COMMIT")).filter((line) => /^-A (INPUT|FORWARD|OUTPUT|PREROUTING|POSTROUTING) /.test(line));
}

describe("the files of a node", () => {
  it("give the built-in chains of a node where kubelet started first", () => {
    const files = filesOf(model({ services: [web], pods }));
    expect(files.map((file) => `${file.owner} ${file.family}`)).toEqual(["kubelet 4", "kube-proxy 4"]);
    expect(builtIn(files, 4, "filter")).toEqual([
      '-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL',
      '-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS',
      '-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES',
      "-A INPUT -j KUBE-FIREWALL",
      '-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL',
      '-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD',
      '-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
      '-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES',
      '-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL',
      '-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
      "-A OUTPUT -j KUBE-FIREWALL",
    ]);
    expect(builtIn(files, 4, "nat")).toEqual([
      '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
      '-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
      '-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
    ]);
  });

  it("hold the localnet rule once, although kubelet and kube-proxy both write it", () => {
    const firewall = loadRuleset(4, filesOf(model({})))
      .tables.get("filter")
      ?.get("KUBE-FIREWALL");
    expect(firewall?.rules.map((rule) => rule.target)).toEqual([{ kind: "drop" }]);
  });

  it("have kubelet's hint and everybody's canaries", () => {
    const tables = loadRuleset(4, filesOf(model({}))).tables;
    expect([...(tables.get("mangle")?.keys() ?? [])].filter((name) => name.startsWith("KUBE"))).toEqual([
      "KUBE-IPTABLES-HINT",
      "KUBE-KUBELET-CANARY",
      "KUBE-PROXY-CANARY",
    ]);
    for (const table of ["nat", "filter"] as const) {
      expect([...(tables.get(table)?.keys() ?? [])].filter((name) => name.endsWith("CANARY"))).toEqual([
        "KUBE-KUBELET-CANARY",
        "KUBE-PROXY-CANARY",
      ]);
    }
  });

  it("exist for each family of the service ranges, and IPv6 has no KUBE-FIREWALL", () => {
    const dual = model({
      serviceCidrs: ["10.96.0.0/16", "fd00:96::/112"],
      pools: ["10.244.0.0/16", "fd00:10::/56"],
      services: [service("web", ["10.96.0.10", "fd00:96::10"], [port(80)])],
      pods: [pod("a", ["10.244.1.5", "fd00:10::5"])],
    });
    const files = filesOf(dual);
    expect(files.map((file) => `${file.owner} ${file.family}`)).toEqual(["kubelet 4", "kubelet 6", "kube-proxy 4", "kube-proxy 6"]);
    expect(builtIn(files, 6, "filter").filter((line) => line.includes("KUBE-FIREWALL"))).toEqual([]);
    const rule = `-A KUBE-SERVICES -m comment --comment "shop/web cluster IP" -m tcp -p tcp -d fd00:96::10 --dport 80 -j ${chainOf(texts(files[2]))}`;
    expect(texts(files[3])).toContain(rule);
  });
});

/** The SVC chain that an IPv4 payload's cluster IP rule leads to: it is the same in both families. */
function chainOf(lines: readonly string[]): string {
  return lines.find((line) => line.includes('cluster IP"') && line.startsWith("-A KUBE-SERVICES"))?.split(" -j ")[1] ?? "";
}

describe("what goes to every node alike", () => {
  it("is everything, as long as no service looks at the node", () => {
    const given = model({ services: [web], pods });
    const [first, second] = given.nodes;
    if (first === undefined || second === undefined) throw new Error("two nodes expected");
    expect([kubeProxy.local(given, first), kubeProxy.local(given, second)]).toEqual([{}, {}]);
  });

  it("is only kubelet's file when one does, and the services that do not still share their lines", () => {
    const local = service("near", ["10.96.0.11"], [port(80)], { internalTrafficPolicy: "Local" });
    const given = model({ services: [local, web], pods });
    expect(kubeProxy.shared(given).iptables?.map((file) => file.owner)).toEqual(["kubelet"]);
    const [onA, onB] = ["node-a", "node-b"].map(
      (name) => filesOf(given, name)[1]?.tables.find((table) => table.name === "nat")?.rules ?? [],
    );
    const endpoints = (rules: typeof onA, name: string): readonly string[] =>
      (rules ?? []).filter((rule) => rule.text.includes(`"shop/${name} -> `)).map((rule) => rule.text.split(/[">]+/)[2]?.trim() ?? "");
    expect(endpoints(onA, "near")).toEqual(["10.244.1.5:80"]);
    expect(endpoints(onB, "near")).toEqual(["10.244.2.10:80", "10.244.2.9:80"]);
    const shared = (onA ?? []).filter((rule) => rule.text.includes("shop/web:http"));
    expect(shared).toHaveLength(1 + 1 + 3 + 6);
    expect(shared.every((rule) => onB?.includes(rule))).toBe(true);
  });

  it("does not include load-balancer ranges, which may hold the node's own address", () => {
    const ranged = service("gw", ["10.96.0.12"], [port(443)], {
      loadBalancerIps: [ip("198.51.100.7")],
      loadBalancerSourceRanges: [cidr("192.168.10.11/32")],
    });
    const given = model({ services: [ranged], pods });
    const own = (node: string): number => texts(filesOf(given, node)[1]).filter((line) => line.includes("-s 198.51.100.7 -j")).length;
    expect([own("node-a"), own("node-b")]).toEqual([1, 0]);
  });
});

describe("what causes a line", () => {
  it("is the proxy for the frame, the service for its own rules, and the pod within the service for its endpoint", () => {
    const lines = printIptablesFile(filesOf(model({ services: [web], pods: pods.slice(0, 1) }))[1] ?? { owner: "", family: 4, tables: [] });
    const cause = (part: string): string | undefined => lines.find((line) => line.text.includes(part))?.origin?.name;
    expect(cause("--or-mark")).toBe("cluster demo · proxy iptables");
    expect(cause("kubernetes service portals")).toBe("cluster demo · proxy iptables");
    expect(cause('"shop/web:http cluster IP"')).toBe("service shop/web");
    expect(cause("--to-destination 10.244.1.5:8080")).toBe("service shop/web · pod shop/a");
    expect(cause('"shop/web:http -> 10.244.1.5:8080"')).toBe("service shop/web · pod shop/a");
    expect(cause(":KUBE-SEP-")).toBe("service shop/web · pod shop/a");
  });
});

describe("the service ports of a model", () => {
  it("are sorted by namespace, name, port name and protocol, without headless and ExternalName services", () => {
    const given = model({
      services: [
        service("web", ["10.96.0.1"], [port(81, { name: "b" }), port(80, { name: "a", protocol: "udp" }), port(80, { name: "a" })]),
        service("dns", ["10.96.0.2"], [port(53)], { namespace: "edge" }),
        service("none", [], [port(80)]),
        service("out", [], [], { type: "ExternalName" }),
      ],
    });
    expect(proxyServicePorts(given, 4).map((one) => `${one.namespace}/${one.name}:${one.portName ?? ""} ${one.protocol}`)).toEqual([
      "edge/dns: tcp",
      "shop/web:a tcp",
      "shop/web:a udp",
      "shop/web:b tcp",
    ]);
  });

  it("have only addresses and ranges of the family", () => {
    const both = service("gw", ["10.96.0.1", "fd00:96::1"], [port(443)], {
      externalIps: [ip("192.0.2.1"), ip("2001:db8::1")],
      loadBalancerIps: [ip("2001:db8::2")],
      loadBalancerSourceRanges: [cidr("203.0.113.0/24"), cidr("2001:db8::/32")],
    });
    const [six] = proxyServicePorts(model({ services: [both] }), 6);
    expect([six?.clusterIp, six?.externalIps, six?.loadBalancerIps, six?.loadBalancerSourceRanges]).toEqual([
      ip("fd00:96::1"),
      [ip("2001:db8::1")],
      [ip("2001:db8::2")],
      [cidr("2001:db8::/32")],
    ]);
  });
});

describe("configuration", () => {
  it("takes the pool as clusterCIDR, or the smallest prefix that covers the family's pools", () => {
    expect(clusterCidr(model({}), 4)).toEqual(cidr("10.244.0.0/16"));
    expect(clusterCidr(model({ pools: ["10.1.0.0/16", "10.2.0.0/16", "fd00:10::/56"] }), 4)).toEqual(cidr("10.0.0.0/14"));
    expect(clusterCidr(model({ pools: ["10.0.0.0/8", "192.168.0.0/16"] }), 4)).toEqual(cidr("0.0.0.0/0"));
    expect(clusterCidr(model({}), 6)).toBeNull();
  });

  it("is a ConfigMap in kube-system", () => {
    const dual = model({ serviceCidrs: ["10.96.0.0/16", "fd00:96::/112"], pools: ["fd00:10::/56", "10.244.0.0/16"] });
    expect(kubeProxy.manifests(dual).map(({ path, body, order }) => ({ path, body, order }))).toEqual([
      {
        path: "kube-system/configmap-kube-proxy.yaml",
        body: {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "kube-proxy", namespace: "kube-system", labels: { app: "kube-proxy" } },
          data: {
            "config.conf":
              "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: iptables\nclusterCIDR: 10.244.0.0/16,fd00:10::/56\ndetectLocalMode: ClusterCIDR\n",
          },
        },
        order: 20,
      },
    ]);
  });

  it("sets the conntrack timeouts, and route_localnet where IPv4 node ports answer on localhost", () => {
    const keys = (given: NetworkModel): readonly string[] =>
      kubeProxy.shared(given).sysctls?.map(({ key, value }) => `${key}=${value}`) ?? [];
    const timeouts = ["net/netfilter/nf_conntrack_tcp_timeout_established=86400", "net/netfilter/nf_conntrack_tcp_timeout_close_wait=3600"];
    expect(keys(model({}))).toEqual(["net/ipv4/conf/all/route_localnet=1", ...timeouts]);
    expect(keys(model({ serviceCidrs: ["fd00:96::/112"] }))).toEqual(timeouts);
  });
});
