import { describe, expect, it } from "vitest";
import { messages, messagesOf } from "../testing/fixtures.ts";

const cluster = (services: string, pool: string, more = ""): string =>
  `cluster demo {\n  service-cidr = ${services}\n  cni calico { pool pods { cidr = ${pool}, encapsulation = vxlan } }\n${more}}\n`;
const machines = "network dc { subnet blue { cidr = 192.168.1.0/24 } }\nnode node-a in blue\n";
const machines6 = "network dc { subnet blue { cidr = fd00:1::/64 } }\nnode node-a in blue\n";

describe("ranges with a use of their own", () => {
  it.each([
    ["172.17.0.0/16", "10.244.0.0/16", "KN8020 the service range (172.17.0.0/16) overlaps 172.17.0.0/16, where Docker puts its bridge `docker0` unless told otherwise"],
    ["10.96.0.0/16", "172.16.0.0/12", "KN8020 pool `pods` (172.16.0.0/12) overlaps 172.17.0.0/16, where Docker puts its bridge `docker0` unless told otherwise"],
    ["10.96.0.0/16", "100.64.0.0/16", "KN8020 pool `pods` (100.64.0.0/16) overlaps 100.64.0.0/10, which carriers, clouds and VPNs share (RFC 6598)"],
    ["10.96.0.0/16", "127.1.0.0/16", "KN8020 pool `pods` (127.1.0.0/16) overlaps 127.0.0.0/8, the loopback range"],
    ["10.96.0.0/16", "230.0.0.0/16", "KN8020 pool `pods` (230.0.0.0/16) overlaps 224.0.0.0/4, the multicast range"],
    ["10.96.0.0/16", "198.51.100.0/24", "KN8020 pool `pods` (198.51.100.0/24) overlaps 198.51.100.0/24, which is for documentation (RFC 5737)"],
    ["203.0.113.0/24", "10.244.0.0/16", "KN8020 the service range (203.0.113.0/24) overlaps 203.0.113.0/24, which is for documentation (RFC 5737)"],
  ])("services %s, pods %s", (services, pool, message) => {
    expect(messages(cluster(services, pool) + machines)).toEqual([message]);
  });

  it.each([
    ["2001:db8:16::/112", "fd00:10::/64", "KN8020 the service range (2001:db8:16::/112) overlaps 2001:db8::/32, which is for documentation (RFC 3849)"],
    ["fd00:16::/112", "3fff:10::/64", "KN8020 pool `pods` (3fff:10::/64) overlaps 3fff::/20, which is for documentation (RFC 9637)"],
    ["fd00:16::/112", "ff05::/64", "KN8020 pool `pods` (ff05::/64) overlaps ff00::/8, the multicast range"],
  ])("services %s, pods %s", (services, pool, message) => {
    expect(messages(cluster(services, pool) + machines6)).toEqual([message]);
  });

  it("looks at subnets too", () => {
    expect(messagesOf("network dc { subnet blue { cidr = [192.168.1.0/24, 2001:db8:1::/64] } }\nnode a in blue")).toEqual([
      "KN8020 subnet `blue` (2001:db8:1::/64) overlaps 2001:db8::/32, which is for documentation (RFC 3849)",
    ]);
  });

  it.each([
    ["172.16.0.0/16", "10.10.0.0/16"],
    ["172.18.0.0/16", "100.128.0.0/16"],
    ["198.20.0.0/16", "100.63.0.0/16"],
    ["203.0.112.0/24", "203.0.114.0/24"],
  ])("says nothing about their neighbours: services %s, pods %s", (services, pool) => {
    expect(messages(cluster(services, pool) + machines)).toEqual([]);
  });
});

describe("machines outside whose addresses the cluster takes", () => {
  const dns = (server: string): string => `  dns coredns { forward "corp.example" to [${server}] }\n`;

  it("finds a DNS server inside of a pool or a service range", () => {
    expect(messages(cluster("172.16.0.0/16", "10.10.0.0/16", dns("10.10.0.53")) + machines)).toEqual([
      "KN8021 DNS server of zone `corp.example` `10.10.0.53` lies in pool `pods`, and nothing there has that address",
    ]);
    expect(messages(cluster("fd00:16::/112", "fd00:10::/64", dns("fd00:16::35")) + machines6)).toEqual([
      "KN8021 DNS server of zone `corp.example` `fd00:16::35` lies in the service range, and nothing there has that address",
    ]);
  });

  it("leaves alone a server elsewhere, and one that is a pod, a service or CoreDNS itself", () => {
    const inside =
      'namespace a {\n  pod d { address = 10.10.0.53, labels = { a = "d" }, port 53/udp }\n  service d { selects a == "d", cluster-ip = 172.16.0.53, port 53/udp }\n}\n';
    for (const server of ["10.11.0.53", "192.168.1.53", "10.10.0.53", "172.16.0.53", "172.16.0.10"])
      expect(messages(cluster("172.16.0.0/16", "10.10.0.0/16", dns(server)) + machines + inside)).toEqual([]);
  });
});

describe("policies about addresses of services", () => {
  const policy = (peer: string): readonly string[] =>
    messagesOf(`namespace a {\n  pod p\n  policy q { applies to all pods, allow ingress from ${peer} }\n}`);

  it("finds what lies within the service range", () => {
    expect(policy("172.16.10.10")).toEqual(["KN8022 `172.16.10.10` is in a service range, where no policy ever sees a packet"]);
    expect(policy("172.16.0.0/24")).toEqual(["KN8022 `172.16.0.0/24` is in a service range, where no policy ever sees a packet"]);
  });

  it("leaves alone what reaches beyond the range or lies elsewhere", () => {
    for (const peer of ["172.0.0.0/8", "172.15.0.0/16", "10.10.0.0/16", "fd00::/8", "internet", "anyone"]) expect(policy(peer)).toEqual([]);
  });
});
