import { contains, formatCidr, formatIp, overlaps, parseCidr, parseIp } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { IpPool } from "../../model/types.ts";
import type { HeldIpam, IpamRequest, IpamResult } from "./plan.ts";
import { blockLimit, describeIpamProblem, heldBlocks, planBlocks } from "./plan.ts";

function ip(text: string): Ip {
  const value = parseIp(text);
  if (value === null) throw new TypeError(text);
  return value;
}

function pool(name: string, cidr: string, blockSize: number, encapsulation: IpPool["encapsulation"] = "vxlan"): IpPool {
  const value = parseCidr(cidr);
  if (value === null) throw new TypeError(cidr);
  return { name, cidr: value, blockSize, encapsulation, natOutgoing: false, origin: { name, span: null } };
}

function nodes(...names: readonly string[]): IpamRequest["nodes"] {
  return names.map((name) => ({ name, origin: { name, span: null } }));
}

/** `key@node`, `key@node=address`. */
function pods(...texts: readonly string[]): IpamRequest["pods"] {
  return texts.map((text) => {
    const [, key = "", node = "", pinned] = /^([^@]*)@([^=]*)(?:=(.*))?$/.exec(text) ?? [];
    return pinned === undefined ? { key, node } : { key, node, pinned: pinned.split(",").map(ip) };
  });
}

function blocks(result: IpamResult, node: string): readonly string[] {
  return result.plan.nodes.find((entry) => entry.node === node)?.blocks.map(({ cidr }) => formatCidr(cidr)) ?? [];
}

function tunnels(result: IpamResult, node: string): readonly string[] {
  return (
    result.plan.nodes
      .find((entry) => entry.node === node)
      ?.tunnels.map(({ encapsulation, address }) => `${encapsulation} ${formatIp(address)}`) ?? []
  );
}

function addresses(result: IpamResult): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries([...result.pods].map(([key, list]) => [key, list.map(formatIp)]));
}

function lock(request: IpamRequest, result: IpamResult): HeldIpam {
  const node = new Map(request.pods.map((pod) => [pod.key, pod.node]));
  return {
    ...heldBlocks(result.plan),
    pods: new Map([...result.pods].map(([key, list]) => [key, { node: node.get(key) ?? "", addresses: list }])),
  };
}

const large = pool("pods", "192.168.0.0/16", 26);

describe("blocks and addresses as a new cluster gets them", () => {
  it("a node's first block begins with its tunnel address, then come its pods", () => {
    const result = planBlocks({
      pools: [large],
      nodes: nodes("node1", "node2", "node3"),
      pods: pods("shop/web-0@node1", "shop/web-1@node1", "shop/api-0@node2"),
    });
    expect([blocks(result, "node1"), blocks(result, "node2"), blocks(result, "node3")]).toEqual([
      ["192.168.166.128/26"],
      ["192.168.104.0/26"],
      ["192.168.135.0/26"],
    ]);
    expect([tunnels(result, "node1"), tunnels(result, "node2"), tunnels(result, "node3")]).toEqual([
      ["vxlan 192.168.166.128"],
      ["vxlan 192.168.104.0"],
      ["vxlan 192.168.135.0"],
    ]);
    expect(addresses(result)).toEqual({
      "shop/web-0": ["192.168.166.129"],
      "shop/web-1": ["192.168.166.130"],
      "shop/api-0": ["192.168.104.1"],
    });
    expect(result.plan.borrowed).toEqual([]);
  });

  it("without encapsulation there is no tunnel, and the first pod has the block's base address", () => {
    const result = planBlocks({
      pools: [pool("pods", "192.168.0.0/16", 26, "none")],
      nodes: nodes("node1", "node2"),
      pods: pods("shop/web-0@node1"),
    });
    expect(tunnels(result, "node1")).toEqual([]);
    expect(blocks(result, "node2")).toEqual([]);
    expect(addresses(result)).toEqual({ "shop/web-0": ["192.168.166.128"] });
  });

  it.each([
    ["node-1", "192.168.84.128/26"],
    ["node-2", "192.168.247.0/26"],
    ["master", "192.168.219.64/26"],
    ["kind-control-plane", "192.168.82.0/26"],
    ["kind-worker", "192.168.162.128/26"],
    ["kind-worker2", "192.168.110.128/26"],
    ["k8s-node-01", "192.168.154.192/26"],
  ])("%s begins with %s", (node, block) => {
    expect(blocks(planBlocks({ pools: [large], nodes: nodes(node), pods: [] }), node)).toEqual([block]);
  });

  it("a second block is the next that is free", () => {
    const many = Array.from({ length: 64 }, (_, i) => `x/p${i}@node1`);
    const result = planBlocks({ pools: [large], nodes: nodes("node1"), pods: pods(...many) });
    expect(blocks(result, "node1")).toEqual(["192.168.166.128/26", "192.168.166.192/26"]);
    // 63 pods beside the tunnel address fill the first block.
    expect(addresses(result)["x/p62"]).toEqual(["192.168.166.191"]);
    expect(addresses(result)["x/p63"]).toEqual(["192.168.166.192"]);
  });

  it("a block that another node has is passed over", () => {
    // The start of node1, held by the other node.
    const held: HeldIpam = { blocks: new Map([["192.168.166.128/26", "other"]]), tunnels: new Map(), pods: new Map() };
    const result = planBlocks({ pools: [large], nodes: nodes("node1", "other"), pods: [], held });
    expect(blocks(result, "node1")).toEqual(["192.168.166.192/26"]);
    expect(tunnels(result, "other")).toEqual(["vxlan 192.168.166.128"]);
  });

  it("an own block of a later pool comes before a new block of an earlier one", () => {
    // The tunnel address must lie in the VXLAN pool `z`, so the node owns a block there first.
    const result = planBlocks({
      pools: [pool("a", "10.1.0.0/24", 26, "none"), pool("z", "10.2.0.0/24", 26)],
      nodes: nodes("n"),
      pods: pods("x/p@n"),
    });
    expect(addresses(result)["x/p"]?.[0]).toMatch(/^10\.2\.0\./);
    expect(blocks(result, "n")).toHaveLength(1);
  });

  it("own blocks are used in the text order of their names", () => {
    const held: HeldIpam = {
      blocks: new Map([
        ["192.168.221.64/26", "n"],
        ["192.168.221.192/26", "n"],
      ]),
      tunnels: new Map(),
      pods: new Map(),
    };
    const result = planBlocks({ pools: [large], nodes: nodes("n"), pods: [], held });
    expect(tunnels(result, "n")).toEqual(["vxlan 192.168.221.192"]);
  });

  it("both families are given, IPv4 first, with a tunnel address of each", () => {
    const result = planBlocks({
      pools: [pool("six", "fd00:10::/64", 122), pool("four", "192.168.0.0/16", 26)],
      nodes: nodes("node1"),
      pods: pods("x/p@node1"),
    });
    const [four, six] = result.pods.get("x/p") ?? [];
    expect(four && formatIp(four)).toBe("192.168.166.129");
    expect(six?.family).toBe(6);
    const entry = result.plan.nodes[0];
    expect(entry?.tunnels.map(({ address }) => address.family)).toEqual([4, 6]);
    // Ordinals 0 and 1 of one /122 block.
    expect(six && entry?.tunnels[1] && six.d - entry.tunnels[1].address.d).toBe(1);
  });

  it("IPIP tunnels come before VXLAN ones", () => {
    const result = planBlocks({
      pools: [pool("a", "10.1.0.0/24", 26, "vxlan"), pool("b", "10.2.0.0/24", 26, "ipip-cross-subnet")],
      nodes: nodes("n"),
      pods: [],
    });
    expect(tunnels(result, "n").map((text) => text.split(" ")[0])).toEqual(["ipip", "vxlan"]);
  });
});

describe("pinned addresses", () => {
  it("leave the queue and claim their block when nobody has it", () => {
    const result = planBlocks({
      pools: [large],
      nodes: nodes("node1"),
      pods: pods("x/a@node1", "x/b@node1=192.168.166.129", "x/c@node1=192.168.0.5"),
    });
    expect(addresses(result)).toEqual({ "x/a": ["192.168.0.0"], "x/b": ["192.168.166.129"], "x/c": ["192.168.0.5"] });
    expect(blocks(result, "node1")).toEqual(["192.168.0.0/26", "192.168.166.128/26"]);
  });

  it("in another node's block are borrowed", () => {
    const result = planBlocks({ pools: [large], nodes: nodes("node1", "node2"), pods: pods("x/a@node2=192.168.166.140") });
    expect(result.plan.borrowed.map(({ ip, node, pod, pool }) => [formatIp(ip), node, pod, pool])).toEqual([
      ["192.168.166.140", "node2", "x/a", "pods"],
    ]);
  });

  it("outside every pool, or twice, are problems", () => {
    const { problems } = planBlocks({
      pools: [large],
      nodes: nodes("n"),
      pods: pods("x/a@n=10.0.0.1", "x/b@n=192.168.0.1", "x/c@n=192.168.0.1"),
    });
    expect(problems.map(describeIpamProblem)).toEqual([
      "address 10.0.0.1 of pod x/a lies in no pool",
      "address 192.168.0.1 of pod x/c is taken by pod x/b",
    ]);
  });
});

describe("a pool without free blocks", () => {
  const small = pool("pods", "10.10.0.0/30", 30);

  it("lends addresses from blocks of other nodes", () => {
    const result = planBlocks({ pools: [small], nodes: nodes("a", "b"), pods: pods("x/p@b", "x/q@a") });
    expect(tunnels(result, "b")).toEqual(["vxlan 10.10.0.1"]);
    expect(result.plan.borrowed.map(({ ip, node, pod }) => [formatIp(ip), node, pod])).toEqual([
      ["10.10.0.1", "b", null],
      ["10.10.0.2", "b", "x/p"],
    ]);
  });

  it("is exhausted in the end", () => {
    const result = planBlocks({ pools: [small], nodes: nodes("a", "b", "c"), pods: pods("x/p@b", "x/q@a") });
    expect(result.problems).toEqual([{ kind: "pools-exhausted", family: 4, pools: ["pods"], node: "a", pod: "x/q" }]);
    expect(result.problems.map(describeIpamProblem)).toEqual(["no IPv4 address is left in pool pods for pod x/q on node a"]);
    expect(result.pods.has("x/q")).toBe(false);
  });

  it("gives up a held block in which nobody has an address before it lends any", () => {
    const two = pool("pods", "10.10.0.0/29", 30, "none");
    const held: HeldIpam = {
      blocks: new Map([
        ["10.10.0.0/30", "a"],
        ["10.10.0.4/30", "a"],
      ]),
      tunnels: new Map(),
      pods: new Map([["x/p", { node: "a", addresses: [ip("10.10.0.1")] }]]),
    };
    const result = planBlocks({ pools: [two], nodes: nodes("a", "b"), pods: pods("x/p@a", "x/q@b"), held });
    expect([blocks(result, "a"), blocks(result, "b")]).toEqual([["10.10.0.0/30"], ["10.10.0.4/30"]]);
    expect(result.plan.borrowed).toEqual([]);
  });
});

it("a node gets no more than its limit of blocks, and then borrows nothing", () => {
  const full = Array.from({ length: blockLimit * 4 }, (_, i) => `x/p${i}@n`);
  const result = planBlocks({ pools: [pool("pods", "10.10.0.0/16", 30)], nodes: nodes("n"), pods: pods(...full) });
  expect(blocks(result, "n")).toHaveLength(blockLimit);
  expect(result.problems.map(describeIpamProblem)).toEqual([
    `node n has all 20 IPv4 blocks that Calico gives one node, and no address is left in them for pod x/p${full.length - 1}`,
  ]);
});

describe("with a lock", () => {
  it("everything stays when nothing changes, and the lock does not change", () => {
    const request: IpamRequest = { pools: [large], nodes: nodes("node1", "node2"), pods: pods("x/a@node1", "x/b@node2", "x/c@node1") };
    const first = planBlocks(request);
    const second = planBlocks({ ...request, held: lock(request, first) });
    expect(addresses(second)).toEqual(addresses(first));
    expect(second.plan).toEqual(first.plan);
  });

  it("a pod that moves to another node gets an address there", () => {
    const request: IpamRequest = { pools: [large], nodes: nodes("node1", "node2"), pods: pods("x/a@node1") };
    const moved = planBlocks({ ...request, pods: pods("x/a@node2"), held: lock(request, planBlocks(request)) });
    expect(addresses(moved)).toEqual({ "x/a": ["192.168.104.1"] });
    expect(moved.plan.borrowed).toEqual([]);
  });

  it("a block of a node that is gone goes with it, unless a kept address lies in it", () => {
    const held: HeldIpam = {
      blocks: new Map([
        ["192.168.0.0/26", "gone"],
        ["192.168.0.64/26", "gone"],
      ]),
      tunnels: new Map([["gone", [{ encapsulation: "vxlan", address: ip("192.168.0.0") }]]]),
      pods: new Map([["x/a", { node: "node1", addresses: [ip("192.168.0.7")] }]]),
    };
    const request: IpamRequest = { pools: [large], nodes: nodes("node1"), pods: pods("x/a@node1"), held };
    const result = planBlocks(request);
    expect(addresses(result)).toEqual({ "x/a": ["192.168.0.7"] });
    expect(blocks(result, "node1")).toEqual(["192.168.0.0/26"]);
    expect(planBlocks({ ...request, held: lock(request, result) }).plan).toEqual(result.plan);
  });

  it("what no longer fits the pools is allocated anew", () => {
    const held: HeldIpam = {
      blocks: new Map([
        ["10.0.0.0/26", "node1"],
        ["192.168.1.0/24", "node1"],
        ["nonsense", "node1"],
      ]),
      tunnels: new Map([["node1", [{ encapsulation: "vxlan", address: ip("10.0.0.0") }]]]),
      pods: new Map([["x/a", { node: "node1", addresses: [ip("10.0.0.1")] }]]),
    };
    expect(addresses(planBlocks({ pools: [large], nodes: nodes("node1"), pods: pods("x/a@node1"), held }))).toEqual({
      "x/a": ["192.168.166.129"],
    });
  });

  it("a pinned address is taken from the pod that the lock gave it to", () => {
    const request: IpamRequest = { pools: [large], nodes: nodes("node1"), pods: pods("x/a@node1") };
    const held = lock(request, planBlocks(request));
    expect(addresses(planBlocks({ ...request, pods: pods("x/a@node1", "x/b@node1=192.168.166.129"), held }))).toEqual({
      "x/a": ["192.168.166.130"],
      "x/b": ["192.168.166.129"],
    });
  });
});

describe("laws", () => {
  const request = fc
    .record({
      nodeCount: fc.integer({ min: 1, max: 8 }),
      podNodes: fc.array(fc.nat(7), { maxLength: 60 }),
      prefix: fc.integer({ min: 22, max: 28 }),
      blockSize: fc.integer({ min: 28, max: 32 }),
      dual: fc.boolean(),
    })
    .map(({ nodeCount, podNodes, prefix, blockSize, dual }): IpamRequest => ({
      pools: [pool("four", `10.10.0.0/${prefix}`, blockSize), ...(dual ? [pool("six", "fd00:10::/116", 124)] : [])],
      nodes: nodes(...Array.from({ length: nodeCount }, (_, i) => `n${i}`)),
      pods: pods(...podNodes.map((n, i) => `x/p${i}@n${n % nodeCount}`)),
    }));
  const parameters = { seed: 20261122, numRuns: 200 };

  it("no address twice, all in their pools, no block twice", () => {
    fc.assert(
      fc.property(request, (of) => {
        const { plan, pods: given, problems } = planBlocks(of);
        const all = [...plan.nodes.flatMap(({ tunnels }) => tunnels.map(({ address }) => address)), ...[...given.values()].flat()];
        expect(new Set(all.map(formatIp)).size).toBe(all.length);
        expect(all.every((address) => of.pools.some(({ cidr }) => contains(cidr, address)))).toBe(true);
        const cidrs = plan.nodes
          .flatMap(({ blocks }) => blocks.map(({ cidr }) => cidr))
          .toSorted((x, y) => x.ip.family - y.ip.family || x.ip.d - y.ip.d);
        expect(cidrs.some((cidr, i) => i > 0 && overlaps(cidrs[i - 1] ?? cidr, cidr))).toBe(false);
        // Every address lies in a block of its node or is borrowed.
        const borrowed = new Set(plan.borrowed.map(({ ip }) => formatIp(ip)));
        const own = new Map(plan.nodes.map(({ node, blocks }) => [node, blocks]));
        for (const { key, node } of of.pods) {
          for (const address of given.get(key) ?? [])
            expect(own.get(node)?.some(({ cidr }) => contains(cidr, address)) ?? false).toBe(!borrowed.has(formatIp(address)));
        }
        if (problems.length === 0) for (const { key } of of.pods) expect(given.get(key)).toHaveLength(of.pools.length);
      }),
      parameters,
    );
  });

  it("a lock keeps every address when pods come and go, and is then the lock again", () => {
    fc.assert(
      fc.property(request, fc.integer({ min: 1, max: 9 }), (of, step) => {
        const first = planBlocks(of);
        const held = lock(of, first);
        const changed: IpamRequest = { ...of, pods: [...of.pods.filter((_, i) => i % step !== 0), ...pods("x/new@n0")], held };
        const second = planBlocks(changed);
        for (const { key } of changed.pods)
          if (first.pods.has(key)) expect(second.pods.get(key)?.slice(0, first.pods.get(key)?.length)).toEqual(first.pods.get(key));
        for (const [i, { tunnels }] of first.plan.nodes.entries())
          expect(second.plan.nodes[i]?.tunnels.slice(0, tunnels.length)).toEqual(tunnels);
        expect(planBlocks({ ...changed, held: lock(changed, second) }).plan).toEqual(second.plan);
      }),
      parameters,
    );
  });

  it("the order of pools and nodes does not matter", () => {
    fc.assert(
      fc.property(request, (of) => {
        const turned = planBlocks({ ...of, pools: of.pools.toReversed(), nodes: of.nodes.toReversed() });
        expect(turned).toEqual(planBlocks(of));
      }),
      parameters,
    );
  });
});

it("plans 5,000 nodes and 150,000 pods in seconds", () => {
  const names = Array.from({ length: 5_000 }, (_, i) => `node-${i}`);
  const request: IpamRequest = {
    pools: [pool("pods", "10.0.0.0/11", 26)],
    nodes: nodes(...names),
    pods: Array.from({ length: 150_000 }, (_, i) => ({ key: `x/p${i}`, node: `node-${i % 5_000}` })),
  };
  const started = performance.now();
  const result = planBlocks(request);
  expect(performance.now() - started).toBeLessThan(10_000);
  expect([result.pods.size, result.problems.length, result.plan.borrowed.length]).toEqual([150_000, 0, 0]);
});
