/** ClusterNetworkPolicy, with the experimental parties and ports of its v1alpha2. */
import { array, clusterScoped, formatted, integer, labelSelector, object, oneOfStrings, port, resource, subdomain } from "./schema.ts";
import type { Schema } from "./schema.ts";

const one = { minProperties: 1, maxProperties: 1 } as const;
const pods = object({ namespaceSelector: labelSelector, podSelector: labelSelector }, ["podSelector"]);

const destinationPort = object({ number: port, range: object({ start: port, end: port }, ["start", "end"], { startBelowEnd: true }) }, [], one);
const transport = object({ destinationPort }, [], { minProperties: 1 });
const protocol = object({ tcp: transport, udp: transport, sctp: transport, destinationNamedPort: formatted("port-name") }, [], one);

const networks = array(formatted("cidr"), { minItems: 1, maxItems: 25, uniqueItems: true });
const fromPeer = object({ namespaces: labelSelector, pods }, [], one);
const toPeer = object({ namespaces: labelSelector, pods, nodes: labelSelector, networks }, [], one);

const rule = (side: "from" | "to", peer: Schema): Schema =>
  object(
    {
      name: { type: "string", maxLength: 100 },
      action: oneOfStrings("Accept", "Deny", "Pass"),
      [side]: array(peer, { minItems: 1, maxItems: 25 }),
      protocols: array(protocol, { minItems: 1, maxItems: 25 }),
    },
    ["action", side],
  );

export const clusterNetworkPolicySchema: Schema = resource(
  "policy.networking.k8s.io/v1alpha2",
  "ClusterNetworkPolicy",
  clusterScoped(subdomain),
  {
    spec: object(
      {
        tier: oneOfStrings("Admin", "Baseline"),
        priority: integer(0, 1000),
        subject: object({ namespaces: labelSelector, pods }, [], one),
        ingress: array(rule("from", fromPeer), { maxItems: 25 }),
        egress: array(rule("to", toPeer), { maxItems: 25 }),
      },
      ["tier", "priority", "subject"],
    ),
  },
  ["spec"],
);
