import { formatIp, parseIp } from "@knet/language/values";
import type { Family, Ip } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import type { DnsRecord, DnsZone } from "../fabric/types.ts";
import { candidateNames, resolve } from "./resolve.ts";

const origin = { name: "dns", span: null };

function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`not an address: ${text}`);
  return parsed;
}

const a = (text: string): DnsRecord => ({ type: text.includes(":") ? "AAAA" : "A", address: ip(text), ttl: 30, origin });

/** The resolver of a pod in namespace shop. */
const pod = { search: ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"], ndots: 5 };

const zones: readonly DnsZone[] = [
  {
    zone: "cluster.local",
    records: new Map<string, readonly DnsRecord[]>([
      ["web.shop.svc.cluster.local", [a("10.96.0.7"), a("fd00:96::7")]],
      ["web.pay.svc.cluster.local", [a("10.96.0.8")]],
      ["alias.shop.svc.cluster.local", [{ type: "CNAME", target: "web.pay.svc.cluster.local", ttl: 30, origin }]],
    ]),
    emptyNonTerminals: new Set(["cluster.local", "svc.cluster.local", "shop.svc.cluster.local", "pay.svc.cluster.local"]),
    forwardTo: [],
    fallthrough: false,
    servers: [],
    origin,
  },
  { zone: "", records: new Map(), emptyNonTerminals: new Set(), forwardTo: [ip("192.0.2.53")], fallthrough: false, servers: [], origin },
];

function lookup(
  name: string,
  resolver = pod,
  families: readonly Family[] = [4, 6],
): { readonly asked: readonly string[]; readonly addresses: readonly string[] } {
  const result = resolve(zones, resolver, name, families);
  return { asked: result.queries.map((query) => `${query.name} ${query.type} ${query.status}`), addresses: result.addresses.map(formatIp) };
}

describe("the names that a lookup asks for", () => {
  it("go through the search list first when the name has fewer dots than ndots", () => {
    expect(candidateNames("web.pay", pod)).toEqual([
      "web.pay.shop.svc.cluster.local",
      "web.pay.svc.cluster.local",
      "web.pay.cluster.local",
      "web.pay",
    ]);
  });

  it("start with the name itself when it has ndots dots", () => {
    expect(candidateNames("api.example.com", { ...pod, ndots: 2 })).toEqual([
      "api.example.com",
      "api.example.com.shop.svc.cluster.local",
      "api.example.com.svc.cluster.local",
      "api.example.com.cluster.local",
    ]);
  });

  it("are the name alone with a trailing dot, or without a search list", () => {
    expect(candidateNames("web.pay.svc.cluster.local.", pod)).toEqual(["web.pay.svc.cluster.local"]);
    expect(candidateNames("web", { search: [], ndots: 1 })).toEqual(["web"]);
  });

  it("leave out what no message can hold", () => {
    const long = Array.from({ length: 4 }, () => "x".repeat(59)).join("."); // 239 characters
    expect(candidateNames(long, pod)).toEqual([`${long}.cluster.local`, long]);
    expect(candidateNames("a..b", pod)).toEqual([]);
    expect(candidateNames(`${"x".repeat(64)}.b`, pod)).toEqual([]);
    expect(candidateNames(".", pod)).toEqual([]);
  });
});

describe("a lookup", () => {
  it("of a service in the own namespace takes two questions", () => {
    expect(lookup("web")).toEqual({
      asked: ["web.shop.svc.cluster.local A NOERROR", "web.shop.svc.cluster.local AAAA NOERROR"],
      addresses: ["10.96.0.7", "fd00:96::7"],
    });
  });

  it.each([
    ["web", 2],
    ["web.pay", 4],
    ["web.pay.svc", 6],
    ["web.pay.svc.cluster.local", 8],
    ["web.pay.svc.cluster.local.", 2],
    ["api.example.com", 8],
  ])("of %s takes %i questions", (name, count) => {
    expect(lookup(name).asked).toHaveLength(count);
  });

  it("of an outside name takes two questions with ndots 1", () => {
    expect(lookup("api.example.com", { ...pod, ndots: 1 }).asked).toEqual([
      "api.example.com A FORWARDED",
      "api.example.com AAAA FORWARDED",
    ]);
  });

  it("asks for the families it wants, and goes on after NODATA", () => {
    expect(lookup("web.pay", pod, [6])).toEqual({
      asked: [
        "web.pay.shop.svc.cluster.local AAAA NXDOMAIN",
        "web.pay.svc.cluster.local AAAA NODATA",
        "web.pay.cluster.local AAAA NXDOMAIN",
        "web.pay AAAA FORWARDED",
      ],
      addresses: [],
    });
    expect(lookup("web", pod, [4]).addresses).toEqual(["10.96.0.7"]);
  });

  it("is left to the upstream servers when its last name is forwarded", () => {
    expect(resolve(zones, pod, "api.example.com", [4]).forwardTo).toEqual([ip("192.0.2.53")]);
    expect(resolve(zones, pod, "web", [4]).forwardTo).toBeNull();
  });

  it("tells the aliases on its way", () => {
    expect(resolve(zones, pod, "alias", [4, 6])).toMatchObject({
      addresses: [ip("10.96.0.8")],
      aliases: ["alias.shop.svc.cluster.local", "web.pay.svc.cluster.local"],
    });
    expect(resolve(zones, pod, "web", [4]).aliases).toEqual([]);
  });

  it("of an address asks nothing", () => {
    expect(lookup("10.0.0.1")).toEqual({ asked: [], addresses: ["10.0.0.1"] });
    expect(lookup("fd00::1", pod, [4])).toEqual({ asked: [], addresses: [] });
  });
});
