/** The shape of a row in the table of functions. */
import type { Value, ValueKind } from "../value.ts";

/** Why there is no value; `reason` null: the operands are of kinds that do not go together. */
export interface Fault {
  readonly kind: "fault";
  readonly reason: string | null;
}

export type Outcome = Value | Fault;

export function fault(reason: string | null): Fault {
  return { kind: "fault", reason };
}

export function isFault(outcome: Outcome): outcome is Fault {
  return outcome.kind === "fault";
}

/** The kinds a parameter takes, by the name of the type as pages show it. Names and paths are taken for strings, ranges for lists. */
export const parameterTypes = {
  value: null,
  number: ["number"],
  boolean: ["boolean"],
  string: ["string", "name", "path"],
  ip: ["ip"],
  cidr: ["cidr"],
  port: ["port"],
  list: ["list", "range"],
  map: ["map"],
  "ip or cidr": ["ip", "cidr"],
  "string or ip": ["string", "name", "path", "ip"],
  "cidr or list": ["cidr", "list", "range"],
  "list or string": ["list", "range", "string", "name", "path"],
  "list, map or string": ["list", "range", "map", "string", "name", "path"],
  "number or list": ["number", "list", "range"],
} as const satisfies Readonly<Record<string, readonly ValueKind[] | null>>;

export type ParameterType = keyof typeof parameterTypes;

export interface FunctionParameter {
  readonly name: string;
  readonly type: ParameterType;
  /** `optional`: may be left out; `rest`: any number of them, the last parameter only. */
  readonly many: "one" | "optional" | "rest";
}

/** What functions ask of the expansion they run in. */
export interface FunctionTools {
  /** Counts items before they are made, and ends the expansion when they are too many. */
  readonly made: (many: number) => void;
  /** Counts what is looked at. */
  readonly worked: (many: number) => void;
}

export interface FunctionRow {
  readonly name: string;
  readonly parameters: readonly FunctionParameter[];
  /** What it gives, as pages show it. */
  readonly result: string;
  /** One sentence with a full stop. */
  readonly doc: string;
  /** A call, and the value it gives, both as written in a program. */
  readonly example: readonly [call: string, gives: string];
  readonly apply: (values: readonly Value[], tools: FunctionTools) => Outcome;
}

/** Reads `cidr: cidr, bits: number, index?: number, rest...: value`. */
export function row(
  signature: string,
  result: string,
  doc: string,
  example: readonly [call: string, gives: string],
  apply: FunctionRow["apply"],
): FunctionRow {
  const match = /^([a-z-]+)\((.*)\)$/.exec(signature);
  if (match === null) throw new Error(`not a signature: ${signature}`);
  const parameters = (match[2] ?? "")
    .split("; ")
    .filter((part) => part !== "")
    .map((part): FunctionParameter => {
      const [name = "", type = ""] = part.split(": ");
      if (!(type in parameterTypes)) throw new Error(`not a type: ${type}`);
      return {
        name: name.replace(/\?$|\.\.\.$/, ""),
        type: type as ParameterType,
        many: name.endsWith("?") ? "optional" : name.endsWith("...") ? "rest" : "one",
      };
    });
  return { name: match[1] ?? "", parameters, result, doc, example, apply };
}

/** `subnet(cidr, bits, index)`, `host(cidr, n)`, `slice(list, from, to?)`, `merge(maps…)`. */
export function signatureOf({ name, parameters }: FunctionRow): string {
  const shown = parameters.map(
    (parameter) => `${parameter.name}${parameter.many === "optional" ? "?" : parameter.many === "rest" ? "…" : ""}`,
  );
  return `${name}(${shown.join(", ")})`;
}
