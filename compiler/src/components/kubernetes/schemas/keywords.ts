/** Rules between fields that JSON Schema has no words for, as keywords of its validator. */
import { containsCidr, parseCidr, parseIp } from "@knet/language/values";
import type { KeywordDefinition } from "ajv/dist/2020.js";

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a missing field stands for when entries are compared. */
const defaults: Fields = { protocol: "TCP" };

/** No two entries agree in all the fields; entries that lack one without a default are not compared. */
function isUniqueBy(fields: readonly string[], entries: readonly unknown[]): boolean {
  const seen = new Set<string>();
  for (const entry of entries.filter(isFields)) {
    const values = fields.map((field) => entry[field] ?? defaults[field]);
    if (values.includes(undefined)) continue;
    const key = JSON.stringify(values);
    if (seen.has(key)) return false;
    seen.add(key);
  }
  return true;
}

function familyOf(text: unknown): number | null {
  return typeof text === "string" ? (parseIp(text)?.family ?? null) : null;
}

/** At most one address per family, and `None` alone. */
function isOnePerFamily(ips: readonly unknown[]): boolean {
  const families = ips.map(familyOf);
  return new Set(families).size === families.length && (ips.length === 1 || !ips.includes("None"));
}

/** Each hole is smaller than the block and lies in it. */
function areExceptsInside(block: Fields): boolean {
  const outer = typeof block["cidr"] === "string" ? parseCidr(block["cidr"]) : null;
  const excepts: unknown = block["except"];
  if (outer === null || !Array.isArray(excepts)) return true;
  return excepts.every((text: unknown) => {
    const inner = typeof text === "string" ? parseCidr(text) : null;
    return inner === null || (inner.prefix > outer.prefix && containsCidr(outer, inner));
  });
}

function isEndPortNotBelow(port: Fields): boolean {
  const { port: first, endPort: last } = port;
  return typeof first !== "number" || typeof last !== "number" || last >= first;
}

function isStartBelowEnd({ start, end }: Fields): boolean {
  return typeof start !== "number" || typeof end !== "number" || start < end;
}

/** A disabled pool may be smaller than a block. */
function isPrefixWithinBlock(pool: Fields): boolean {
  const cidr = typeof pool["cidr"] === "string" ? parseCidr(pool["cidr"]) : null;
  if (cidr === null || pool["disabled"] === true) return true;
  const size: unknown = pool["blockSize"] ?? (cidr.ip.family === 4 ? 26 : 122);
  return typeof size !== "number" || cidr.prefix <= size;
}

function isPrimaryFirst(spec: Fields): boolean {
  const { clusterIP, clusterIPs } = spec;
  return clusterIP === undefined || !Array.isArray(clusterIPs) || clusterIPs[0] === clusterIP;
}

/** The `matchLabels` of a Deployment are among the labels of its pods. */
function selectsTemplate(spec: Fields): boolean {
  const { selector, template } = spec;
  const wanted = isFields(selector) && isFields(selector["matchLabels"]) ? selector["matchLabels"] : {};
  const metadata = isFields(template) && isFields(template["metadata"]) ? template["metadata"] : {};
  const labels = isFields(metadata["labels"]) ? metadata["labels"] : {};
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

function flagOf(keyword: string, message: string, holds: (fields: Fields) => boolean): KeywordDefinition {
  return { keyword, type: "object", schemaType: "boolean", validate: (_: boolean, data: Fields) => holds(data), error: { message } };
}

export const keywords: readonly KeywordDefinition[] = [
  {
    keyword: "uniqueBy",
    type: "array",
    schemaType: "array",
    validate: (fields: readonly string[], data: readonly unknown[]) => isUniqueBy(fields, data),
    error: { message: ({ schema }) => `must not hold two entries with the same ${Array.isArray(schema) ? schema.join(" and ") : "key"}` },
  },
  {
    keyword: "oneIpPerFamily",
    type: "array",
    schemaType: "boolean",
    validate: (_: boolean, data: readonly unknown[]) => isOnePerFamily(data),
    error: { message: "must hold at most one address per family, or None alone" },
  },
  flagOf("exceptInside", "must have exceptions that are smaller than the block and inside it", areExceptsInside),
  flagOf("endPortNotBelow", "must have an endPort that is not below its port", isEndPortNotBelow),
  flagOf("startBelowEnd", "must have a start below its end", isStartBelowEnd),
  flagOf("prefixWithinBlock", "must not be smaller than one block", isPrefixWithinBlock),
  flagOf("primaryClusterIp", "must have clusterIP as the first of clusterIPs", isPrimaryFirst),
  flagOf("selectsTemplate", "must have a selector that its template's labels satisfy", selectsTemplate),
];
