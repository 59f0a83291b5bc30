import { describe, expect, it } from "vitest";
import { checkProgram } from "../program/check.ts";
import { inCluster, messages, messagesOf } from "../testing/fixtures.ts";
import { applyEdits } from "../text/edit.ts";

const dns = 'allow egress to pods k8s-app == "kube-dns" in namespace kube-system on 53/udp, 53/tcp';
const pods = '  pod client { labels = { app = "client" } }\n  pod web { labels = { app = "web" }, port http = 8080/tcp }\n';
const space = (...policies: readonly string[]): string => `namespace shop {\n${pods}${policies.map((policy) => `  ${policy}\n`).join("")}}\n`;
const client = (...rules: readonly string[]): string => `policy client { applies to app == "client", ${rules.join(", ")} }`;
const toWeb = 'allow egress to pods app == "web" on http';

describe("egress that forgets DNS", () => {
  it("is none for pods that ask other servers", () => {
    const asking = (settings: string): readonly string[] => messagesOf(space(client(toWeb)).replace('"client" } }', `"client" }, ${settings} }`));
    expect(asking("dns-policy = default")).toEqual([]);
    expect(asking("dns-policy = none, dns-config { nameservers = [192.0.2.53] }")).toEqual([]);
    expect(asking("dns-policy = cluster-first")).toHaveLength(1);
  });

  it("is found, with the protocols that are missing", () => {
    expect(messagesOf(space(client(toWeb)))).toEqual([
      "KN8029 `shop/client` may connect to others but not ask the DNS server: 53/udp and 53/tcp to `kube-dns` is not allowed",
    ]);
    expect(messagesOf(space(client(toWeb, "allow egress to anyone on 53/udp")))).toEqual([
      "KN8029 `shop/client` may connect to others but not ask the DNS server: 53/tcp to `kube-dns` is not allowed",
    ]);
    expect(messagesOf(space(client("allow egress to internet on 443/tcp")))).toHaveLength(1);
  });

  it.each([
    ["by its labels", dns],
    ["by its namespace", "allow egress to namespace kube-system"],
    ["by names of its ports", "allow egress to namespace kube-system on dns, dns-tcp"],
    ["in all namespaces", "allow egress to all pods in all namespaces on 53/udp, 53/tcp"],
    ["to anyone", "allow egress on 53/udp, 53/tcp"],
    ["within a range of ports", "allow egress to anyone on 1..1023/udp, 1..1023/tcp"],
    ["by the pool's range", "allow egress to 10.0.0.0/8 on 53/udp, 53/tcp"],
  ])("is not when the server is allowed %s", (_, rule) => {
    expect(messagesOf(space(client(toWeb, rule)))).toEqual([]);
  });

  it.each([
    ["the service's address", "allow egress to 172.16.0.10 on 53/udp, 53/tcp", ["KN8022", "KN8029"]],
    ["pods of the policy's own namespace", 'allow egress to pods k8s-app == "kube-dns" on 53/udp, 53/tcp', ["KN8001"]],
    ["a range that leaves the pool out", "allow egress to 10.0.0.0/8 except 10.10.0.0/16 on 53/udp, 53/tcp", ["KN8029"]],
    ["the internet", "allow egress to internet on 53/udp, 53/tcp", ["KN8029"]],
  ])("is found when what is allowed is %s, unless that is nothing at all", (_, rule, codes) => {
    expect(checkProgram("t.knet", inCluster(space(client(toWeb, rule)))).diagnostics.map(({ code }) => code).sort()).toEqual(codes);
  });

  it("is repaired by a rule of another policy that selects the pod too", () => {
    expect(messagesOf(space(client(toWeb), `policy dns { applies to all pods, ${dns} }`))).toEqual([]);
  });

  it("is one message for a namespace", () => {
    const many = `namespace shop {\n${pods}  pod b { labels = { app = "b" } }\n  pod c { labels = { app = "c" } }\n  policy deny { applies to all pods, isolates ingress, egress }\n  policy out { applies to app != "web", ${toWeb} }\n  policy api { applies to app == "web", allow egress to internet on 443/tcp }\n}\n`;
    expect(messagesOf(many)).toEqual(["KN8029 4 pods of namespace `shop` may connect to others but not ask the DNS server: 53/udp and 53/tcp to `kube-dns` is not allowed"]);
    const text = inCluster(many);
    expect(messages(applyEdits(text, checkProgram("t.knet", text).diagnostics[0]?.fixes[0]?.edits ?? []))).toEqual([]);
  });

  it("is no matter of pods that may go nowhere, or to fixed addresses, of ingress, and of a node's own network", () => {
    expect(messagesOf(space(client("isolates egress")))).toEqual([]);
    expect(messagesOf(space(client("allow egress to 192.168.1.53 on 443/tcp")))).toEqual([]);
    expect(messagesOf(space(client("allow ingress from all pods")))).toEqual([]);
    expect(messagesOf(space(client(toWeb)).replace('labels = { app = "client" }', 'labels = { app = "client" }, host-network = true'))).toEqual([]);
  });

  it("knows CoreDNS in IPv6 clusters too", () => {
    const six =
      "cluster demo {\n  service-cidr = fd00:16::/112\n  cni calico { pool pods { cidr = fd00:10::/64, encapsulation = vxlan } }\n}\nnetwork dc { subnet blue { cidr = fd00:1::/64 } }\nnode a in blue\n";
    expect(messages(six + space(client(toWeb, "allow egress to fd00:10::/64 on 53/udp, 53/tcp")))).toEqual([]);
    expect(messages(six + space(client(toWeb, "allow egress to 10.0.0.0/8 on 53/udp, 53/tcp")))).toHaveLength(1);
  });
});

describe("a service's port in a policy", () => {
  const service = 'service web { selects app == "web", port 80/tcp -> http }';
  const ingress = (port: string): string => `policy front { applies to app == "web", allow ingress from anyone on ${port} }`;

  it("is found at the pods behind the service, for both directions, and once", () => {
    expect(messagesOf(space(service, ingress("80/tcp")))).toEqual([
      "KN8030 80/tcp is the port of service `shop/web`; its pods listen on 8080/tcp, and that is what policies see",
    ]);
    expect(messagesOf(space(service, client('allow egress to pods app == "web" on 80/tcp', dns)))).toEqual([
      "KN8030 80/tcp is the port of service `shop/web`; its pods listen on 8080/tcp, and that is what policies see",
    ]);
  });

  it("is replaced by the pods' port", () => {
    const text = inCluster(space(service, ingress("80/tcp")));
    expect(applyEdits(text, checkProgram("t.knet", text).diagnostics[0]?.fixes[0]?.edits ?? [])).toBe(inCluster(space(service, ingress("8080/tcp"))));
  });

  it("is fine where the pods listen on it, where no service has it, and in rules about others too", () => {
    expect(messagesOf(space(service, ingress("8080/tcp")))).toEqual([]);
    expect(messagesOf(space('service web { selects app == "web", port 8080/tcp }', ingress("8080/tcp")))).toEqual([]);
    expect(messagesOf(space(service, client("allow egress to anyone on 80/tcp", dns)))).toEqual([]);
    expect(messagesOf(space(service, client('allow egress to pods app == "web", 10.0.0.0/8 on 80/tcp', dns)))).toEqual([]);
    expect(messagesOf(space(service, ingress("81/tcp")))).toEqual(["KN8002 no pod that this rule is about offers `81/tcp`"]);
    expect(messagesOf(space(service, ingress("80/udp")))).toEqual(["KN8002 no pod that this rule is about offers `80/udp`"]);
  });
});
