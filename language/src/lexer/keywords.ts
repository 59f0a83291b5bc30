/**
 * The words that statements are made of. All of them are contextual: each may also be the name of a thing or of an attribute.
 * Words that open blocks (`cluster`, `pod`, …) and attribute names stand in the schema.
 */

export const statementKeywords = [
  "after",
  "all",
  "allow",
  "and",
  "any",
  "anyone",
  "anything",
  "applies",
  "backend",
  "egress",
  "except",
  "fail",
  "fails",
  "forward",
  "from",
  "has",
  "in",
  "ingress",
  "internet",
  "isolates",
  "namespace",
  "namespaces",
  "never",
  "node",
  "node-port",
  "nodes",
  "not",
  "nothing",
  "of",
  "on",
  "over",
  "pod",
  "pods",
  "port",
  "reaches",
  "selects",
  "service",
  "some",
  "spread",
  "subnet",
  "to",
  "while",
] as const;

export type StatementKeyword = (typeof statementKeywords)[number];

/** Words that continue a statement on the next line. They never begin a member. */
export const continuationKeywords: ReadonlySet<string> = new Set<StatementKeyword>([
  "and",
  "except",
  "from",
  "in",
  "never",
  "node-port",
  "not",
  "on",
  "reaches",
  "to",
]);
