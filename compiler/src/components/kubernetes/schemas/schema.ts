/** Building blocks of the schemas. Every object is closed: a field that is not described is an error. */

export type Schema = Readonly<Record<string, unknown>>;

/** `false` allows nothing: a field that must not be there. */
export type Property = Schema | false;

export function object(properties: Readonly<Record<string, Property>>, required: readonly string[] = [], rules: Schema = {}): Schema {
  return { type: "object", properties, required, additionalProperties: false, ...rules };
}

export function array(items: Schema, rules: Schema = {}): Schema {
  return { type: "array", items, ...rules };
}

export function oneOfStrings(...values: readonly string[]): Schema {
  return { type: "string", enum: values };
}

export function integer(minimum: number, maximum: number): Schema {
  return { type: "integer", minimum, maximum };
}

/** A string of one of the formats in `formats.ts`. */
export function formatted(format: string): Schema {
  return { type: "string", format };
}

export const text: Schema = { type: "string" };
export const someText: Schema = { type: "string", minLength: 1 };
export const boolean: Schema = { type: "boolean" };
export const port = integer(1, 65535);
export const protocol = oneOfStrings("TCP", "UDP", "SCTP");
export const duration = formatted("duration");

/** A number of the range, or a name. */
export const portOrName: Schema = { anyOf: [port, formatted("port-name")] };

const labelMap: Schema = { type: "object", propertyNames: formatted("qualified-name"), additionalProperties: formatted("label-value") };
export const labels = labelMap;
export const annotations: Schema = { type: "object", propertyNames: formatted("qualified-name"), additionalProperties: text };

/** Metadata of a namespaced object. */
export function namespaced(name: Schema): Schema {
  return object({ name, namespace: formatted("dns-label"), labels, annotations }, ["name", "namespace"]);
}

/** Metadata of a cluster-scoped object. */
export function clusterScoped(name: Schema): Schema {
  return object({ name, labels, annotations }, ["name"]);
}

export const subdomain = formatted("dns-subdomain");
export const label = formatted("dns-label");

/** `In` and `NotIn` have values, `Exists` and `DoesNotExist` have none. */
const requirement: Schema = {
  ...object(
    {
      key: formatted("qualified-name"),
      operator: oneOfStrings("In", "NotIn", "Exists", "DoesNotExist"),
      values: array(formatted("label-value")),
    },
    ["key", "operator"],
  ),
  ...implies(
    { properties: { operator: { type: "string", enum: ["In", "NotIn"] } } },
    { properties: { values: { type: "array", minItems: 1 } }, required: ["values"] },
    { properties: { values: { type: "array", maxItems: 0 } } },
  ),
};

export const labelSelector = object({ matchLabels: labels, matchExpressions: array(requirement) });

/** A selector that must select something less than everything, as that of a Deployment. */
export const nonEmptySelector: Schema = { ...labelSelector, minProperties: 1 };

export function resource(
  apiVersion: string,
  kind: string,
  metadata: Schema,
  fields: Readonly<Record<string, Schema>>,
  required: readonly string[],
): Schema {
  return object({ apiVersion: { type: "string", const: apiVersion }, kind: { type: "string", const: kind }, metadata, ...fields }, [
    "apiVersion",
    "kind",
    "metadata",
    ...required,
  ]);
}

/** Where `condition` holds `rule` must hold too, and elsewhere `otherwise`. All three are about an object. */
export function implies(condition: Schema, rule: Schema, otherwise: Schema = {}): Schema {
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  return { if: { type: "object", ...condition }, then: { type: "object", ...rule }, else: { type: "object", ...otherwise } };
}

/** None of the fields may be there. */
export function without(...fields: readonly string[]): Schema {
  const properties: Record<string, Property> = {};
  for (const field of fields) properties[field] = false;
  return { properties };
}
