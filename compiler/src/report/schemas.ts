/** JSON Schemas (draft 7) of the JSON documents: what others may build on. Fields that they do not name may be added. */

const packetFields = {
  src: { type: "string" },
  dst: { type: "string" },
  protocol: { type: "string" },
  sport: { type: "integer", minimum: 0, maximum: 65535 },
  dport: { type: "integer", minimum: 0, maximum: 65535 },
  size: { type: "integer", minimum: 0 },
  note: { type: "string" },
} as const;

const packetRequired = ["src", "dst", "protocol", "sport", "dport"] as const;

const packet = {
  type: "object",
  required: packetRequired,
  properties: { ...packetFields, outer: { type: "object", required: packetRequired, properties: packetFields } },
} as const;

const line = {
  type: "object",
  required: ["file", "line"],
  properties: { file: { type: "string" }, line: { type: "integer", minimum: 1 }, text: { type: "string" }, name: { type: "string" } },
} as const;

const decidedBy = { type: "object", properties: { artifact: line, source: line } } as const;

const position = {
  type: "object",
  required: ["line", "column", "offset"],
  properties: { line: { type: "integer", minimum: 1 }, column: { type: "integer", minimum: 1 }, offset: { type: "integer", minimum: 0 } },
} as const;

const range = { type: "object", required: ["start", "end"], properties: { start: position, end: position } } as const;

const place = { type: "object", required: ["file", "range"], properties: { file: { type: "string" }, range } } as const;

const protocol = { type: "string", enum: ["tcp", "udp", "sctp"] } as const;
const port = { type: "integer", minimum: 0, maximum: 65535 } as const;
const texts = { type: "array", items: { type: "string" } } as const;

/** `knet trace --format json`. */
export const traceSchema = {
  type: "object",
  required: ["version", "steps", "verdict"],
  properties: {
    version: { const: 1 },
    from: { type: "string" },
    to: { type: "string" },
    protocol: { type: "string" },
    port,
    lookup: {
      type: "object",
      required: ["name", "server", "search", "queries", "verdict"],
      properties: {
        name: { type: "string" },
        server: { type: "string" },
        search: texts,
        queries: {
          type: "array",
          items: {
            type: "object",
            required: ["name", "type", "status", "answers"],
            properties: {
              name: { type: "string" },
              type: { enum: ["A", "AAAA"] },
              status: { enum: ["NOERROR", "NODATA", "NXDOMAIN", "FORWARDED"] },
              answers: texts,
            },
          },
        },
        verdict: { type: "string" },
        source: line,
      },
    },
    steps: {
      type: "array",
      items: {
        type: "object",
        required: ["where", "layer", "did", "packet"],
        properties: {
          where: { type: "string", minLength: 1 },
          kind: { enum: ["pod", "node", "router", "external"] },
          phase: { enum: ["dns", "request", "reply"] },
          layer: { enum: ["dns", "send", "track", "nat", "filter", "route", "encapsulate", "wire", "decapsulate", "deliver", "error"] },
          did: { type: "string", minLength: 1 },
          packet,
          artifact: line,
          artifacts: { type: "array", items: line },
          source: line,
          rules: texts,
        },
      },
    },
    choices: {
      type: "array",
      items: {
        type: "object",
        required: ["name", "address", "probability", "chosen", "verdict"],
        properties: {
          name: { type: "string" },
          address: { type: "string" },
          probability: { type: "number", minimum: 0, maximum: 1 },
          chosen: { type: "boolean" },
          verdict: { type: "string" },
        },
      },
    },
    verdict: {
      enum: [
        "delivered",
        "refused",
        "rejected",
        "dropped",
        "no-route",
        "unreachable",
        "ttl-exceeded",
        "too-big",
        "reply-lost",
        "no-such-name",
        "no-name-server",
      ],
    },
    summary: { type: "string" },
    decidedBy,
  },
} as const;

/** `knet check --format json`. */
export const checkSchema = {
  type: "object",
  required: ["version", "diagnostics"],
  properties: {
    version: { const: 1 },
    diagnostics: {
      type: "array",
      items: {
        type: "object",
        required: ["code", "severity", "message", "file", "range", "related", "fixes"],
        properties: {
          code: { type: "string", pattern: "^KN[0-9]{4}$" },
          name: { type: "string" },
          severity: { enum: ["error", "warning"] },
          message: { type: "string", minLength: 1 },
          file: { type: "string" },
          range,
          label: { type: "string" },
          notes: texts,
          help: { type: "string" },
          related: {
            type: "array",
            items: { ...place, required: ["message", "file", "range"], properties: { ...place.properties, message: { type: "string" } } },
          },
          fixes: {
            type: "array",
            items: {
              type: "object",
              required: ["title", "safe", "edits"],
              properties: {
                title: { type: "string" },
                safe: { type: "boolean" },
                edits: {
                  type: "array",
                  items: {
                    ...place,
                    required: ["file", "range", "newText"],
                    properties: { ...place.properties, newText: { type: "string" } },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
} as const;

const failures = { type: "object", required: ["nodes", "pods"], properties: { nodes: texts, pods: texts, links: texts } } as const;
const flowRequired = ["from", "to", "protocol", "port"] as const;
const flowFields = { from: { type: "string" }, to: { type: "string" }, protocol, port, failures } as const;

/** `knet verify --format json`. */
export const verifySchema = {
  type: "object",
  required: ["version", "assertions"],
  properties: {
    version: { const: 1 },
    assertions: {
      type: "array",
      items: {
        type: "object",
        required: ["assertion", "verdict", "method", "file", "range"],
        properties: {
          assertion: { type: "string" },
          verdict: { enum: ["holds", "fails", "not-refuted", "unknown"] },
          method: { enum: ["exact", "enumerated", "sampled"] },
          flows: { type: "integer", minimum: 0 },
          runs: { type: "integer", minimum: 0 },
          seed: { type: "integer" },
          reason: { type: "string" },
          witness: {
            type: "object",
            required: [...flowRequired, "summary", "statement"],
            properties: {
              ...flowFields,
              summary: { type: "string" },
              reason: { type: "string" },
              cause: { ...place, required: ["name", "file", "range"], properties: { ...place.properties, name: { type: "string" } } },
              statement: place,
              decidedBy,
              trace: traceSchema,
            },
          },
          file: { type: "string" },
          range,
        },
      },
    },
    compared: { type: "integer", minimum: 0 },
    disagreements: {
      type: "array",
      items: {
        type: "object",
        required: [...flowRequired, "simulated", "intended", "traces"],
        properties: {
          ...flowFields,
          simulated: { type: "string" },
          intended: { type: "string" },
          traces: { type: "array", items: traceSchema },
        },
      },
    },
  },
} as const;
