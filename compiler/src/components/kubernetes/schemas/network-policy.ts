/** NetworkPolicy. */
import {
  array,
  formatted,
  implies,
  labelSelector,
  namespaced,
  object,
  oneOfStrings,
  port,
  portOrName,
  protocol,
  resource,
  subdomain,
} from "./schema.ts";
import type { Schema } from "./schema.ts";

/** `endPort` closes a range that a number opens. */
const policyPort: Schema = {
  ...object({ protocol, port: portOrName, endPort: port }),
  ...implies({ required: ["endPort"] }, { properties: { port: { type: "integer" } }, required: ["port"] }),
  endPortNotBelow: true,
};

const ipBlock = object({ cidr: formatted("cidr"), except: array(formatted("cidr")) }, ["cidr"], { exceptInside: true });

/** A block stands alone; a peer without a field is refused. */
const peer: Schema = {
  ...object({ podSelector: labelSelector, namespaceSelector: labelSelector, ipBlock }),
  minProperties: 1,
  ...implies({ required: ["ipBlock"] }, { maxProperties: 1 }),
};

const rule = (side: "from" | "to"): Schema => object({ [side]: array(peer), ports: array(policyPort) });

export const networkPolicySchema: Schema = resource(
  "networking.k8s.io/v1",
  "NetworkPolicy",
  namespaced(subdomain),
  {
    spec: object(
      {
        podSelector: labelSelector,
        policyTypes: array(oneOfStrings("Ingress", "Egress"), { minItems: 1, uniqueItems: true }),
        ingress: array(rule("from")),
        egress: array(rule("to")),
      },
      ["podSelector"],
    ),
  },
  ["spec"],
);
