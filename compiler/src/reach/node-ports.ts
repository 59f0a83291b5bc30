/** Ways to pods by ports of the nodes. */
import type { Family, Transport } from "@knet/language/values";
import type { NetworkModel } from "../model/types.ts";
import { nameOf } from "./answers.ts";
import { addressIn } from "./classes.ts";
import type { EndpointClass, EndpointClasses, Member } from "./classes.ts";
import type { Judges, Served } from "./judges.ts";
import type { Masks } from "./matrix.ts";
import { bit } from "./ports.ts";
import type { PortSpace } from "./ports.ts";
import type { Detour } from "./types.ts";

export interface Detours {
  readonly masks: Masks;
  readonly ways: readonly (Detour & { readonly family: Family })[];
}

interface NodePort {
  readonly service: string;
  readonly protocol: Transport;
  readonly nodePort: number;
  readonly families: readonly Family[];
  readonly backends: readonly EndpointClass[];
}

/** Nodes that nothing tells apart, nor which backends of a service they run. */
interface NodeKind {
  readonly members: readonly Member[];
  /** By name of the node. */
  readonly byNode: ReadonlyMap<string, Member>;
}

export class NodePorts {
  readonly #classes: EndpointClasses;
  readonly #ports: PortSpace;
  readonly #judges: Judges;
  /** Nodes that were asked already; shared with who asks about others. */
  readonly #known: Set<string>;
  readonly #shares: boolean;
  readonly #entries: readonly NodePort[];
  readonly #detours = new Map<number, ReadonlyMap<number, Detours>>();
  readonly #kinds = new Map<string, readonly NodeKind[]>();
  readonly #served = new Map<string, readonly Served[]>();

  constructor(model: NetworkModel, classes: EndpointClasses, ports: PortSpace, judges: Judges, known: Set<string>, shares: boolean) {
    this.#classes = classes;
    this.#ports = ports;
    this.#judges = judges;
    this.#known = known;
    this.#shares = shares;
    this.#entries = model.services
      .filter((service) => service.ports.some((port) => port.nodePort !== null))
      .flatMap((service): readonly NodePort[] => {
        const families = ([4, 6] as const).filter((family) => service.clusterIps.some((ip) => ip.family === family));
        const selected = model.pods.filter(
          (pod) =>
            pod.namespace === service.namespace && Object.entries(service.selector ?? {}).every(([key, value]) => pod.labels[key] === value),
        );
        const found = new Set(selected.flatMap((pod) => classes.classOf(`pod/${pod.namespace}/${pod.name}`) ?? []));
        const backends = [...found].filter(({ kind }) => kind === "pod");
        return service.ports.flatMap((port) =>
          port.nodePort === null
            ? []
            : [{ service: `${service.namespace}/${service.name}`, protocol: port.protocol, nodePort: port.nodePort, families, backends }],
        );
      });
  }

  isOpen(protocol: Transport, port: number): boolean {
    return this.#entries.some((entry) => entry.protocol === protocol && entry.nodePort === port);
  }

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
    for (const entry of this.#entries) {
      const { service, protocol, nodePort } = entry;
      for (const family of entry.families) {
        if (!a.families.includes(family)) continue;
        for (const { from, node, kind } of this.#pairs(a, entry)) {
          if (!node.addresses.some((ip) => ip.family === family)) continue;
          for (const { server, port } of this.#through(a, entry, family, kind, from, node)) {
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

  #through(a: EndpointClass, entry: NodePort, family: Family, kind: string, from: Member, node: Member): readonly Served[] {
    const { rules } = this.#classes;
    const decisions = entry.backends.map((backend) => {
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
  #pairs(a: EndpointClass, entry: NodePort): readonly { readonly from: Member; readonly node: Member; readonly kind: string }[] {
    return this.#kindsOf(entry).flatMap(({ members, byNode }, index) => {
      const own = this.#best([...a.byNode.keys()].flatMap((name) => byNode.get(name) ?? []));
      const before = a.byNode.get(own?.node ?? "")?.[0];
      const other = this.#best(members);
      const sender = this.#best(a.members, other?.node ?? null);
      const pairs: { from: Member; node: Member; kind: string }[] = [];
      if (own !== undefined && before !== undefined) pairs.push({ from: before, node: own, kind: `own ${index}` });
      if (sender !== undefined && other !== undefined) pairs.push({ from: sender, node: other, kind: `other ${index}` });
      else {
        const second = this.#best(members, other?.node ?? null);
        const [elsewhere] = a.members;
        if (second !== undefined && elsewhere !== undefined) pairs.push({ from: elsewhere, node: second, kind: `other ${index}` });
      }
      return pairs;
    });
  }

  /** The first that stands on a node asked before, else the first; of those that are not on node `except`. */
  #best(members: readonly Member[], except: string | null = null): Member | undefined {
    const fits = ({ node }: Member): boolean => except === null || node !== except;
    return members.find((member) => fits(member) && this.#known.has(member.node ?? "")) ?? members.find(fits);
  }

  #kindsOf(entry: NodePort): readonly NodeKind[] {
    const key = `${entry.service} ${entry.nodePort}/${entry.protocol}`;
    let kinds = this.#kinds.get(key);
    if (kinds === undefined) {
      const byKind = new Map<string, Member[]>();
      for (const nodes of this.#classes.nodes) {
        for (const node of nodes.members) {
          if (node.host !== node.server) continue;
          const local = entry.backends.filter(({ byNode }) => byNode.has(node.node ?? "")).map(({ id }) => id);
          const kind = `${nodes.id} ${local.join()}`;
          const members = byKind.get(kind);
          if (members === undefined) byKind.set(kind, [node]);
          else members.push(node);
        }
      }
      kinds = [...byKind.values()].map((members) => ({ members, byNode: new Map(members.map((member) => [member.node ?? "", member])) }));
      this.#kinds.set(key, kinds);
    }
    return kinds;
  }
}
