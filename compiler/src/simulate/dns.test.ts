import { parseIp } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import type { DnsRecord, DnsZone } from "../fabric/types.ts";
import { answerQuery } from "./dns.ts";

const origin = { name: "dns", span: null };

function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`not an address: ${text}`);
  return parsed;
}

const a = (text: string): DnsRecord => ({ type: text.includes(":") ? "AAAA" : "A", address: ip(text), ttl: 30, origin });
const cname = (target: string): DnsRecord => ({ type: "CNAME", target, ttl: 30, origin });
const ptr = (target: string): DnsRecord => ({ type: "PTR", target, ttl: 30, origin });

function zone(name: string, records: Readonly<Record<string, readonly DnsRecord[]>>, more: Partial<DnsZone> = {}): DnsZone {
  return {
    zone: name,
    records: new Map(Object.entries(records)),
    emptyNonTerminals: new Set([name]),
    forwardTo: [],
    fallthrough: false,
    servers: [],
    origin,
    ...more,
  };
}

function forwarding(name: string, ...servers: readonly string[]): DnsZone {
  return zone(name, {}, { emptyNonTerminals: new Set(), forwardTo: servers.map(ip) });
}

const zones: readonly DnsZone[] = [
  forwarding("", "9.9.9.9"),
  zone("cluster.local", {
    "web.shop.svc.cluster.local": [a("10.96.0.7")],
    "alias.shop.svc.cluster.local": [cname("web.shop.svc.cluster.local")],
    "gone.shop.svc.cluster.local": [cname("nothing.shop.svc.cluster.local")],
    "outside.shop.svc.cluster.local": [cname("db.corp.example")],
    "loop.shop.svc.cluster.local": [cname("loop2.shop.svc.cluster.local")],
    "loop2.shop.svc.cluster.local": [cname("loop.shop.svc.cluster.local")],
  }),
  zone(
    "in-addr.arpa",
    { "7.0.96.10.in-addr.arpa": [ptr("web.shop.svc.cluster.local")] },
    { fallthrough: true, emptyNonTerminals: new Set() },
  ),
  forwarding("corp.example", "192.168.1.53"),
  forwarding("eu.corp.example", "192.168.2.53"),
];

const statusOf = (name: string, type: DnsRecord["type"] = "A"): string => answerQuery(zones, name, type).status;

describe("the answer to a question", () => {
  it("is the records of the asked type", () => {
    expect(answerQuery(zones, "web.shop.svc.cluster.local", "A")).toMatchObject({
      status: "NOERROR",
      records: [a("10.96.0.7")],
      forwardTo: [],
    });
  });

  it("does not depend on case or on a trailing dot", () => {
    expect(answerQuery(zones, "Web.Shop.SVC.cluster.LOCAL.", "A").records).toEqual([a("10.96.0.7")]);
  });

  it("is NODATA for another type of a name that exists, and for a name that only others lie below", () => {
    expect(statusOf("web.shop.svc.cluster.local", "AAAA")).toBe("NODATA");
    expect(statusOf("cluster.local")).toBe("NODATA");
  });

  it("is NXDOMAIN for a name that its zone does not hold, however the root forwards", () => {
    expect(statusOf("nothing.shop.svc.cluster.local")).toBe("NXDOMAIN");
  });

  it("comes from the longest zone that holds the name", () => {
    expect(answerQuery(zones, "db.corp.example", "A")).toMatchObject({ status: "FORWARDED", forwardTo: [ip("192.168.1.53")] });
    expect(answerQuery(zones, "db.eu.corp.example", "A")).toMatchObject({ status: "FORWARDED", forwardTo: [ip("192.168.2.53")] });
    expect(answerQuery(zones, "notcorp.example", "A")).toMatchObject({ status: "FORWARDED", forwardTo: [ip("9.9.9.9")] });
  });

  it("is forwarded where the zone lets misses fall through", () => {
    expect(answerQuery(zones, "7.0.96.10.in-addr.arpa", "PTR").records).toEqual([ptr("web.shop.svc.cluster.local")]);
    expect(answerQuery(zones, "8.0.96.10.in-addr.arpa", "PTR")).toMatchObject({ status: "FORWARDED", forwardTo: [ip("9.9.9.9")] });
  });

  it("is NXDOMAIN when no zone holds the name", () => {
    expect(answerQuery(zones.slice(1), "example.com", "A")).toEqual({ status: "NXDOMAIN", records: [], zone: null, forwardTo: [] });
  });
});

describe("an alias", () => {
  it("is followed by the server, CNAME first", () => {
    expect(answerQuery(zones, "alias.shop.svc.cluster.local", "A")).toMatchObject({
      status: "NOERROR",
      records: [cname("web.shop.svc.cluster.local"), a("10.96.0.7")],
    });
  });

  it("is returned alone when its target does not exist, or when it goes round in a circle", () => {
    expect(answerQuery(zones, "gone.shop.svc.cluster.local", "A")).toMatchObject({
      status: "NOERROR",
      records: [cname("nothing.shop.svc.cluster.local")],
    });
    expect(answerQuery(zones, "loop.shop.svc.cluster.local", "A")).toMatchObject({
      status: "NOERROR",
      records: [cname("loop2.shop.svc.cluster.local"), cname("loop.shop.svc.cluster.local")],
    });
  });

  it("to a forwarded zone is decided there", () => {
    expect(answerQuery(zones, "outside.shop.svc.cluster.local", "A")).toMatchObject({
      status: "FORWARDED",
      records: [cname("db.corp.example")],
      forwardTo: [ip("192.168.1.53")],
    });
  });

  it("is the answer itself when the question is for it", () => {
    expect(answerQuery(zones, "alias.shop.svc.cluster.local", "CNAME").records).toEqual([cname("web.shop.svc.cluster.local")]);
  });
});
