/** What each class of endpoints reaches of each other, asked once for all that no rule tells apart. */
import type { Family, Transport } from "@knet/language/values";
import type { Firewall, NetworkModel } from "../model/types.ts";
import { addressIn } from "./classes.ts";
import type { EndpointClass, EndpointClasses, Member, Relation } from "./classes.ts";
import { Dealings } from "./dealings.ts";
import type { Dealing } from "./dealings.ts";
import { Answers, nameOf } from "./answers.ts";
import type { Judges } from "./judges.ts";
import { NodePorts } from "./node-ports.ts";
import type { Detours } from "./node-ports.ts";
import { bit } from "./ports.ts";
import type { PortSpace } from "./ports.ts";
import { relationsBetween, representativePairs } from "./relations.ts";

export type Masks = ReadonlyMap<Family, bigint>;

/** Ports that one class reaches of another, by how the two stand to each other. Pairs of equal ports have one cell. */
export interface Cell {
  /** Its number, counted from 1. */
  readonly id: number;
  readonly direct: ReadonlyMap<Relation, Masks>;
}

/** Ports that nothing between the two tells apart, and the first of them. */
interface PortGroup {
  readonly signature: string;
  readonly mask: bigint;
  readonly protocol: Transport;
  readonly port: number;
}

/** The cells of one sender, by the id of the receiver; 0 where none was asked for. */
interface Row {
  readonly cells: Int32Array;
  /** Receivers that some rule names in requests of the sender, or names the sender for. */
  readonly named: ReadonlySet<number>;
  /** Cells of all others, by receivers that are alike and how the two stand. Senders that are alike have the same. */
  readonly common: Map<number, Cell>;
}

/** With more pairs of classes of pods than this, pairs that the same rules decide are asked about once. */
export const defaultExactPairs = 2500;

const kubeletPort = 10250;

export class Matrix {
  readonly #rules: EndpointClasses["rules"];
  readonly #nodes: EndpointClasses["nodes"];
  readonly #ports: PortSpace;
  readonly #judges: Judges;
  readonly #dealings: Dealings;
  readonly #nodePorts: NodePorts;
  readonly #rows: (Row | undefined)[];
  readonly #cells: Cell[] = [];
  readonly #cellIds = new Map<string, Cell>();
  /** Cells of pairs that no rule names, by what decides them. */
  readonly #common = new Map<string, Map<number, Cell>>();
  readonly #columns: readonly number[];
  readonly #groups = new Map<string, readonly PortGroup[]>();
  /** Nodes that were asked already. */
  readonly #known = new Set<string>();
  readonly #answers = new Answers();
  readonly #shares: boolean;

  constructor(model: NetworkModel, classes: EndpointClasses, ports: PortSpace, judges: Judges, exactPairs: number) {
    this.#rules = classes.rules;
    this.#nodes = classes.nodes;
    this.#ports = ports;
    this.#judges = judges;
    this.#shares = classes.pods.length ** 2 > exactPairs;
    const all = [...classes.pods, ...classes.nodes, ...classes.externals].toSorted((x, y) => x.id - y.id);
    this.#rows = all.map(() => undefined);
    this.#dealings = new Dealings(classes.rules, all);
    this.#nodePorts = new NodePorts(model, classes, ports, judges, this.#known, this.#shares);
    const columns = new Map<string, number>();
    this.#columns = all.map((entry) => {
      const text = `${nameOf(entry)}|${entry.families.join()}|${this.#portNames(entry)}|${this.#dealings.ofAnyone(entry).into}`;
      const number = columns.get(text) ?? columns.size;
      columns.set(text, number);
      return number;
    });
  }

  /** A machine to a pod of its own always gets there and is left out; a pod to its own machine stands under `node`. */
  cell(a: EndpointClass, b: EndpointClass): Cell {
    const row = this.#row(a);
    const known = this.#cells[(row.cells[b.id] ?? 0) - 1];
    if (known !== undefined) return known;
    const cell = this.#shares && !row.named.has(b.id) ? this.#commonCell(row, a, b) : this.#askedCell(a, b);
    row.cells[b.id] = cell.id;
    return cell;
  }

  #row(a: EndpointClass): Row {
    let row = this.#rows[a.id];
    if (row === undefined) {
      const key = `${nameOf(a)}|${a.families.join()}|${this.#dealings.ofAnyone(a).out}`;
      const common = this.#common.get(key) ?? new Map<number, Cell>();
      this.#common.set(key, common);
      row = { cells: new Int32Array(this.#rows.length), named: this.#dealings.named(a), common };
      this.#rows[a.id] = row;
    }
    return row;
  }

  /** Of a pair that no rule names: the places of the two, and what is open to anyone, decide. */
  #commonCell(row: Row, a: EndpointClass, b: EndpointClass): Cell {
    const key = (this.#columns[b.id] ?? 0) * 16 + relationsBetween(a, b);
    let cell = row.common.get(key);
    if (cell === undefined) {
      cell = this.#askedCell(a, b);
      row.common.set(key, cell);
    }
    return cell;
  }

  #askedCell(a: EndpointClass, b: EndpointClass): Cell {
    const direct = new Map<Relation, Masks>();
    const families = a.families.filter((family) => b.families.includes(family));
    const dealings = families.map((family) => [family, this.#dealings.between(a, b, family)] as const);
    for (const [relation, from, to] of representativePairs(a, b, this.#known)) {
      if (relation === "node" && a.kind === "node") continue;
      direct.set(relation, new Map(dealings.map(([family, dealing]) => [family, this.#reached(a, b, dealing, relation, from, to, family)])));
    }
    return this.#cellOf(direct);
  }

  #cellOf(direct: ReadonlyMap<Relation, Masks>): Cell {
    const text = [...direct].map(([relation, masks]) => `${relation} ${maskText(masks)}`).join(";");
    let cell = this.#cellIds.get(text);
    if (cell === undefined) {
      cell = { id: this.#cells.length + 1, direct };
      this.#cells.push(cell);
      this.#cellIds.set(text, cell);
    }
    return cell;
  }

  #reached(a: EndpointClass, b: EndpointClass, dealing: Dealing, relation: Relation, from: Member, to: Member, family: Family): bigint {
    const address = addressIn(to, family);
    const path = `${relation} ${family} ${a.place} ${b.place}`;
    // A machine's firewall stands on the wire: what a pod of its own reaches says nothing about the others.
    const isOwn = relation === "node" && b.kind === "node";
    const ends = `${family} ${nameOf(a)} ${isOwn ? "own " : ""}${nameOf(b)}`;
    let mask = 0n;
    for (const group of this.#portGroups(dealing, b)) {
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

  #portGroups({ out, into }: Dealing, b: EndpointClass): readonly PortGroup[] {
    const key = `${out}|${into}|${this.#portNames(b)}|${b.kind === "node" ? b.place : ""}`;
    let groups = this.#groups.get(key);
    if (groups === undefined) {
      const [outgoing, incoming] = [this.#dealings.list(out), this.#dealings.list(into)];
      const found = new Map<string, PortGroup>();
      for (const { index, protocol, first, overlay } of this.#ports.classes) {
        if (overlay) continue;
        const signature = [
          this.#rules.about(outgoing, protocol, first, b.pod).join(),
          this.#rules.about(incoming, protocol, first, b.pod).join(),
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

  #portNames({ pod }: EndpointClass): string {
    return pod === null ? "" : this.#rules.namedPorts(pod);
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
    const open = this.#nodePorts.isOpen(protocol, port);
    return `${admitted.join()} ${open ? `node port ${port}` : ""} ${protocol === "tcp" && port === kubeletPort ? "kubelet" : ""}`;
  }

  /** What the class reaches by ports of the nodes, by class. */
  detours(a: EndpointClass): ReadonlyMap<number, Detours> {
    return this.#nodePorts.detours(a);
  }

  /** Its own machine, for pods; null when there is no pod. */
  own(a: EndpointClass): Masks | null {
    if (a.kind !== "pod") return null;
    const found = new Map<Family, bigint>();
    for (const nodes of this.#nodes) {
      const masks = nodes.members.some((member) => member.host === member.server) ? this.cell(a, nodes).direct.get("node") : undefined;
      if (masks === undefined) continue;
      // Nodes of the place that the class stands in are of one class.
      for (const [family, mask] of masks) found.set(family, mask);
    }
    return found.size > 0 ? found : null;
  }
}

/** Equal for equal sets of ports. */
export function maskText(masks: Masks): string {
  return [...masks]
    .toSorted(([x], [y]) => x - y)
    .map(([family, mask]) => `${family}:${mask.toString(36)}`)
    .join(",");
}
