/** What code scanning needs of a SARIF 2.1.0 log, as a schema written from the OASIS text. */
const text = { type: "object", required: ["text"], properties: { text: { type: "string", minLength: 1 } } } as const;
const line = { type: "integer", minimum: 1 } as const;
const region = {
  type: "object",
  required: ["startLine", "startColumn", "endLine", "endColumn"],
  additionalProperties: false,
  properties: { startLine: line, startColumn: line, endLine: line, endColumn: line },
} as const;
const artifactLocation = {
  type: "object",
  required: ["uri"],
  additionalProperties: false,
  properties: { uri: { type: "string", pattern: "^[A-Za-z0-9._~!$&'()*+,;=:@%/-]+$" }, uriBaseId: { type: "string" } },
} as const;
const location = {
  type: "object",
  required: ["physicalLocation"],
  additionalProperties: false,
  properties: {
    physicalLocation: {
      type: "object",
      required: ["artifactLocation", "region"],
      additionalProperties: false,
      properties: { artifactLocation, region },
    },
    message: text,
  },
} as const;

export const sarifSchema = {
  type: "object",
  required: ["$schema", "version", "runs"],
  additionalProperties: false,
  properties: {
    $schema: { type: "string" },
    version: { const: "2.1.0" },
    runs: {
      type: "array",
      minItems: 1,
      maxItems: 1,
      items: {
        type: "object",
        required: ["tool", "results"],
        additionalProperties: false,
        properties: {
          tool: {
            type: "object",
            required: ["driver"],
            properties: {
              driver: {
                type: "object",
                required: ["name", "semanticVersion", "rules"],
                properties: {
                  name: { const: "knet" },
                  semanticVersion: { type: "string", pattern: "^\\d+\\.\\d+\\.\\d+" },
                  rules: {
                    type: "array",
                    uniqueItems: true,
                    items: {
                      type: "object",
                      required: ["id", "shortDescription"],
                      properties: { id: { type: "string" }, name: { type: "string", pattern: "^[A-Za-z0-9]+$" }, shortDescription: text },
                    },
                  },
                },
              },
            },
          },
          columnKind: { enum: ["utf16CodeUnits", "unicodeCodePoints"] },
          results: {
            type: "array",
            items: {
              type: "object",
              required: ["ruleId", "ruleIndex", "level", "message"],
              additionalProperties: false,
              properties: {
                ruleId: { type: "string" },
                ruleIndex: { type: "integer", minimum: 0 },
                kind: { enum: ["pass", "open", "informational", "notApplicable", "review", "fail"] },
                level: { enum: ["none", "note", "warning", "error"] },
                message: text,
                locations: { type: "array", items: location },
                relatedLocations: { type: "array", items: location },
                fixes: {
                  type: "array",
                  items: {
                    type: "object",
                    required: ["artifactChanges"],
                    properties: {
                      description: text,
                      artifactChanges: {
                        type: "array",
                        minItems: 1,
                        items: {
                          type: "object",
                          required: ["artifactLocation", "replacements"],
                          properties: {
                            artifactLocation,
                            replacements: {
                              type: "array",
                              minItems: 1,
                              items: {
                                type: "object",
                                required: ["deletedRegion"],
                                properties: {
                                  deletedRegion: region,
                                  insertedContent: { type: "object", required: ["text"], properties: { text: { type: "string" } } },
                                },
                              },
                            },
                          },
                        },
                      },
                    },
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
