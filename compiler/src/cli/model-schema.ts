/** JSON Schema (2020-12) of `knet check --format model-json`, made of the table of blocks: a new attribute is in both or in none. */
import { blocks } from "@knet/language";
import type { AttributeRow, BlockRow, ValueType } from "@knet/language";

type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: "string" };
const whole: Schema = { type: "integer" };
const flag: Schema = { type: "boolean" };
const listOf = (items: Schema): Schema => ({ type: "array", items });

function valueSchema(type: ValueType): Schema {
  switch (type.kind) {
    case "string":
    case "dns-name":
    case "dns-label":
    case "qualified-name":
    case "label-value":
    case "calico-selector":
    case "version":
    case "cidr":
    case "reference":
      return text;
    case "boolean":
      return flag;
    case "integer":
    case "duration":
      return { ...whole, minimum: type.first, maximum: type.last };
    case "cidrs":
    case "addresses":
    case "address-list":
    case "cidr-list":
    case "dns-names":
    case "references":
      return listOf(text);
    case "families":
      return listOf({ enum: ["ipv4", "ipv6"] });
    case "port-range":
      return object({ first: whole, last: whole });
    case "labels":
      return { type: "object", additionalProperties: text };
    case "enum":
      return { enum: type.values };
    case "enum-list":
      return listOf({ enum: type.values });
  }
}

/** All properties and no others. */
function object(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: "object", required: Object.keys(properties), additionalProperties: false, properties };
}

/** Attributes that may have no value at all: those without a default that are not required. */
function settingSchema(row: AttributeRow): Schema {
  const value = valueSchema(row.type);
  const isOpen = !row.required && row.default === null;
  return { ...object({ value: isOpen ? { anyOf: [value, { type: "null" }] } : value, explicit: flag }), description: row.doc };
}

function blockSchema(row: BlockRow): Schema {
  const rows = row.attributes.filter((attribute) => !attribute.future);
  const children = blocks.filter((child) => child.parents.includes(row.keyword)).map((child) => ({ $ref: `#/$defs/${child.keyword}` }));
  return {
    ...object({
      block: { const: row.keyword },
      name: row.name.rule === "none" ? { type: "null" } : text,
      attributes: object(Object.fromEntries(rows.map((attribute) => [attribute.name, settingSchema(attribute)]))),
      statements: { type: "object" },
      blocks: children.length === 0 ? { type: "array", maxItems: 0 } : listOf({ oneOf: children }),
    }),
    description: row.doc,
  };
}

const ips = listOf(text);
const byName = (value: Schema): Schema => ({ type: "object", additionalProperties: value });

const allocated = object({
  nodes: byName(ips),
  routers: byName(byName(ips)),
  pods: byName(object({ node: text, addresses: ips, workload: { type: ["string", "null"] } })),
  services: byName(object({ clusterIps: ips, nodePorts: byName(whole), healthCheckNodePort: { type: ["integer", "null"] } })),
  blocks: listOf(object({ cidr: text, pool: text, node: text })),
  tunnels: byName(listOf(object({ encapsulation: { enum: ["ipip", "vxlan"] }, address: text }))),
});

export const modelSchema: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "knet model",
  ...object({
    version: { const: 1 },
    file: text,
    blocks: listOf({ oneOf: blocks.filter((row) => row.parents.includes("file")).map((row) => ({ $ref: `#/$defs/${row.keyword}` })) }),
    allocated: { anyOf: [allocated, byName(allocated)], description: "Of several clusters: by their names." },
  }),
  $defs: Object.fromEntries(blocks.map((row) => [row.keyword, blockSchema(row)])),
};
