import { describe, expect, it } from "vitest";
import { messages, messagesOf } from "../testing/fixtures.ts";

/** A cluster whose pool and DNS server say more. */
function cluster(pool: string, dns = ""): readonly string[] {
  return messages(`cluster demo {
  service-cidr = 172.16.0.0/16
  cni calico { pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan, ${pool} } }
  dns coredns { ${dns} }
}
network dc { subnet blue { cidr = 192.168.1.0/24 } }
node node-a in blue
namespace shop { pod pinned { address = 10.10.0.9 } }
`);
}

describe("pools", () => {
  it.each([
    "node-selector = \"zone == 'west' && has(ssd) || !(rack in {'1', '2'})\"",
    'node-selector = "all()"',
    "allowed-uses = [workload, tunnel]",
    "allowed-uses = workload",
    "assignment-mode = manual",
  ])("may say %s", (attribute) => {
    expect(cluster(attribute)).toEqual([]);
  });

  it.each([
    ["node-selector = \"zone = 'west'\"", 'KN3030 "zone = \'west\'" is not a selector of Calico: expected an operator behind label "zone", at character 6'],
    ['node-selector = "global()"', 'KN3030 "global()" is not a selector of Calico: `global()` selects no nodes'],
    ["node-selector = zone", 'KN3001 `node-selector` wants a selector of Calico in quotes, such as "zone == \'west\'", not `zone`'],
    ["allowed-uses = [load-balancer]", "KN2011 this version of knet does not support `allowed-uses = load-balancer`"],
    ["allowed-uses = [workload, workload]", "KN2014 `workload` is listed twice"],
    ["allowed-uses = []", "KN3001 `allowed-uses` wants a list of `workload` or `tunnel`, not a list"],
    ["disabled = true", "KN4008 `10.10.0.9` is in none of the address pools"],
    ["allowed-uses = tunnel", "KN4008 `10.10.0.9` is in none of the address pools"],
  ])("%s is refused", (attribute, message) => {
    expect(cluster(attribute)).toEqual([message]);
  });

  it("may be smaller than a block when they are disabled", () => {
    const program = (disabled: string): readonly string[] =>
      messagesOf(`cluster demo {
  service-cidr = 172.16.0.0/16
  cni calico {
    pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan }
    pool old { cidr = 10.20.0.0/28, encapsulation = vxlan, disabled = ${disabled} }
  }
}`);
    expect(program("true")).toEqual([]);
    expect(program("false")).toEqual(["KN4015 a block of /26 does not work: the pool itself is only a /28"]);
  });
});

describe("the DNS server", () => {
  it("may keep answers for other times, ask other servers and have a cache on every node", () => {
    expect(cluster("", "ttl = 0, cache = 3600, upstream = [192.168.1.53, fd00::53], node-local = 169.254.20.10")).toEqual([]);
  });

  it.each([
    ["ttl = 3601", "KN3005 `ttl` must be 0 to 3600 seconds, not 3601"],
    ["cache = 0", "KN3005 `cache` must be 1 to 86400 seconds, not 0"],
    ['upstream = "192.168.1.53"', 'KN3001 `upstream` wants addresses such as `[10.10.0.1, fd00::1]`, not the string "192.168.1.53"'],
    ["upstream = 0.0.0.0", "KN4031 `0.0.0.0` cannot be among the `upstream`: it is the unspecified network"],
    [`upstream = [${Array.from({ length: 16 }, (_, i) => `192.168.1.${i + 1}`).join(", ")}]`, "KN3031 `upstream` has 16 entries, and 15 are allowed"],
  ])("%s is refused", (attribute, message) => {
    expect(cluster("", attribute)).toEqual([message]);
  });
});

describe("name lookups of a pod", () => {
  it.each([
    "dns-policy = default",
    "dns-policy = cluster-first-with-host-net, host-network = true",
    'dns-policy = none, dns-config { nameservers = [10.0.0.53, fd00::53], searches = ["corp.example"], ndots = 2, timeout = 3, attempts = 5, rotate = true, use-vc = true }',
    "dns-config { ndots = 0 }",
  ])("%s is fine", (members) => {
    expect(messagesOf(`namespace shop { pod web { ${members} }, workload api { ${members} } }`)).toEqual([]);
  });

  it.each([
    ["dns-policy = none", "KN4036 with `dns-policy = none` a pod has only the nameservers that it names, and it names none"],
    ["dns-policy = none, dns-config { ndots = 1 }", "KN4036 with `dns-policy = none` a pod has only the nameservers that it names, and it names none"],
    ["dns-config { nameservers = [10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4] }", "KN3031 `nameservers` has 4 entries, and 3 are allowed"],
    ["dns-config { ndots = 16 }", "KN3005 `ndots` must be 0 to 15, not 16"],
    ["dns-config { timeout = 31 }", "KN3005 `timeout` must be 1 to 30 seconds, not 31"],
    ['dns-config { searches = ["corp.example."] }', "KN2006 `corp.example.` cannot be the name of a DNS domain: it is written without a trailing dot"],
    ["dns-config {}, dns-config {}", "KN2012 `dns-config` is given twice"],
    ["dns-config x {}", "KN1005 expected `{`, found `x`"],
    ["dns-policy = ClusterFirst", "KN2007 `dns-policy` cannot be `ClusterFirst`"],
    ["terminating = yes", "KN3001 `terminating` wants `true` or `false`, not `yes`"],
  ])("%s is refused", (members, message) => {
    expect(messagesOf(`namespace shop { pod web { ${members} } }`)).toEqual([message]);
  });
});

describe("durations", () => {
  it.each([
    ["90s", []],
    ["1h30m", []],
    ["1d", ["KN3005 `ttl` must be 0 to 3600 seconds, not 86400"]],
    ["1500ms", ["KN3001 `ttl` wants a duration in whole seconds, such as `90s` or `3h`, not the duration `1500ms`"]],
  ])("%s", (duration, found) => {
    const hour = duration === "1h30m" ? `cache = ${duration}` : `ttl = ${duration}`;
    expect(cluster("", hour)).toEqual(found);
  });
});
