/** Reads the JSON lists that `ip -j` and `bridge -j` print. They come from other machines: nothing in them is believed unchecked. */
import { Ajv } from "ajv";
import type { SchemaObject, ValidateFunction } from "ajv";
import { parseCidr, parseIp, parseMac } from "@knet/language/values";
import type { Cidr, Family, Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";

/** Where in a dump: an entry of a JSON list or a line of a text, both from 1. Null: the whole. */
export type DumpPlace = { readonly unit: "entry" | "line"; readonly number: number } | null;

/** A dump that is not what its tool prints, or holds what knet cannot read. */
export class DumpError extends Error {
  override readonly name = "DumpError";
  /** The command or file. */
  readonly file: string;
  readonly place: DumpPlace;
  /** Path inside the entry: `dst`, `addr_info/0/local`. Null for a fault of the whole entry. */
  readonly field: string | null;
  readonly reason: string;

  constructor(file: string, place: DumpPlace, field: string | null, reason: string, options?: ErrorOptions) {
    const where = [file, place === null ? null : `${place.unit} ${place.number}`, field].filter((word) => word !== null).join(", ");
    super(`${where}: ${reason}`, options);
    this.file = file;
    this.place = place;
    this.field = field;
    this.reason = reason;
  }
}

/** One checked entry of a list and where it stands. */
export interface DumpEntry<T> {
  readonly value: T;
  readonly place: Place;
}

/** Where an entry stands: makes its origin and the errors about it. */
export class Place {
  readonly #file: string;
  readonly #entry: number;

  constructor(file: string, entry: number) {
    this.#file = file;
    this.#entry = entry;
  }

  get origin(): Origin {
    return { name: `${this.#file} entry ${this.#entry}`, span: null };
  }

  error(field: string | null, reason: string): DumpError {
    return new DumpError(this.#file, { unit: "entry", number: this.#entry }, field, reason);
  }

  ip(field: string, text: string): Ip {
    const ip = parseIp(text);
    if (ip === null) throw this.error(field, `${excerpt(text)} is no IP address`);
    return ip;
  }

  ipOf(family: Family, field: string, text: string): Ip {
    const ip = this.ip(field, text);
    if (ip.family !== family) throw this.error(field, `${text} is no IPv${family} address`);
    return ip;
  }

  /** An address is the prefix of its whole length. */
  cidr(field: string, text: string): Cidr {
    const ip = parseIp(text);
    if (ip !== null) return { ip, prefix: ip.family === 4 ? 32 : 128 };
    const cidr = parseCidr(text);
    if (cidr === null) throw this.error(field, `${excerpt(text)} is neither an address nor a prefix`);
    return cidr;
  }

  prefix(field: string, ip: Ip, prefix: number): Cidr {
    if (prefix > (ip.family === 4 ? 32 : 128)) throw this.error(field, `/${prefix} is too long for IPv${ip.family}`);
    return { ip, prefix };
  }

  mac(field: string, text: string): string {
    const mac = parseMac(text);
    if (mac === null) throw this.error(field, `${excerpt(text)} is no MAC address`);
    return mac;
  }

  /** A hexadecimal or decimal number below 2^32. */
  word(field: string, text: string): number {
    const value = /^(?:0x[0-9a-fA-F]{1,8}|[0-9]{1,10})$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isNaN(value) || value > 0xffffffff) throw this.error(field, `${excerpt(text)} is no number of 32 bits`);
    return value;
  }
}

/** A device name as the kernel takes it. */
export const deviceName: SchemaObject = { type: "string", minLength: 1, maxLength: 15 };
export const text: SchemaObject = { type: "string" };
export const unsigned: SchemaObject = { type: "integer", minimum: 0, maximum: 0xffffffff };
/** What iproute2 prints for a flag that is set. */
export const flag: SchemaObject = { type: ["null", "boolean"] };

export function list(items: SchemaObject): SchemaObject {
  return { type: "array", items };
}

/** Fields that are not named are let through: every release of iproute2 adds some. */
export function record(
  required: Readonly<Record<string, SchemaObject>>,
  optional: Readonly<Record<string, SchemaObject>> = {},
): SchemaObject {
  return { type: "object", properties: { ...required, ...optional }, required: Object.keys(required) };
}

/** Reads lists whose entries fit the schema, compiled on first use. `T` must say what the schema says. */
export function entryReader<T>(schema: SchemaObject): (file: string, source: string) => readonly DumpEntry<T>[] {
  let validate: ValidateFunction<T> | null = null;
  return (file, source) => {
    validate ??= new Ajv({ allowUnionTypes: true, verbose: true }).compile<T>(schema);
    return readEntries(file, source, validate);
  };
}

/** Some releases print nothing at all for an empty list, and `{}` for an entry that a filter hides. */
function readEntries<T>(file: string, source: string, validate: ValidateFunction<T>): readonly DumpEntry<T>[] {
  if (source.trim() === "") return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(source);
  } catch (error) {
    throw new DumpError(file, null, null, `not JSON: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (!Array.isArray(parsed)) throw new DumpError(file, null, null, "not a list");
  const entries: DumpEntry<T>[] = [];
  for (const [index, value] of (parsed as readonly unknown[]).entries()) {
    if (typeof value === "object" && value !== null && Object.keys(value).length === 0) continue;
    if (!validate(value)) throw schemaError(file, { unit: "entry", number: index + 1 }, validate.errors?.[0]);
    entries.push({ value, place: new Place(file, index + 1) });
  }
  return entries;
}

function schemaError(file: string, place: DumpPlace, error: NonNullable<ValidateFunction["errors"]>[number] | undefined): DumpError {
  if (error === undefined) return new DumpError(file, place, null, "not what the tool prints");
  const path = error.instancePath.slice(1);
  if (error.keyword === "required") {
    const { missingProperty } = error.params as { readonly missingProperty: string };
    return new DumpError(file, place, path === "" ? missingProperty : `${path}/${missingProperty}`, "missing");
  }
  return new DumpError(file, place, path === "" ? null : path, `${error.message ?? "wrong"}, not ${excerpt(error.data)}`);
}

/** The start of what stands there: a dump may hold anything, in any length. */
function excerpt(data: unknown): string {
  const whole = JSON.stringify(data);
  return whole.length > 60 ? `${whole.slice(0, 60)}…` : whole;
}
