/** KN1xxx: text that does not read as knet. */
const error = "error" as const;

export const syntaxEntries = {
  "unexpected-character": {
    code: "KN1001",
    severity: error,
    message: (p: { text: string }) => `${p.text} has no meaning here`,
  },
  "unclosed-string": { code: "KN1002", severity: error, message: () => "this string is not closed before the end of its line" },
  "malformed-address": {
    code: "KN1003",
    severity: error,
    local: true,
    message: (p: { text: string; reason: string }) => `\`${p.text}\` is not an address: ${p.reason}`,
  },
  "malformed-number": {
    code: "KN1004",
    severity: error,
    local: true,
    message: (p: { text: string; reason: string }) => `\`${p.text}\` is not a number or a port: ${p.reason}`,
  },
  "unexpected-token": {
    code: "KN1005",
    severity: error,
    message: (p: { expected: string; found: string }) => `expected ${p.expected}, found ${p.found}`,
  },
  "unclosed-bracket": {
    code: "KN1006",
    severity: error,
    message: (p: { open: string; close: string }) => `this \`${p.open}\` is never closed: a \`${p.close}\` is missing`,
  },
  "stray-bracket": { code: "KN1007", severity: error, message: (p: { close: string }) => `this \`${p.close}\` closes nothing` },
  "missing-brace": {
    code: "KN1008",
    severity: error,
    message: (p: { header: string }) => `a \`{\` is missing behind \`${p.header}\``,
  },
  "missing-separator": {
    code: "KN1009",
    severity: error,
    message: () => "two members on one line need a comma between them",
  },
  "nesting-too-deep": {
    code: "KN1010",
    severity: error,
    message: (p: { what: string; limit: number }) => `${p.what} may be nested ${p.limit} deep, not deeper`,
  },
  "too-many-syntax-errors": {
    code: "KN1011",
    severity: error,
    message: (p: { shown: number; more: number }) => `${p.shown} syntax errors are shown, ${p.more} more are not`,
  },
  "not-text": { code: "KN1012", severity: error, message: () => "this is not a text file: it holds NUL characters" },
  "foreign-comment": { code: "KN1013", severity: error, local: true, message: () => "comments begin with `//` and end with the line" },
  "single-quotes": { code: "KN1014", severity: error, local: true, message: () => 'strings stand in double quotes: "…"' },
  "unknown-escape": {
    code: "KN1015",
    severity: error,
    local: true,
    message: (p: { escape: string }) => `\`${p.escape}\` is not an escape sequence`,
  },
  "colon-for-equals": { code: "KN1016", severity: error, message: () => "knet writes `name = value`, without a colon" },
  "unquoted-name": {
    code: "KN1017",
    severity: error,
    local: true,
    message: (p: { text: string }) => `\`${p.text}\` must be quoted: a name with dots or slashes is not an identifier`,
  },
  "unclosed-interpolation": {
    code: "KN1018",
    severity: error,
    message: (p: { nested: boolean }) =>
      p.nested
        ? "no quotes, braces or line breaks inside `${…}`: name the value with `const`"
        : "this `${` is not closed by a `}` in the string",
  },
  "unquoted-interpolation": {
    code: "KN1019",
    severity: error,
    local: true,
    message: () => "`${…}` has a meaning in quotes only",
  },
  "foreign-operator": { code: "KN1020", severity: error, local: true, message: (p: { what: string }) => p.what },
  "foreign-wording": { code: "KN1021", severity: error, message: (p: { what: string }) => p.what },
  "operator-spaces": {
    code: "KN1022",
    severity: error,
    local: true,
    message: (p: { operator: string }) => `\`${p.operator}\` between two values has a space on both sides`,
  },
  "chained-operator": {
    code: "KN1023",
    severity: error,
    local: true,
    message: (p: { operator: string }) =>
      p.operator === ".."
        ? "`..` makes a range of two numbers, and a range stands to its left already"
        : `\`${p.operator}\` compares two values, and a comparison stands to its left already`,
  },
  "computed-import": {
    code: "KN1024",
    severity: error,
    local: true,
    message: () => "the path of an import is written out: which files a program has does not depend on its values",
  },
} as const;
