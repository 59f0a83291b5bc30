/** Whether an object has the shape that the API server, kube-proxy or the CNI runtime takes. */
import { Ajv2020 } from "ajv/dist/2020.js";
import type { ErrorObject, ValidateFunction } from "ajv/dist/2020.js";
import { parseDocument } from "yaml";
import { calicoSchemas, conflistSchema } from "./calico.ts";
import { clusterNetworkPolicySchema } from "./cluster-network-policy.ts";
import { coreSchemas } from "./core.ts";
import { formats } from "./formats.ts";
import { keywords } from "./keywords.ts";
import { kubeProxySchema } from "./kube-proxy.ts";
import { networkPolicySchema } from "./network-policy.ts";
import type { Schema } from "./schema.ts";
import { serviceSchemas } from "./service.ts";

/** By `apiVersion/kind`. */
const schemas: ReadonlyMap<string, Schema> = new Map(
  [...coreSchemas, ...serviceSchemas, networkPolicySchema, clusterNetworkPolicySchema, ...calicoSchemas, kubeProxySchema].map((schema) => [identityOf(schema), schema]),
);

function identityOf(schema: Schema): string {
  const { properties } = schema;
  const constant = (field: string): string => {
    const value = isRecord(properties) ? properties[field] : undefined;
    return isRecord(value) ? String(value["const"]) : "";
  };
  return `${constant("apiVersion")}/${constant("kind")}`;
}

const ajv = newValidator();
const compiled = new Map<Schema, ValidateFunction>();

function newValidator(): Ajv2020 {
  // Conditions name fields that are described beside them, and a plugin list goes on behind its first entry.
  const validator = new Ajv2020({ strict: true, strictRequired: false, strictTuples: false, allErrors: true, formats: { ...formats } });
  for (const keyword of keywords) validator.addKeyword(keyword);
  return validator;
}

/**
 * What is wrong with a manifest, one sentence each; empty when nothing is. A Kubernetes object is known by `apiVersion` and
 * `kind`, anything else is taken as a CNI configuration list. The KubeProxyConfiguration inside a ConfigMap is checked too.
 */
export function validateManifest(body: Readonly<Record<string, unknown>>): string[] {
  const { apiVersion, kind } = body;
  if (apiVersion === undefined && kind === undefined) return check(conflistSchema, body, "");
  const schema = schemas.get(`${String(apiVersion)}/${String(kind)}`);
  if (schema === undefined) return [`kind ${String(kind)} of ${String(apiVersion)} is not known`];
  return [...check(schema, body, ""), ...(kind === "ConfigMap" ? embedded(body) : [])];
}

function check(schema: Schema, body: unknown, prefix: string): string[] {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    validate = ajv.compile(schema);
    compiled.set(schema, validate);
  }
  if (validate(body)) return [];
  const sentences = (validate.errors ?? []).filter((error) => error.keyword !== "if").map((error) => `${prefix}${sentence(error)}`);
  return [...new Set(sentences)];
}

/** Documents of other components that a ConfigMap carries as text. */
function embedded(configMap: Readonly<Record<string, unknown>>): string[] {
  const { data } = configMap;
  if (!isRecord(data)) return [];
  return Object.entries(data).flatMap(([key, text]) => {
    if (typeof text !== "string" || !/^kind:\s*KubeProxyConfiguration\s*$/m.test(text)) return [];
    const document = parseDocument(text);
    const [error] = document.errors;
    if (error !== undefined) return [`data.${key}: ${error.message}`];
    const body: unknown = document.toJS();
    return check(kubeProxySchema, body, `data.${key}: `);
  });
}

/** `spec.ports[0].port must be <= 65535`. */
function sentence(error: ErrorObject): string {
  const path = error.instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce((before, part) => (/^\d+$/.test(part) ? `${before}[${part}]` : before === "" ? part : `${before}.${part}`), "");
  const subject = path === "" ? "the object" : path;
  const { additionalProperty, allowedValues, allowedValue, propertyName } = error.params;
  if (typeof additionalProperty === "string") return `${subject} must not have the field ${additionalProperty}`;
  if (Array.isArray(allowedValues)) return `${subject} must be one of ${allowedValues.map((value) => JSON.stringify(value)).join(", ")}`;
  if (allowedValue !== undefined) return `${subject} must be ${JSON.stringify(allowedValue)}`;
  if (error.keyword === "false schema") return `${subject} must not be given here`;
  if (typeof propertyName === "string") return `${subject} must not have the key ${JSON.stringify(propertyName)}`;
  return `${subject} ${error.message ?? "is not valid"}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
