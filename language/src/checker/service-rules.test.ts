import { describe, expect, it } from "vitest";
import { messagesOf } from "../testing/fixtures.ts";

const pod = 'pod web { labels = { app = "web" }, port http = 8080/tcp }';
const dualStack = `
cluster demo {
  service-cidr = [172.16.0.0/16, fd00:16::/112]
  cni calico {
    pool four { cidr = 10.10.0.0/16, encapsulation = vxlan }
    pool six { cidr = fd00:10::/64, encapsulation = vxlan }
  }
}
`;

/** What is said about a service of namespace `shop` with a pod that it may select. */
function about(members: string, rest = ""): readonly string[] {
  return messagesOf(`${rest}namespace shop { ${pod}, service web { ${members} } }`);
}

const selects = 'selects app == "web"';
const port = "port 80/tcp -> http";

describe("services that the API server takes", () => {
  it.each([
    ["a load balancer with everything that only it has", `type = load-balancer, ${selects}, ${port}, load-balancer-addresses = [203.0.113.10, 2001:db8::10], ip-mode = proxy, source-ranges = [203.0.113.0/24, 2001:db8::/32], load-balancer-class = "example.com/lb", allocate-node-ports = false, external-traffic-policy = local, health-check-node-port = 32000`],
    ["a node port with affinity and local policies", `type = node-port, ${selects}, ${port}, session-affinity = client-ip, session-timeout = 600, internal-traffic-policy = local, external-traffic-policy = local, traffic-distribution = prefer-same-node`],
    ["affinity with the longest and the shortest timeout", `${selects}, ${port}, session-affinity = client-ip, session-timeout = 86400`],
    ["an external policy on a cluster IP with external addresses", `${selects}, ${port}, external-ips = [203.0.113.10, 2001:db8::10], external-traffic-policy = local`],
    ["an alias", 'type = external-name, external-name = "db.example.org"'],
    ["an alias with a port, which nobody looks at", 'type = external-name, external-name = "db.example.org", port 5432/tcp'],
    ["one that prefers two families where there is one", `${selects}, ${port}, family-policy = prefer-dual-stack`],
    ["endpoints by hand, of both families", "port pg = 5432/tcp, endpoints db-4 { addresses = [10.20.0.5, 10.20.0.6], node = node-a, zone = \"west\", hostname = \"db\" }, endpoints db-6 { addresses = fd00:20::5, ready = false, serving = true, terminating = true, port pg = 5433/tcp }"],
    ["a headless service with endpoints by hand and no port", "headless = true, endpoints db { addresses = 10.20.0.5 }"],
  ])("%s", (_, members) => {
    expect(about(members)).toEqual([]);
  });

  it("asks for both families where the cluster has them", () => {
    expect(about(`${selects}, ${port}, family-policy = require-dual-stack, cluster-ip = 172.16.0.9`, dualStack)).toEqual([]);
    expect(about(`${selects}, ${port}, family-policy = require-dual-stack, families = ipv6`, dualStack)).toEqual([]);
  });
});

describe("services that the API server refuses", () => {
  it.each([
    [`${selects}, ${port}, external-name = "db.example.org"`, "KN4026 `external-name` belongs to services of type `external-name`; this one is `cluster-ip`"],
    ["type = external-name", "KN3002 service `web` needs `external-name = \"…\"`, the name it is an alias of"],
    [`type = external-name, external-name = "db.example.org", ${selects}`, "KN4025 a service of type `external-name` has no pods to select"],
    ['type = external-name, external-name = "db.example.org", cluster-ip = 172.16.0.9', "KN4025 a service of type `external-name` has no `cluster-ip`"],
    ['type = external-name, external-name = "db.example.org", headless = true', "KN4025 a service of type `external-name` has no `headless`"],
    ['type = external-name, external-name = "db.example.org", families = ipv4', "KN4025 a service of type `external-name` has no `families`"],
    ['type = external-name, external-name = "db.example.org", port 80/tcp node-port 30080', "KN4025 a service of type `external-name` has no node port"],
    ['type = external-name, external-name = "db.example.org", endpoints x { addresses = 10.20.0.5 }', "KN4025 a service of type `external-name` has no endpoints"],
    ['type = external-name, external-name = "Db.example.org"', "KN2006 `Db.example.org` cannot be the name of a DNS domain: lower-case letters, digits, dots and hyphens are allowed, with a letter or digit at both ends"],
    [`${selects}, ${port}, source-ranges = 203.0.113.0/24`, "KN4026 `source-ranges` belongs to services of type `load-balancer`; this one is `cluster-ip`"],
    [`type = node-port, ${selects}, ${port}, load-balancer-class = "lb"`, "KN4026 `load-balancer-class` belongs to services of type `load-balancer`; this one is `node-port`"],
    [`type = node-port, ${selects}, ${port}, allocate-node-ports = false`, "KN4026 `allocate-node-ports` belongs to services of type `load-balancer`; this one is `node-port`"],
    [`type = node-port, ${selects}, ${port}, health-check-node-port = 32000`, "KN4026 `health-check-node-port` belongs to services of type `load-balancer`; this one is `node-port`"],
    [`${selects}, ${port}, load-balancer-addresses = 203.0.113.10`, "KN4026 `load-balancer-addresses` belongs to services of type `load-balancer`; this one is `cluster-ip`"],
    [`type = load-balancer, ${selects}, ${port}, ip-mode = proxy`, "KN3002 `ip-mode` needs `load-balancer-addresses`, which it is about"],
    [`type = load-balancer, ${selects}, ${port}, health-check-node-port = 32000`, "KN4028 nodes answer health checks only for services with `external-traffic-policy = local`"],
    [`type = load-balancer, ${selects}, ${port}, external-traffic-policy = local, health-check-node-port = 80`, "KN4011 node port 80 is outside the cluster's 30000..32767"],
    [`type = load-balancer, ${selects}, port 80/tcp -> http node-port 32000, external-traffic-policy = local, health-check-node-port = 32000`, "KN4012 node port 32000/tcp is taken twice: by service `shop/web` and by service `shop/web`"],
    [`type = load-balancer, ${selects}, port 10250/tcp -> http`, "KN4035 a load balancer may not offer port 10250: it is the kubelet's"],
    [`type = load-balancer, headless = true, ${selects}, ${port}`, "KN4014 a headless service has no cluster IP and so no load balancer"],
    [`${selects}, ${port}, external-traffic-policy = local`, "KN4027 nobody outside can reach this service, so `external-traffic-policy` is about nothing"],
    [`${selects}, ${port}, session-timeout = 600`, "KN4029 `session-timeout` needs `session-affinity = client-ip`: without affinity there is nothing that could end"],
    [`${selects}, ${port}, session-affinity = client-ip, session-timeout = 0`, "KN3005 `session-timeout` must be 1 to 86400 seconds, not 0"],
    [`${selects}, ${port}, session-affinity = client-ip, session-timeout = 86401`, "KN3005 `session-timeout` must be 1 to 86400 seconds, not 86401"],
    [`${selects}, ${port}, external-ips = 127.0.0.1`, "KN4031 `127.0.0.1` cannot be among the `external-ips`: it is a loopback address"],
    [`${selects}, ${port}, external-ips = fe80::1`, "KN4031 `fe80::1` cannot be among the `external-ips`: it is a link-local address"],
    [`${selects}, ${port}, external-ips = ff02::1`, "KN4031 `ff02::1` cannot be among the `external-ips`: it is a multicast address"],
    [`${selects}, ${port}, external-ips = [203.0.113.1, 203.0.113.1]`, "KN2014 `203.0.113.1` is listed twice"],
    [`type = load-balancer, ${selects}, ${port}, source-ranges = 203.0.113.1/24`, "KN3003 `203.0.113.1/24` has bits set behind its prefix length"],
    [`${selects}, ${port}, family-policy = require-dual-stack`, "KN4030 the family policy cannot be `require-dual-stack`: the cluster has no IPv6 service range"],
    [`${selects}, ${port}, traffic-distribution = nearest`, "KN2007 `traffic-distribution` cannot be `nearest`"],
    [`type = load-balancer, ${selects}, ${port}, load-balancer-class = "a b"`, "KN2006 `a b` cannot be the name of a load balancer's class: letters, digits, `-`, `_` and `.` are allowed, with a letter or digit at both ends"],
    ["port 80/tcp", 'KN3002 service `web` needs `selects …`, such as `selects app == "web"`'],
    [`${selects}, ${port}, endpoints x { addresses = 10.20.0.5 }`, "KN4032 a service that selects pods has their endpoints, and none written by hand"],
    ["port 80/tcp, endpoints x { addresses = [10.20.0.5, fd00::5] }", "KN4033 `10.20.0.5` and `fd00::5` are of two families, and an `endpoints` block has one"],
    ["port 80/tcp, endpoints x { addresses = 172.16.0.9 }", "KN4031 `172.16.0.9` cannot be among the `addresses`: it is in a service range, and kube-proxy does not translate twice"],
    ["port 80/tcp, endpoints x { addresses = 0.0.0.0 }", "KN4031 `0.0.0.0` cannot be among the `addresses`: it is the unspecified network"],
    ["port 80/tcp, endpoints x { addresses = [] }", "KN3002 endpoints `x` needs an address"],
    ["port 80/tcp, endpoints x { ready = true }", "KN3002 endpoints `x` needs `addresses = …`"],
    ["port 80/tcp, endpoints x { addresses = 10.20.0.5, port pg = 80/tcp }", "KN4034 service `web` has no tcp port `pg`"],
    ["port a = 80/tcp, endpoints x { addresses = 10.20.0.5, port 80/tcp }", "KN4034 service `web` has no tcp port without a name"],
    ["port a = 80/tcp, endpoints x { addresses = 10.20.0.5, port a = 80/udp }", "KN4034 service `web` has no udp port `a`"],
    ["port 80/tcp -> http, endpoints x { addresses = 10.20.0.5 }", "KN3002 endpoints `x` needs a port: `port 8080/tcp`"],
    ["port 80/tcp, endpoints x { addresses = 10.20.0.5 }, endpoints x { addresses = 10.20.0.6 }", "KN2002 endpoints `x` is declared twice"],
    ["port 80/tcp, endpoints x { addresses = 10.20.0.5, node = node-z }", "KN2001 there is no node called `node-z`"],
    ['port 80/tcp, endpoints x { addresses = 10.20.0.5, hostname = "A" }', "KN2006 `A` cannot be the name of an endpoint: lower-case letters, digits and hyphens are allowed, with a letter or digit at both ends"],
  ])("%s", (members, message) => {
    expect(about(members)).toEqual([message]);
  });

  it("one family with two families named, in a cluster that has both", () => {
    const policy = "family-policy = single-stack";
    expect(about(`${selects}, ${port}, ${policy}, families = [ipv4, ipv6]`, dualStack)).toEqual([
      "KN4030 the family policy cannot be `single-stack`: `families` names two families",
    ]);
    expect(about(`${selects}, ${port}, ${policy}, cluster-ip = [172.16.0.9, fd00:16::9]`, dualStack)).toEqual([
      "KN4030 the family policy cannot be `single-stack`: `cluster-ip` names two families",
    ]);
  });
});

describe("what has no effect", () => {
  it.each(["external-ips = 203.0.113.10", "session-affinity = client-ip", "internal-traffic-policy = local", "traffic-distribution = prefer-close"])(
    "%s of a headless service",
    (attribute) => {
      expect(about(`${selects}, ${port}, headless = true, ${attribute}`)).toEqual([
        `KN8004 \`${attribute.split(" ")[0] ?? ""}\` of a headless service has no effect`,
      ]);
    },
  );

  it("an alias to an address", () => {
    expect(about('type = external-name, external-name = "10.20.0.5"')).toEqual(["KN8004 an alias of `10.20.0.5` has no effect"]);
  });
});
