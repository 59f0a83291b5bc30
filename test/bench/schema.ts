/** The shape of `results.json` as a JSON Schema. */

const numbers = { type: "array", items: { type: "number", minimum: 0 }, minItems: 1 } as const;
const timing = {
  type: "object",
  additionalProperties: false,
  required: ["median", "runs"],
  properties: { median: { type: "number", minimum: 0 }, runs: numbers },
} as const;

export const resultsSchema = {
  type: "object",
  additionalProperties: false,
  required: ["version", "machine", "runs", "warmups", "nodeStart", "programs", "growth"],
  properties: {
    version: { const: 1 },
    machine: {
      type: "object",
      additionalProperties: false,
      required: ["cpus", "cpu", "memory", "node", "kernel", "load"],
      properties: {
        cpus: { type: "integer", minimum: 1 },
        cpu: { type: "string" },
        memory: { type: "integer", minimum: 1 },
        node: { type: "string", pattern: "^v[0-9]+\\." },
        kernel: { type: "string" },
        load: {
          type: "object",
          additionalProperties: false,
          required: ["before", "after"],
          properties: { before: { type: "number" }, after: { type: "number" } },
        },
      },
    },
    runs: { type: "integer", minimum: 1 },
    warmups: { type: "integer", minimum: 0 },
    nodeStart: timing,
    programs: {
      type: "array",
      minItems: 1,
      items: {
        type: "object",
        additionalProperties: false,
        required: ["name", "nodes", "pods", "services", "policies", "bytes", "measures"],
        properties: {
          name: { type: "string" },
          nodes: { type: "integer", minimum: 1 },
          pods: { type: "integer", minimum: 1 },
          services: { type: "integer", minimum: 0 },
          policies: { type: "integer", minimum: 0 },
          bytes: { type: "integer", minimum: 1 },
          measures: {
            type: "array",
            items: {
              oneOf: [
                {
                  ...timing,
                  required: ["name", "unit", "median", "runs"],
                  properties: { ...timing.properties, name: { type: "string" }, unit: { enum: ["ms", "bytes", "per-second"] } },
                },
                {
                  type: "object",
                  additionalProperties: false,
                  required: ["name", "skipped"],
                  properties: { name: { type: "string" }, skipped: { type: "string", minLength: 1 } },
                },
              ],
            },
          },
        },
      },
    },
    growth: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["name", "from", "to", "perDoubling"],
        properties: { name: { type: "string" }, from: { type: "integer" }, to: { type: "integer" }, perDoubling: { type: "number" } },
      },
    },
  },
} as const;
