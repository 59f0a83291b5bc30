/** Arguments whose kinds the table has already checked, as what functions work with. */
import { listValue, numberValue, textOf } from "../value.ts";
import type { Value } from "../value.ts";
import type { Cidr, Ip, Transport } from "../../values/index.ts";
import type { FunctionTools } from "./types.ts";

function wrong(value: Value | undefined, wanted: string): never {
  throw new Error(`the table of functions let ${value?.kind ?? "nothing"} pass for ${wanted}`);
}

export function numberOf(value: Value | undefined): number {
  return value?.kind === "number" ? value.value : wrong(value, "a number");
}

export function stringOf(value: Value | undefined): string {
  const text = value === undefined ? null : textOf(value);
  return text ?? wrong(value, "a string");
}

export function ipOf(value: Value | undefined): Ip {
  return value?.kind === "ip" ? value.ip : wrong(value, "an address");
}

export function cidrOf(value: Value | undefined): Cidr {
  return value?.kind === "cidr" ? value.cidr : wrong(value, "a CIDR");
}

export function portOf(value: Value | undefined): { readonly port: number; readonly protocol: Transport } {
  return value?.kind === "port" ? value : wrong(value, "a port");
}

export function mapOf(value: Value | undefined): ReadonlyMap<string, Value> {
  return value?.kind === "map" ? value.entries : wrong(value, "a map");
}

/** The items of a list, or the numbers of a range. */
export function itemsOf(value: Value | undefined, tools: FunctionTools): readonly Value[] {
  if (value?.kind === "list") {
    tools.worked(value.items.length);
    return value.items;
  }
  if (value?.kind !== "range") return wrong(value, "a list");
  return rangeItems(value.first, value.last, tools);
}

export function rangeItems(first: number, last: number, tools: Pick<FunctionTools, "made">): readonly Value[] {
  const many = Math.max(0, last - first + 1);
  tools.made(many);
  return Array.from({ length: many }, (_, index) => numberValue(first + index));
}

export function list(items: readonly Value[], tools: FunctionTools): Value {
  tools.made(items.length);
  return listValue(items);
}
