/** JSON Schema (draft 7) of `knet reach --format json`. Fields that it does not name may be added. */

const port = { type: "integer", minimum: 1, maximum: 65535 } as const;
const protocol = { enum: ["TCP", "UDP", "SCTP"] } as const;
const texts = { type: "array", items: { type: "string", minLength: 1 } } as const;
const id = { type: "string", minLength: 1 } as const;

export const reachSchema = {
  type: "object",
  required: ["version", "endpoints", "connections"],
  properties: {
    version: { const: 1 },
    endpoints: {
      type: "array",
      items: {
        type: "object",
        required: ["id", "kind"],
        properties: {
          id,
          kind: { enum: ["Deployment", "Pod", "Node", "External"] },
          namespace: { type: "string", minLength: 1 },
          name: { type: "string", minLength: 1 },
          pods: { type: "integer", minimum: 1 },
          nodes: texts,
          cidrs: { ...texts, minItems: 1 },
          first: { type: "string" },
          last: { type: "string" },
        },
        oneOf: [
          { required: ["namespace", "name", "pods"], properties: { kind: { enum: ["Deployment", "Pod"] } } },
          { required: ["name", "nodes"], properties: { kind: { const: "Node" } } },
          { required: ["cidrs"], properties: { kind: { const: "External" } } },
        ],
      },
    },
    connections: {
      type: "array",
      items: {
        type: "object",
        required: ["from", "to", "allowed"],
        properties: {
          from: id,
          to: id,
          allowed: {
            type: "array",
            minItems: 1,
            items: {
              type: "object",
              required: ["protocol", "ports"],
              properties: {
                protocol,
                ports: { type: "array", minItems: 1, items: { type: "array", items: [port, port], minItems: 2, maxItems: 2 } },
                family: { enum: ["IPv4", "IPv6"] },
              },
            },
          },
          through: {
            type: "array",
            minItems: 1,
            items: {
              type: "object",
              required: ["service", "protocol", "nodePort", "port"],
              properties: { service: id, protocol, nodePort: port, port },
            },
          },
          explanation: texts,
        },
      },
    },
    refusals: {
      type: "array",
      items: { type: "object", required: ["from", "to", "explanation"], properties: { from: id, to: id, explanation: texts } },
    },
    notes: texts,
    compared: { type: "integer", minimum: 0 },
  },
} as const;
