/** What each class of endpoints reaches of each other, asked once for all that no rule tells apart. */
import type { Family, Transport } from "@knet/language/values";
import type { Firewall, NetworkModel } from "../model/types.ts";
import { addressIn, representativePairs } from "./classes.ts";
import type { EndpointClass, EndpointClasses, Member, Relation } from "./classes.ts";
import type { Judges, Served } from "./judges.ts";
import { bit } from "./ports.ts";
import type { PortSpace } from "./ports.ts";
import type { Detour } from "./types.ts";

export type Masks = ReadonlyMap<Family, bigint>;

/** Ports that one class reaches of another, by how the two stand to each other. */
export interface Cell {
  readonly direct: ReadonlyMap<Relation, Masks>;
}

/** By ports of the nodes. */
export interface Detours {
  readonly masks: Masks;
  readonly ways: readonly (Detour & { readonly family: Family })[];
}

/** Ports that nothing between the two tells apart, and the first of them. */
interface PortGroup {
  readonly signature: string;
  readonly mask: bigint;
  readonly protocol: Transport;
  readonly port: number;
}

interface NodePort {
  readonly service: string;
  readonly protocol: Transport;
  readonly nodePort: number;
  readonly families: readonly Family[];
  readonly backends: ReadonlySet<number>;
}

/** With more pairs of classes than this, pairs that the same rules decide are asked about once. */
const exactPairs = 2500;

const kubeletPort = 10250;

export class Matrix {
  readonly #classes: EndpointClasses;
  readonly #ports: PortSpace;
  readonly #judges: Judges;
  readonly #cells = new Map<string, Cell>();
  readonly #groups = new Map<string, readonly PortGroup[]>();
  /** Nodes that were asked already. */
  readonly #known = new Set<string>();
  readonly #answers = new Answers();
  readonly #nodePorts: readonly NodePort[];
  readonly #detours = new Map<number, ReadonlyMap<number, Detours>>();
  readonly #nodeKinds = new Map<string, readonly (readonly Member[])[]>();
  readonly #served = new Map<string, readonly Served[]>();
  readonly #shares: boolean;

  constructor(model: NetworkModel, classes: EndpointClasses, ports: PortSpace, judges: Judges) {
    this.#classes = classes;
    this.#ports = ports;
    this.#judges = judges;
    this.#shares = classes.pods.length ** 2 > exactPairs;
    this.#nodePorts = model.services.flatMap((service): readonly NodePort[] => {
      const families = ([4, 6] as const).filter((family) => service.clusterIps.some((ip) => ip.family === family));
      const selected = model.pods.filter(
        (pod) =>
          pod.namespace === service.namespace && Object.entries(service.selector ?? {}).every(([key, value]) => pod.labels[key] === value),
      );
      const backends = new Set(selected.flatMap((pod) => classes.classOf(`pod/${pod.namespace}/${pod.name}`)?.id ?? []));
      return service.ports.flatMap((port) =>
        port.nodePort === null
          ? []
          : [{ service: `${service.namespace}/${service.name}`, protocol: port.protocol, nodePort: port.nodePort, families, backends }],
      );
    });
  }

  /** A machine to a pod of its own always gets there and is left out; a pod to its own machine stands under `node`. */
  cell(a: EndpointClass, b: EndpointClass): Cell {
    const key = `${a.id} ${b.id}`;
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      const direct = new Map<Relation, Masks>();
      for (const [relation, from, to] of representativePairs(a, b, this.#known)) {
        if (relation === "node" && a.kind === "node") continue;
        const families = a.families.filter((family) => b.families.includes(family));
        direct.set(relation, new Map(families.map((family) => [family, this.#reached(a, b, relation, from, to, family)])));
      }
      cell = { direct };
      this.#cells.set(key, cell);
    }
    return cell;
  }

  #reached(a: EndpointClass, b: EndpointClass, relation: Relation, from: Member, to: Member, family: Family): bigint {
    const address = addressIn(to, family);
    const path = `${relation} ${family} ${a.place} ${b.place}`;
    const ends = `${family} ${nameOf(a)} ${nameOf(b)}`;
    let mask = 0n;
    for (const group of this.#portGroups(a, b, family)) {
      const decision = `${ends} ${group.signature}`;
      let reached = this.#shares ? this.#answers.of(path, decision) : undefined;
      if (reached === undefined) {
        for (const node of [from.node, to.node]) if (node !== null) this.#known.add(node);
        const served = this.#judges.ask(from, to, address, group.protocol, group.port);
        reached = served.some(({ server, port }) => server === to.server && port === group.port);
        this.#answers.enter(path, decision, reached);
      }
      if (reached) mask |= group.mask;
    }
    return mask;
  }

  #portGroups(a: EndpointClass, b: EndpointClass, family: Family): readonly PortGroup[] {
    const { rules } = this.#classes;
    const out = rules.between(a.subject.egress, b.peers?.get(family) ?? this.#addressPeers(b, family));
    // What a machine looks like to a pod depends on the way; then every rule may be about it.
    const into = a.peers === null ? b.subject.ingress : rules.between(b.subject.ingress, a.peers.get(family) ?? new Set());
    const key = `${out.join()}|${into.join()}|${b.pod === null ? "" : rules.namedPorts(b.pod)}|${b.kind === "node" ? b.place : ""}`;
    let groups = this.#groups.get(key);
    if (groups === undefined) {
      const found = new Map<string, PortGroup>();
      for (const { index, protocol, first, overlay } of this.#ports.classes) {
        if (overlay) continue;
        const signature = [
          rules.about(out, protocol, first, b.pod).join(),
          rules.about(into, protocol, first, b.pod).join(),
          ...(b.kind === "node" ? [this.#machinePort(b.firewalls, protocol, first)] : []),
        ].join("|");
        const group = found.get(signature);
        found.set(
          signature,
          group === undefined ? { signature, mask: bit(index), protocol, port: first } : { ...group, mask: group.mask | bit(index) },
        );
      }
      groups = [...found.values()];
      this.#groups.set(key, groups);
    }
    return groups;
  }

  /** A machine is asked under the address of its wire. */
  #addressPeers(b: EndpointClass, family: Family): ReadonlySet<number> {
    const [member] = b.members;
    return new Set(member === undefined ? [] : this.#classes.rules.peersByAddress(addressIn(member, family)));
  }

  /** What firewalls, node ports and the kubelet make of a machine's port. */
  #machinePort(firewalls: readonly Firewall[], protocol: Transport, port: number): string {
    const admitted = firewalls.flatMap((firewall) =>
      firewall.rules.flatMap((rule, index) =>
        rule.ports.length === 0 || rule.ports.some((range) => range.protocol === protocol && range.first <= port && port <= range.last)
          ? [`${firewall.name}.${index}`]
          : [],
      ),
    );
    const open = this.#nodePorts.some((entry) => entry.protocol === protocol && entry.nodePort === port);
    return `${admitted.join()} ${open ? `node port ${port}` : ""} ${protocol === "tcp" && port === kubeletPort ? "kubelet" : ""}`;
  }

  // Node ports ----------------------------------------------------------------------------------------

  /** What the class reaches by ports of the nodes, by class. */
  detours(a: EndpointClass): ReadonlyMap<number, Detours> {
    let found = this.#detours.get(a.id);
    if (found === undefined) {
      found = this.#detoursOf(a);
      this.#detours.set(a.id, found);
    }
    return found;
  }

  #detoursOf(a: EndpointClass): ReadonlyMap<number, Detours> {
    const found = new Map<number, { masks: Map<Family, bigint>; ways: Map<string, Detour & { family: Family }> }>();
    for (const entry of this.#nodePorts) {
      const { service, protocol, nodePort } = entry;
      for (const family of entry.families) {
        if (!a.families.includes(family)) continue;
        for (const { from, node, kind } of this.#entries(a, entry)) {
          if (!node.addresses.some((ip) => ip.family === family)) continue;
          for (const { server, port } of this.#throughNodePort(a, entry, family, kind, from, node)) {
            const target = this.#classes.classOf(server);
            const at = this.#ports.at(protocol, port);
            if (target === undefined || target.kind !== "pod" || at === null) continue;
            const into = found.get(target.id) ?? { masks: new Map(), ways: new Map() };
            found.set(target.id, into);
            into.masks.set(family, (into.masks.get(family) ?? 0n) | bit(at));
            into.ways.set(`${service} ${nodePort}/${protocol} ${port} ${family}`, { service, protocol, nodePort, port, family });
          }
        }
      }
    }
    return new Map([...found].map(([id, { masks, ways }]) => [id, { masks, ways: [...ways.values()] }]));
  }

  #throughNodePort(a: EndpointClass, entry: NodePort, family: Family, kind: string, from: Member, node: Member): readonly Served[] {
    const { rules } = this.#classes;
    const decisions = [...entry.backends].map((id) => {
      const backend = this.#classes.pods.find((candidate) => candidate.id === id);
      if (backend === undefined) return "";
      const out = rules.between(a.subject.egress, backend.peers?.get(family) ?? new Set());
      return `${out.join()}|${a.peers === null ? "" : rules.between(backend.subject.ingress, a.peers.get(family) ?? new Set()).join()}`;
    });
    const key = `${nameOf(a)} ${kind} ${family} ${entry.nodePort}/${entry.protocol} ${decisions.join(" ")}`;
    const before = this.#shares ? this.#served.get(key) : undefined;
    if (before !== undefined) return before;
    for (const name of [from.node, node.node]) if (name !== null) this.#known.add(name);
    const served = this.#judges.ask(from, node, addressIn(node, family), entry.protocol, entry.nodePort);
    this.#served.set(key, served);
    return served;
  }

  /** A sender and the node that it asks: one pair for each kind of node, its own and others. */
  #entries(a: EndpointClass, entry: NodePort): readonly { readonly from: Member; readonly node: Member; readonly kind: string }[] {
    const best = (members: readonly Member[]): Member | undefined =>
      members.find((member) => this.#known.has(member.node ?? "")) ?? members[0];
    return this.#kinds(entry).flatMap((nodes, index) => {
      const own = best(nodes.filter((node) => a.byNode.has(node.node ?? "")));
      const before = a.byNode.get(own?.node ?? "")?.[0];
      const other = best(nodes);
      const sender = best(a.members.filter((member) => member.node !== other?.node));
      const second = best(nodes.filter((node) => node !== other));
      const [elsewhere] = a.members;
      const pairs: { from: Member; node: Member; kind: string }[] = [];
      if (own !== undefined && before !== undefined) pairs.push({ from: before, node: own, kind: `own ${index}` });
      if (sender !== undefined && other !== undefined) pairs.push({ from: sender, node: other, kind: `other ${index}` });
      else if (second !== undefined && elsewhere !== undefined) pairs.push({ from: elsewhere, node: second, kind: `other ${index}` });
      return pairs;
    });
  }

  /** Nodes that nothing tells apart, nor which backends they run. */
  #kinds(entry: NodePort): readonly (readonly Member[])[] {
    const key = `${entry.service} ${entry.nodePort}/${entry.protocol}`;
    let kinds = this.#nodeKinds.get(key);
    if (kinds === undefined) {
      const backends = this.#classes.pods.filter(({ id }) => entry.backends.has(id));
      const byKind = new Map<string, Member[]>();
      for (const nodes of this.#classes.nodes) {
        for (const node of nodes.members) {
          if (node.host !== node.server) continue;
          const local = backends.filter(({ byNode }) => byNode.has(node.node ?? "")).map(({ id }) => id);
          const kind = `${nodes.id} ${local.join()}`;
          const members = byKind.get(kind);
          if (members === undefined) byKind.set(kind, [node]);
          else members.push(node);
        }
      }
      kinds = [...byKind.values()];
      this.#nodeKinds.set(key, kinds);
    }
    return kinds;
  }

  /** Its own machine, for pods; null when there is no pod. */
  own(a: EndpointClass): Masks | null {
    if (a.kind !== "pod") return null;
    const found = new Map<Family, bigint>();
    for (const nodes of this.#classes.nodes) {
      const masks = nodes.members.some((member) => member.host === member.server) ? this.cell(a, nodes).direct.get("node") : undefined;
      if (masks === undefined) continue;
      // Nodes of the place that the class stands in are of one class.
      for (const [family, mask] of masks) found.set(family, mask);
    }
    return found.size > 0 ? found : null;
  }
}

/**
 * Answers of pairs that the same rules decide. A way between two places on which something was reached is open, and
 * then rules alone decide, on every open way alike.
 */
class Answers {
  readonly #exact = new Map<string, boolean>();
  readonly #byRules = new Map<string, boolean>();
  readonly #open = new Set<string>();

  of(path: string, decision: string): boolean | undefined {
    return (this.#open.has(path) ? this.#byRules.get(decision) : undefined) ?? this.#exact.get(`${path} ${decision}`);
  }

  enter(path: string, decision: string, reached: boolean): void {
    this.#exact.set(`${path} ${decision}`, reached);
    if (reached) this.#open.add(path);
    if (this.#open.has(path)) this.#byRules.set(decision, reached);
  }
}

/** Pods share answers; what has addresses of its own does not. */
function nameOf(entry: EndpointClass): string {
  if (entry.kind !== "pod") return `${entry.kind} ${entry.id}`;
  const { ingress, egress } = entry.subject.isolation;
  return `pod ${entry.place} ${ingress.length > 0} ${egress.length > 0}`;
}
