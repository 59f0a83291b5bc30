import { parseIp } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import type { Allocation } from "./lock.ts";
import { emptyAllocation, formatLock, parseLock } from "./lock.ts";

function ip(text: string): Ip {
  const value = parseIp(text);
  if (value === null) throw new TypeError(text);
  return value;
}

const allocation: Allocation = {
  nodes: new Map([
    ["node-b", [ip("192.168.1.11"), ip("fd00::b")]],
    ["node-a", [ip("192.168.1.10")]],
  ]),
  pods: new Map([["shop/web", { node: "node-a", addresses: [ip("10.10.0.65")] }]]),
  services: new Map([["shop/web", [ip("172.16.10.10")]]]),
  nodePorts: new Map([["shop/web:80/tcp", 30080]]),
  blocks: new Map([
    ["10.10.0.128/26", "node-b"],
    ["10.10.0.64/26", "node-a"],
  ]),
  tunnels: new Map([
    [
      "node-a",
      [
        { encapsulation: "vxlan", address: ip("10.10.0.64") },
        { encapsulation: "vxlan", address: ip("fd00:10::") },
      ],
    ],
  ]),
};

const text = `{
  "version": 1,
  "blocks": {
    "10.10.0.64/26": "node-a",
    "10.10.0.128/26": "node-b"
  },
  "nodePorts": {
    "shop/web:80/tcp": 30080
  },
  "nodes": {
    "node-a": [
      "192.168.1.10"
    ],
    "node-b": [
      "192.168.1.11",
      "fd00::b"
    ]
  },
  "pods": {
    "shop/web": {
      "addresses": [
        "10.10.0.65"
      ],
      "node": "node-a"
    }
  },
  "services": {
    "shop/web": [
      "172.16.10.10"
    ]
  },
  "tunnels": {
    "node-a": {
      "vxlan": "10.10.0.64",
      "vxlan-v6": "fd00:10::"
    }
  }
}
`;

describe("knet.lock", () => {
  it("is sorted JSON with a newline at the end", () => {
    expect(formatLock(allocation)).toBe(text);
  });

  it("reads back what it holds", () => {
    const result = parseLock(text);
    expect(result.ok && formatLock(result.allocation)).toBe(text);
    expect(result.ok && result.allocation.pods.get("shop/web")).toEqual({ node: "node-a", addresses: [ip("10.10.0.65")] });
    expect(parseLock(formatLock(emptyAllocation))).toEqual({ ok: true, allocation: emptyAllocation });
  });

  // The last of two equal keys counts.
  const change = (section: string, value: unknown): string =>
    `${text.trimEnd().slice(0, -1)}, ${JSON.stringify(section)}: ${JSON.stringify(value)}}`;

  it.each([
    ["", /^not JSON: /],
    ["[]", /^must be object$/],
    [JSON.stringify({ version: 1 }), /^"blocks" is missing$/],
    [JSON.stringify({ version: 2 }), /^version: this knet reads version 1 of the lock, not 2$/],
    [change("extra", {}), /^unknown entry "extra"$/],
    [change("nodes", { "node-a": "192.168.1.10" }), /^nodes › node-a: must be array$/],
    [change("nodes", { "node-a": ["192.168.1.300"] }), /^nodes › node-a: "192\.168\.1\.300" is no IP address$/],
    [change("services", { "shop/web": ["10.0.0.1", "10.0.0.2"] }), /^services › shop\/web: two addresses of one family$/],
    [change("pods", { "shop/web": { addresses: [] } }), /^pods › shop\/web: "node" is missing$/],
    [change("nodePorts", { "shop/web:80/tcp": 70000 }), /^nodePorts › shop\/web:80\/tcp: must be <= 65535$/],
    [change("blocks", { "10.10.0.1/26": "node-a" }), /^blocks › 10\.10\.0\.1\/26: no CIDR without host bits$/],
    [change("tunnels", { "node-a": { vxlan: "fd00::1" } }), /^tunnels › node-a: "fd00::1" is no IPv4 address$/],
    [change("tunnels", { "node-a": { gre: "10.0.0.1" } }), /^tunnels › node-a: unknown entry "gre"$/],
  ])("says what is wrong with %j", (broken, message) => {
    const result = parseLock(broken);
    expect(result.ok ? "accepted" : result.message).toMatch(message);
  });
});
