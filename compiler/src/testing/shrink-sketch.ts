/** Smaller sketches of the same cluster: parts taken out, large ones first, the rest repaired. */
import { repaired } from "./repair.ts";
import type { ClusterSketch } from "./sketch.ts";

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** What an attribute is when it is not worth mentioning; undefined where it always is. */
function plainOf(owner: object, name: string): Json | undefined {
  switch (name) {
    case "ready":
      return "replicas" in owner ? null : true;
    case "hostNetwork":
    case "natOutgoing":
    case "nat":
    case "publishNotReady":
    case "headless":
      return false;
    case "nodePort":
    case "node":
    case "spreadOver":
      return null;
    // Of a firewall: a cluster's nodes are a list of their own.
    case "nodes":
      return "rules" in owner ? null : undefined;
    // Of a container port: a service port always has one.
    case "name":
      return "protocol" in owner && !("target" in owner) ? null : undefined;
    case "replicas":
      return 1;
    default:
      return undefined;
  }
}

/**
 * Every sketch that lacks one part of this one: half of a long list, one element, one label, or one attribute that is not
 * plain. Each is whole and strictly smaller than the given one, so that taking one after another ends.
 */
export function* smallerSketches(sketch: ClusterSketch): Generator<ClusterSketch> {
  const size = sizeOf(sketch);
  for (const cut of cuts(sketch as unknown as Json)) {
    const smaller = repaired(cut as unknown as ClusterSketch);
    if (sizeOf(smaller) < size) yield smaller;
  }
}

/** A measure that every cut makes smaller: elements count, and attributes that are not plain. */
function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + 2 + sizeOf(item), 0);
  if (typeof value !== "object" || value === null) return 1;
  return Object.entries(value).reduce((sum, [name, item]) => sum + (plainOf(value, name) === item ? 0 : 1 + sizeOf(item)), 0);
}

/** Breadth first: what stands further out is tried earlier. */
function* cuts(root: Json): Generator<Json> {
  let level: readonly { readonly value: Json; readonly key: string; readonly put: (value: Json) => Json }[] = [
    { value: root, key: "", put: (value) => value },
  ];
  while (level.length > 0) {
    const next: (typeof level)[number][] = [];
    for (const { value, key, put } of level) {
      if (isList(value)) {
        for (let width = value.length > 3 ? Math.ceil(value.length / 2) : 1; width >= 1; width = width === 1 ? 0 : Math.ceil(width / 2)) {
          for (let at = 0; at < value.length; at += width) yield put([...value.slice(0, at), ...value.slice(at + width)]);
        }
        for (const [index, item] of value.entries()) next.push({ value: item, key: "", put: (other) => put(value.with(index, other)) });
      } else if (typeof value === "object" && value !== null) {
        const object = value;
        for (const [name, item] of Object.entries(object)) {
          if (key === "labels" || key === "selector")
            yield put(Object.fromEntries(Object.entries(object).filter(([other]) => other !== name)));
          const simple = plainOf(object, name);
          if (simple !== undefined && item !== simple) yield put({ ...object, [name]: simple });
          next.push({ value: item, key: name, put: (other) => put({ ...object, [name]: other }) });
        }
      }
    }
    level = next;
  }
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** The sketch after the first cuts that keep `fails`, until none does. */
export function smallestSketch(sketch: ClusterSketch, fails: (sketch: ClusterSketch) => boolean, attempts = 2000): ClusterSketch {
  let current = sketch;
  for (let left = attempts; left > 0;) {
    let found = false;
    for (const smaller of smallerSketches(current)) {
      if (left-- <= 0) return current;
      if (!fails(smaller)) continue;
      current = smaller;
      found = true;
      break;
    }
    if (!found) return current;
  }
  return current;
}
