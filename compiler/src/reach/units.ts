/** Classes put together into the endpoints of a report: what nobody could tell apart is one. */
import type { Cidr } from "@knet/language/values";
import { compareText, formatCidr, formatIp } from "@knet/language/values";
import type { NetworkModel } from "../model/types.ts";
import { insideRanges } from "../model/ranges.ts";
import type { EndpointClass, EndpointClasses, Member } from "./classes.ts";
import { maskText } from "./matrix.ts";
import type { Cell, Matrix } from "./matrix.ts";
import { compareRanges, externalRanges } from "./ranges.ts";
import type { Selection } from "./select.ts";
import type { AddressRange, ReachEndpoint } from "./types.ts";

/** An endpoint with those it stands for. */
export interface Unit {
  readonly endpoint: ReachEndpoint;
  readonly members: readonly Member[];
  readonly classes: readonly EndpointClass[];
  /** The node that all its members are on, when it matters where they are. */
  readonly node: string | null;
}

export interface Sides {
  readonly from: readonly EndpointClass[];
  readonly to: readonly EndpointClass[];
}

/** Compares what classes reach and who reaches them. A place without a pair (a pod and itself) fits everything. */
export class Likeness {
  readonly #matrix: Matrix;
  readonly #sides: Sides;
  readonly #isFrom: ReadonlySet<EndpointClass>;
  readonly #isTo: ReadonlySet<EndpointClass>;
  /** Classes between which it matters on which nodes the two are. */
  readonly placed: ReadonlySet<number>;
  /** What two classes come to, by number: equal for equal ports, 0 without a pair. */
  readonly #numbers = new Map<string, number>();
  readonly #ofCells: Readonly<Record<"node" | "other", Map<number, string | null>>> = { node: new Map(), other: new Map() };
  readonly #rows = new Map<number, Int32Array>();

  constructor(matrix: Matrix, sides: Sides) {
    this.#matrix = matrix;
    this.#sides = sides;
    this.#isFrom = new Set(sides.from);
    this.#isTo = new Set(sides.to);
    const placed = new Set<number>();
    for (const a of sides.from) {
      for (const b of sides.to) {
        // Several texts stand with a blank between them.
        if (this.#textOf(matrix.cell(a, b), b)?.includes(" ") === true) for (const entry of [a, b]) placed.add(entry.id);
      }
    }
    this.placed = placed;
  }

  /** The ports of a cell by how the two may stand to each other, without repeats. */
  #textOf(cell: Cell, b: EndpointClass): string | null {
    const kind = b.kind === "node" ? "node" : "other";
    let text = this.#ofCells[kind].get(cell.id);
    if (text === undefined) {
      const direct = [...cell.direct].filter(([relation]) => relation !== "node" || kind !== "node");
      text = direct.length === 0 ? null : [...new Set(direct.map(([, masks]) => maskText(masks)))].toSorted(compareText).join(" ");
      this.#ofCells[kind].set(cell.id, text);
    }
    return text;
  }

  #row(entry: EndpointClass): Int32Array {
    let row = this.#rows.get(entry.id);
    if (row === undefined) {
      const { from, to } = this.#sides;
      row = Int32Array.from([
        ...(this.#isFrom.has(entry) ? to.map((other) => this.#value(entry, other)) : []),
        ...(this.#isFrom.has(entry) ? [this.#number(`own ${maskText(this.#matrix.own(entry) ?? new Map())}`)] : []),
        ...(this.#isTo.has(entry) ? from.map((other) => this.#value(other, entry)) : []),
      ]);
      this.#rows.set(entry.id, row);
    }
    return row;
  }

  #value(a: EndpointClass, b: EndpointClass): number {
    const text = this.#textOf(this.#matrix.cell(a, b), b);
    if (text === null) return 0;
    const detours = this.#matrix.detours(a).get(b.id);
    return this.#number(detours === undefined ? text : `${text}#${maskText(detours.masks)}`);
  }

  #number(text: string): number {
    const number = this.#numbers.get(text) ?? this.#numbers.size + 1;
    this.#numbers.set(text, number);
    return number;
  }

  /** Classes in groups of equals. */
  groups(classes: readonly EndpointClass[]): readonly (readonly EndpointClass[])[] {
    const groups: EndpointClass[][] = [];
    for (const entry of classes) {
      const group = groups.find((members) => members.every((member) => fits(this.#row(member), this.#row(entry))));
      if (group === undefined) groups.push([entry]);
      else group.push(entry);
    }
    return groups;
  }
}

function fits(x: Int32Array, y: Int32Array): boolean {
  return x.length === y.length && x.every((value, index) => value === 0 || y[index] === 0 || value === y[index]);
}

/** Pods and workloads by name, then machines, then ranges of external addresses. */
export function unitsOf(
  model: NetworkModel,
  classes: EndpointClasses,
  likeness: Likeness,
  side: readonly EndpointClass[],
  selection: Selection,
): readonly Unit[] {
  return [
    ...podUnits(model, classes, likeness, selection),
    ...nodeUnits(model, likeness, side, selection),
    ...externalUnits(model, classes, likeness, side, selection),
  ];
}

function podUnits(model: NetworkModel, classes: EndpointClasses, likeness: Likeness, selection: Selection): readonly Unit[] {
  const byHost = new Map(
    [...classes.pods, ...classes.nodes].flatMap((entry) => entry.members.map((member) => [member.host, { entry, member }])),
  );
  const owners = new Map<
    string,
    { readonly namespace: string; readonly name: string; readonly workload: boolean; readonly hosts: string[] }
  >();
  for (const pod of model.pods) {
    const key = pod.workload ?? `${pod.namespace}/${pod.name}`;
    const owner = owners.get(key) ?? {
      namespace: pod.namespace,
      name: key.slice(key.indexOf("/") + 1),
      workload: pod.workload !== null,
      hosts: [],
    };
    owner.hosts.push(`pod/${pod.namespace}/${pod.name}`);
    owners.set(key, owner);
  }
  const units: Unit[] = [];
  for (const { namespace, name, workload, hosts } of owners.values()) {
    const found = hosts.flatMap((host) => byHost.get(host) ?? []).filter(({ member }) => selection.includes(member));
    if (found.length === 0) continue;
    const own = [...new Set(found.map(({ entry }) => entry))];
    const nodes = new Set(found.map(({ entry, member }) => (likeness.placed.has(entry.id) ? member.node : null)));
    const base = { namespace, nodes: [], range: null };
    if (workload && found.length === hosts.length && nodes.size === 1 && likeness.groups(own).length === 1) {
      const endpoint: ReachEndpoint = { ...base, id: `${namespace}/${name}`, kind: "Deployment", name, pods: found.length };
      units.push({ endpoint, members: found.map(({ member }) => member), classes: own, node: [...nodes][0] ?? null });
      continue;
    }
    for (const { entry, member } of found) {
      const endpoint: ReachEndpoint = { ...base, id: member.name, kind: "Pod", name: member.name.slice(namespace.length + 1), pods: 1 };
      units.push({ endpoint, members: [member], classes: [entry], node: likeness.placed.has(entry.id) ? member.node : null });
    }
  }
  return units.toSorted(
    (x, y) => compareText(x.endpoint.namespace ?? "", y.endpoint.namespace ?? "") || compareText(x.endpoint.name, y.endpoint.name),
  );
}

function nodeUnits(model: NetworkModel, likeness: Likeness, side: readonly EndpointClass[], selection: Selection): readonly Unit[] {
  const machines = (entry: EndpointClass): readonly Member[] =>
    entry.members.filter((member) => member.host === member.server && selection.includes(member));
  const classes = side.filter((entry) => entry.kind === "node" && machines(entry).length > 0);
  const apart = classes
    .filter(({ id }) => likeness.placed.has(id))
    .flatMap((entry) => machines(entry).map((member) => ({ members: [member], classes: [entry], node: member.node })));
  const together = likeness
    .groups(classes.filter(({ id }) => !likeness.placed.has(id)))
    .map((group) => ({ members: group.flatMap(machines), classes: group, node: null }));
  return [...apart, ...together]
    .map(({ members, ...rest }): Unit => {
      const nodes = members.map((member) => member.name).toSorted(compareText);
      const every = nodes.length === model.nodes.length && nodes.length > 1;
      const shown = nodes.length > 4 ? [...nodes.slice(0, 3), `and ${nodes.length - 3} more`] : nodes;
      const id = every ? "nodes" : nodes.length === 1 ? `node:${nodes[0] ?? ""}` : `nodes:${shown.join(",")}`;
      return {
        endpoint: { id, kind: "Node", namespace: null, name: every ? "nodes" : shown.join(","), pods: 0, nodes, range: null },
        members,
        ...rest,
      };
    })
    .toSorted((x, y) => compareText(x.endpoint.nodes[0] ?? "", y.endpoint.nodes[0] ?? ""));
}

function externalUnits(
  model: NetworkModel,
  classes: EndpointClasses,
  likeness: Likeness,
  side: readonly EndpointClass[],
  selection: Selection,
): readonly Unit[] {
  const own = side.filter((entry) => entry.kind === "external" && entry.members.some((member) => selection.includes(member)));
  const inside: readonly Cidr[] = insideRanges(model).map(({ cidr }) => cidr);
  return ([4, 6] as const)
    .flatMap((family) => {
      const groups = likeness.groups(own.filter((entry) => entry.families.includes(family)));
      const groupOf = new Map(groups.flatMap((group) => group.map((entry) => [entry.id, group])));
      return externalRanges(family, classes.rules.prefixes, inside, (ip) => groupOf.get(classes.externalAt(ip)?.id ?? -1) ?? null);
    })
    .filter(({ range }) => selection.meets(range))
    .toSorted((x, y) => compareRanges(x.range, y.range))
    .map(({ group, range }) => ({
      endpoint: externalEndpoint(range),
      members: group.flatMap((entry) => entry.members),
      classes: group,
      node: null,
    }));
}

function externalEndpoint(range: AddressRange): ReachEndpoint {
  const [cidr, more] = range.cidrs;
  const name = cidr !== undefined && more === undefined ? formatCidr(cidr) : rangeText(range);
  return { id: `internet:${name}`, kind: "External", namespace: null, name, pods: 0, nodes: [], range };
}

/** `10.0.0.0-10.0.0.255`. */
export function rangeText({ first, last }: AddressRange): string {
  return `${formatIp(first)}-${formatIp(last)}`;
}
