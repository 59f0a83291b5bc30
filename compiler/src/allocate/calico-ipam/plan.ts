/**
 * Calico's address management as a deterministic planner: which node owns which block, which address every tunnel
 * and pod gets. It follows AutoAssign (own blocks, then a new block from the node's start index, then an empty block
 * of another node, then any free address); the order of requests, which in a cluster is that of events, is: tunnels
 * of all nodes by node name, then pods with pinned addresses, then the other pods in the given order.
 */
import { compareCidr, compareIp, compareText, formatCidr, formatIp, maskCidr, parseCidr } from "@knet/language/values";
import type { Cidr, Family, Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { BorrowedAddress, IpamPlan, NodeIpam, TunnelAddress } from "../../model/ipam.ts";
import type { IpPool, Labels, PoolUse } from "../../model/types.ts";
import { Block, PoolState } from "./pool.ts";
import { PoolSelection } from "./pool-selection.ts";
import { startIndex } from "./start-index.ts";

/** How many blocks a node may own within the pools of a request: Calico's limit when `maxBlocksPerHost` is 0. */
export const blockLimit = 20;

/** What a lock keeps. Entries of nodes and pods that are gone, and addresses outside every pool, are passed over. */
export interface HeldIpam {
  /** Block CIDR to node. */
  readonly blocks: ReadonlyMap<string, string>;
  /** By node. */
  readonly tunnels: ReadonlyMap<string, readonly TunnelAddress[]>;
  /** By pod key. Addresses stay with a pod only on the node where it had them. */
  readonly pods: ReadonlyMap<string, { readonly node: string; readonly addresses: readonly Ip[] }>;
}

export const nothingHeld: HeldIpam = { blocks: new Map(), tunnels: new Map(), pods: new Map() };

export interface IpamRequest {
  readonly pools: readonly IpPool[];
  /** `labels` are what node selectors of pools read; absent: none. */
  readonly nodes: readonly { readonly name: string; readonly labels?: Labels; readonly origin: Origin }[];
  /** Pods with an own network namespace, in the order in which they ask. `key` is `namespace/name`. */
  readonly pods: readonly { readonly key: string; readonly node: string; readonly pinned?: readonly Ip[] }[];
  readonly held?: HeldIpam;
}

export type IpamProblem =
  /** No address of the family is left; `pod` is null for a tunnel address. */
  | {
      readonly kind: "pools-exhausted";
      readonly family: Family;
      readonly pools: readonly string[];
      readonly node: string;
      readonly pod: string | null;
    }
  /** No pool of the family gives the node addresses for the use: disabled, manual, for other nodes or another use. */
  | { readonly kind: "no-pool"; readonly family: Family; readonly node: string; readonly pod: string | null }
  /** The node owns as many blocks as it may and all are full. Calico does not borrow then. */
  | { readonly kind: "block-limit"; readonly family: Family; readonly limit: number; readonly node: string; readonly pod: string | null }
  /** A pinned address in no pool that is enabled and open to pods. */
  | { readonly kind: "outside-pools"; readonly pod: string; readonly address: Ip }
  /** A pinned address that another pod has pinned. */
  | { readonly kind: "already-taken"; readonly pod: string; readonly address: Ip; readonly holder: string };

export interface IpamResult {
  readonly plan: IpamPlan;
  /** One address per family of the pools, IPv4 first; fewer where a problem says so. By pod key. */
  readonly pods: ReadonlyMap<string, readonly Ip[]>;
  readonly problems: readonly IpamProblem[];
}

type TunnelKind = { readonly encapsulation: "ipip" | "vxlan"; readonly family: Family };

const tunnelKinds: readonly TunnelKind[] = [
  { encapsulation: "ipip", family: 4 },
  { encapsulation: "vxlan", family: 4 },
  { encapsulation: "vxlan", family: 6 },
];

function tunnelPools(pools: readonly PoolState[], kind: TunnelKind): readonly PoolState[] {
  return pools.filter(
    ({ family, pool }) =>
      family === kind.family && (pool.encapsulation === kind.encapsulation || pool.encapsulation === `${kind.encapsulation}-cross-subnet`),
  );
}

function tunnelKey(node: string, kind: TunnelKind): string {
  return `${node} ${kind.encapsulation} ${kind.family}`;
}

interface Assigned {
  readonly ip: Ip;
  readonly block: Block;
  readonly node: string;
  readonly pod: string | null;
}

export function planBlocks(request: IpamRequest): IpamResult {
  return new Planner(request).plan();
}

class Planner {
  readonly #request: IpamRequest;
  readonly #held: HeldIpam;
  /** In name order, as AutoAssign tries them. */
  readonly #pools: readonly PoolState[];
  readonly #families: readonly Family[];
  readonly #nodes: readonly string[];
  readonly #selection: PoolSelection;
  /** Blocks of a node in the order of their datastore names. */
  readonly #owned = new Map<string, Block[]>();
  /** Held blocks in which nobody has an address: what a node without a free block may take over. */
  readonly #idle = new Set<Block>();
  readonly #starts = new Map<string, bigint>();
  readonly #assigned: Assigned[] = [];
  readonly #tunnels = new Map<string, TunnelAddress[]>();
  readonly #pods = new Map<string, Ip[]>();
  readonly #problems: IpamProblem[] = [];

  constructor(request: IpamRequest) {
    this.#request = request;
    this.#held = request.held ?? nothingHeld;
    // A pool that is smaller than one of its blocks is disabled and has never given anything out.
    const cut = request.pools.filter((pool) => pool.blockSize >= pool.cidr.prefix);
    this.#pools = cut.toSorted((x, y) => compareText(x.name, y.name)).map((pool) => new PoolState(pool));
    this.#selection = new PoolSelection(new Map(request.nodes.map(({ name, labels }) => [name, labels ?? {}])));
    this.#families = ([4, 6] as const).filter((family) => this.#pools.some((pool) => pool.family === family));
    this.#nodes = request.nodes.map(({ name }) => name).toSorted(compareText);
    for (const node of this.#nodes) {
      this.#owned.set(node, []);
      this.#tunnels.set(node, []);
    }
  }

  plan(): IpamResult {
    const pinned = this.#reservePinned();
    const keptTunnels = this.#reserveHeldTunnels();
    const keptPods = this.#reserveHeldPods(pinned);
    this.#restoreBlocks();
    for (const { node, ip } of [...keptTunnels, ...keptPods]) this.#adopt(ip, node);

    const tunnels = new Map(keptTunnels.map(({ node, kind, ip }) => [tunnelKey(node, kind), ip]));
    for (const node of this.#nodes) this.#assignTunnels(node, tunnels);
    for (const pod of this.#request.pods) {
      for (const ip of pinned.get(pod.key) ?? []) this.#record(pod.key, pod.node, this.#adopt(ip, pod.node), ip);
    }
    for (const { key, node, ip } of keptPods) this.#record(key, node, this.#adopt(ip, node), ip);
    for (const pod of this.#request.pods) this.#assignPod(pod.key, pod.node, pinned.get(pod.key) ?? []);
    return this.#result();
  }

  #poolOf(ip: Ip): PoolState | undefined {
    return this.#pools.find((pool) => pool.has(ip));
  }

  #reservePinned(): ReadonlyMap<string, readonly Ip[]> {
    const pinned = new Map<string, Ip[]>();
    for (const { key, pinned: addresses } of this.#request.pods) {
      for (const address of addresses ?? []) {
        const pool = this.#poolOf(address);
        const isOpen = pool !== undefined && this.#selection.takesRequests(pool.pool);
        const holder = isOpen ? pool.reserve(address, key) : undefined;
        if (holder === undefined) this.#problems.push({ kind: "outside-pools", pod: key, address });
        else if (holder !== null) this.#problems.push({ kind: "already-taken", pod: key, address, holder });
        else pinned.set(key, [...(pinned.get(key) ?? []), address]);
      }
    }
    return pinned;
  }

  #reserveHeldTunnels(): readonly { readonly node: string; readonly kind: TunnelKind; readonly ip: Ip }[] {
    return this.#nodes.flatMap((node) =>
      tunnelKinds.flatMap((kind) => {
        const ip = this.#held.tunnels
          .get(node)
          ?.find((held) => held.encapsulation === kind.encapsulation && held.address.family === kind.family)?.address;
        const pool = ip === undefined ? undefined : this.#open(tunnelPools(this.#pools, kind), node, "Tunnel").find((pool) => pool.has(ip));
        return ip === undefined || pool === undefined || pool.reserve(ip, `tunnel of ${node}`) !== null ? [] : [{ node, kind, ip }];
      }),
    );
  }

  #reserveHeldPods(
    pinned: ReadonlyMap<string, readonly Ip[]>,
  ): readonly { readonly key: string; readonly node: string; readonly ip: Ip }[] {
    return this.#request.pods
      .toSorted((x, y) => compareText(x.key, y.key))
      .flatMap(({ key, node, pinned: asked }) => {
        const held = this.#held.pods.get(key);
        if (held === undefined || held.node !== node) return [];
        return this.#families.flatMap((family) => {
          if (pinned.get(key)?.some((ip) => ip.family === family) === true || asked?.some((ip) => ip.family === family) === true) return [];
          const ip = held.addresses.find((address) => address.family === family);
          return ip === undefined || this.#poolOf(ip)?.reserve(ip, key) !== null ? [] : [{ key, node, ip }];
        });
      });
  }

  /** Affinities of the lock. A block whose node is gone goes to the node of a kept address in it, if any. */
  #restoreBlocks(): void {
    for (const [text, node] of [...this.#held.blocks].toSorted(([x], [y]) => compareText(x, y))) {
      const cidr = parseCidr(text);
      const pool = cidr === null ? undefined : this.#poolOf(cidr.ip);
      if (cidr === null || pool === undefined || cidr.prefix !== pool.blockSize) continue;
      const { index, ordinal } = pool.place(cidr.ip);
      if (ordinal !== 0 || pool.block(index) !== undefined || !this.#owned.has(node)) continue;
      const block = this.#create(pool, index, node);
      if (block.empty) this.#idle.add(block);
    }
  }

  #create(pool: PoolState, index: bigint, owner: string): Block {
    const block = pool.create(index, owner);
    this.#give(block, owner);
    return block;
  }

  #give(block: Block, owner: string): void {
    block.owner = owner;
    const owned = this.#owned.get(owner);
    if (owned === undefined) return;
    const at = owned.findIndex((other) => compareText(block.name, other.name) < 0);
    owned.splice(at < 0 ? owned.length : at, 0, block);
  }

  /** The block of a reserved address, claimed for the node when it does not exist. */
  #adopt(ip: Ip, node: string): Block | null {
    const pool = this.#poolOf(ip);
    if (pool === undefined) return null;
    const { index } = pool.place(ip);
    return pool.block(index) ?? this.#create(pool, index, node);
  }

  #record(pod: string, node: string, block: Block | null, ip: Ip): void {
    if (block === null) return;
    this.#assigned.push({ ip, block, node, pod });
    const addresses = this.#pods.get(pod);
    if (addresses === undefined) this.#pods.set(pod, [ip]);
    else addresses.push(ip);
  }

  #assignTunnels(node: string, kept: ReadonlyMap<string, Ip>): void {
    for (const kind of tunnelKinds) {
      const tunnelled = tunnelPools(this.#pools, kind);
      if (tunnelled.length === 0) continue;
      const candidates = this.#open(tunnelled, node, "Tunnel");
      const held = kept.get(tunnelKey(node, kind));
      const block = held === undefined ? this.#autoAssign(node, candidates, kind.family, null) : this.#adopt(held, node);
      if (block === null) continue;
      const ip = held ?? block.pop();
      this.#assigned.push({ ip, block, node, pod: null });
      this.#tunnels.get(node)?.push({ encapsulation: kind.encapsulation, address: ip });
    }
  }

  #assignPod(key: string, node: string, pinned: readonly Ip[]): void {
    for (const family of this.#families) {
      const has = this.#pods.get(key)?.some((ip) => ip.family === family) ?? false;
      if (has || pinned.some((ip) => ip.family === family)) continue;
      const candidates = this.#open(
        this.#pools.filter((pool) => pool.family === family),
        node,
        "Workload",
      );
      const block = this.#autoAssign(node, candidates, family, key);
      if (block !== null) this.#record(key, node, block, block.pop());
    }
  }

  /** The pools that give new addresses to the node for the use. */
  #open(pools: readonly PoolState[], node: string, use: PoolUse): readonly PoolState[] {
    return pools.every(({ pool }) => this.#selection.isOrdinary(pool)) ? pools : pools.filter(({ pool }) => this.#selection.serves(pool, node, use));
  }

  /** The block that the next address comes from; null when there is none, which is a problem then. */
  #autoAssign(node: string, candidates: readonly PoolState[], family: Family, pod: string | null): Block | null {
    if (candidates.length === 0) {
      this.#problems.push({ kind: "no-pool", family, node, pod });
      return null;
    }
    const owned = (this.#owned.get(node) ?? []).filter((block) => candidates.includes(block.pool));
    const own = owned.find((block) => block.free > 0);
    if (own !== undefined) {
      this.#idle.delete(own);
      return own;
    }
    if (owned.length >= blockLimit) {
      this.#problems.push({ kind: "block-limit", family, limit: blockLimit, node, pod });
      return null;
    }
    for (const pool of candidates) {
      const index = pool.unclaimed(this.#start(node, pool));
      if (index !== null) return this.#create(pool, index, node);
    }
    const reclaimed = this.#reclaim(node, candidates);
    if (reclaimed !== null) return reclaimed;
    for (const pool of candidates) {
      const block = pool.borrowable(this.#start(node, pool));
      if (block !== null) return block;
    }
    this.#problems.push({ kind: "pools-exhausted", family, pools: candidates.map(({ pool }) => pool.name), node, pod });
    return null;
  }

  /** An empty block of another node: the one that comes first in the walk from the node's start index. */
  #reclaim(node: string, candidates: readonly PoolState[]): Block | null {
    for (const pool of candidates) {
      const start = this.#start(node, pool);
      const distance = (block: Block): bigint => (block.index - start + pool.blockCount) % pool.blockCount;
      let best: Block | null = null;
      for (const block of this.#idle) {
        if (block.pool === pool && block.empty && (best === null || distance(block) < distance(best))) best = block;
      }
      if (best === null) continue;
      const owned = this.#owned.get(best.owner);
      if (owned !== undefined) owned.splice(owned.indexOf(best), 1);
      this.#give(best, node);
      this.#idle.delete(best);
      return best;
    }
    return null;
  }

  #start(node: string, pool: PoolState): bigint {
    const key = `${node} ${pool.blockCount} ${pool.blockLength === 1}`;
    let start = this.#starts.get(key);
    if (start === undefined) {
      start = startIndex(node, pool.blockCount, pool.blockLength === 1);
      this.#starts.set(key, start);
    }
    return start;
  }

  #result(): IpamResult {
    const origins = new Map(this.#request.nodes.map(({ name, origin }) => [name, origin]));
    const nodes = this.#nodes.flatMap((node): NodeIpam[] => {
      const origin = origins.get(node);
      if (origin === undefined) return [];
      const blocks = (this.#owned.get(node) ?? [])
        .map(({ cidr, pool }): { readonly cidr: Cidr; readonly pool: string } => ({ cidr, pool: pool.pool.name }))
        .toSorted((x, y) => compareCidr(x.cidr, y.cidr));
      return [{ node, blocks, tunnels: this.#tunnels.get(node) ?? [], origin }];
    });
    const borrowed = this.#assigned
      .filter(({ block, node }) => block.owner !== node)
      .map(({ ip, block, node, pod }): BorrowedAddress => ({ ip, pool: block.pool.pool.name, node, pod }))
      .toSorted((x, y) => compareIp(x.ip, y.ip));
    const pods = new Map([...this.#pods].map(([key, addresses]) => [key, addresses.toSorted(compareIp)]));
    return { plan: { nodes, borrowed }, pods, problems: this.#problems };
  }
}

/** The sections `blocks` and `tunnels` of a lock. */
export function heldBlocks(plan: IpamPlan): Pick<HeldIpam, "blocks" | "tunnels"> {
  return {
    blocks: new Map(plan.nodes.flatMap(({ node, blocks }) => blocks.map(({ cidr }) => [formatCidr(maskCidr(cidr)), node] as const))),
    tunnels: new Map(plan.nodes.filter(({ tunnels }) => tunnels.length > 0).map(({ node, tunnels }) => [node, tunnels])),
  };
}

/** One sentence without a full stop, for a diagnostic. */
export function describeIpamProblem(problem: IpamProblem): string {
  switch (problem.kind) {
    case "pools-exhausted":
      return `no IPv${problem.family} address is left in pool ${problem.pools.join(", ")} for ${problem.pod === null ? `the tunnel of node ${problem.node}` : `pod ${problem.pod} on node ${problem.node}`}`;
    case "no-pool":
      return `no IPv${problem.family} pool gives node ${problem.node} addresses for ${problem.pod === null ? "its tunnel" : `pods, and pod ${problem.pod} runs there`}`;
    case "block-limit":
      return `node ${problem.node} has all ${problem.limit} IPv${problem.family} blocks that Calico gives one node, and no address is left in them for ${problem.pod === null ? "its tunnel" : `pod ${problem.pod}`}`;
    case "outside-pools":
      return `address ${formatIp(problem.address)} of pod ${problem.pod} lies in no pool`;
    case "already-taken":
      return `address ${formatIp(problem.address)} of pod ${problem.pod} is taken by pod ${problem.holder}`;
  }
}
