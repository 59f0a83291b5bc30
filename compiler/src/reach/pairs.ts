/** What one endpoint of a report reaches of another, put together from their classes. */
import { compareText } from "@knet/language/values";
import type { Family } from "@knet/language/values";
import type { NetworkModel } from "../model/types.ts";
import type { Relation } from "./classes.ts";
import type { Cell, Masks, Matrix } from "./matrix.ts";
import type { Detours } from "./node-ports.ts";
import { bit } from "./ports.ts";
import type { PortSpace } from "./ports.ts";
import type { AllowedPorts, Detour } from "./types.ts";
import type { Unit } from "./units.ts";

export interface Pair {
  readonly masks: Masks;
  readonly allowed: readonly AllowedPorts[];
  readonly through: readonly Detour[];
}

export class Pairs {
  readonly #matrix: Matrix;
  readonly #ports: PortSpace;
  readonly #subnets: ReadonlyMap<string, string>;
  /** Of pairs without detours, by all that decides them. */
  readonly #plain = new Map<string, Pair>();

  constructor(model: NetworkModel, matrix: Matrix, ports: PortSpace) {
    this.#matrix = matrix;
    this.#ports = ports;
    this.#subnets = new Map(model.nodes.map((node) => [node.name, node.subnet]));
  }

  between(source: Unit, target: Unit): Pair {
    const relation = this.#relationOf(source.node, target.node);
    const cells: { readonly cell: Cell; readonly toMachine: boolean }[] = [];
    const detours: Detours[] = [];
    let key: string = relation ?? "";
    for (const a of source.classes) {
      const ways = this.#matrix.detours(a);
      for (const b of target.classes) {
        const cell = this.#matrix.cell(a, b);
        const toMachine = b.kind === "node";
        cells.push({ cell, toMachine });
        key += toMachine ? `,${cell.id}m` : `,${cell.id}`;
        const found = ways.get(b.id);
        if (found !== undefined) detours.push(found);
      }
    }
    let plain = this.#plain.get(key);
    if (plain === undefined) {
      const direct = cells.flatMap(({ cell, toMachine }) =>
        [...cell.direct].flatMap(([how, masks]) => ((how === "node" && toMachine) || (relation !== null && how !== relation) ? [] : [...masks])),
      );
      const masks = unionOf(direct);
      plain = { masks, allowed: this.#ports.allowed(masks), through: [] };
      this.#plain.set(key, plain);
    }
    return detours.length === 0 ? plain : this.#withDetours(plain.masks, detours);
  }

  #withDetours(plain: Masks, detours: readonly Detours[]): Pair {
    const masks = unionOf([...plain, ...detours.flatMap((found) => [...found.masks])]);
    const ways = new Map<string, Detour>();
    for (const { family, ...way } of detours.flatMap((found) => found.ways)) {
      const at = this.#ports.at(way.protocol, way.port);
      if (at !== null && ((plain.get(family) ?? 0n) & bit(at)) === 0n)
        ways.set(`${way.service} ${way.nodePort}/${way.protocol} ${way.port}`, way);
    }
    return { masks, allowed: this.#ports.allowed(masks), through: [...ways].toSorted(([x], [y]) => compareText(x, y)).map(([, way]) => way) };
  }

  /** Null where it does not matter. */
  #relationOf(source: string | null, target: string | null): Relation | null {
    if (source === null || target === null) return null;
    if (source === target) return "node";
    return this.#subnets.get(source) === this.#subnets.get(target) ? "subnet" : "routed";
  }
}

export function unionOf(entries: Iterable<readonly [Family, bigint]>): Masks {
  const union = new Map<Family, bigint>();
  for (const [family, mask] of entries) union.set(family, (union.get(family) ?? 0n) | mask);
  return union;
}
