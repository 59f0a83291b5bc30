/** KN3xxx: values and clauses of the wrong kind. */
const error = "error" as const;

export const typeEntries = {
  "wrong-type": {
    code: "KN3001",
    severity: error,
    local: true,
    message: (p: { attribute: string; expected: string; found: string }) => `\`${p.attribute}\` wants ${p.expected}, not ${p.found}`,
  },
  "missing-member": { code: "KN3002", severity: error, message: (p: { what: string; missing: string }) => `${p.what} needs ${p.missing}` },
  "host-bits-set": {
    code: "KN3003",
    severity: error,
    local: true,
    message: (p: { cidr: string }) => `\`${p.cidr}\` has bits set behind its prefix length`,
  },
  "family-twice": {
    code: "KN3004",
    severity: error,
    local: true,
    message: (p: { attribute: string; family: 4 | 6 }) => `\`${p.attribute}\` has two IPv${p.family} values; one of each family is allowed`,
  },
  "out-of-range": {
    code: "KN3005",
    severity: error,
    local: true,
    message: (p: { what: string; value: string; first: number | string; last: number | string }) =>
      `${p.what} must be ${p.first} to ${p.last}, not ${p.value}`,
  },
  "reversed-range": {
    code: "KN3006",
    severity: error,
    local: true,
    message: (p: { first: number; last: number }) => `this range runs backwards: ${p.first} is greater than ${p.last}`,
  },
  "missing-protocol": {
    code: "KN3007",
    severity: error,
    local: true,
    message: (p: { port: string }) => `\`${p.port}\` does not say which protocol`,
  },
  "wrong-peer": {
    code: "KN3008",
    severity: error,
    message: (p: { peer: string; where: string }) => `${p.peer} cannot stand ${p.where}`,
  },
  "unknown-version": {
    code: "KN3009",
    severity: error,
    local: true,
    message: (p: { software: string; version: string }) => `nobody has described ${p.software} ${p.version} to knet`,
  },
  "equality-only": {
    code: "KN3010",
    severity: error,
    message: () => 'a service selects by equality only: `key == "value"`, joined by `and`',
  },
  "wrong-preposition": {
    code: "KN3011",
    severity: error,
    local: true,
    message: (p: { direction: string; right: string; wrong: string }) =>
      `${p.direction} is allowed \`${p.right}\` somebody, not \`${p.wrong}\``,
  },
  "double-negation": { code: "KN3012", severity: error, message: () => "`nothing` already says never: two negations cannot be read" },
  "misplaced-clause": {
    code: "KN3013",
    severity: error,
    message: (p: { clause: string; what: string }) => `\`${p.clause}\` has no meaning for ${p.what}`,
  },
  "wrong-operand": {
    code: "KN3014",
    severity: error,
    message: (p: { operator: string; operands: string }) => `\`${p.operator}\` has no meaning for ${p.operands}`,
  },
  "no-value": { code: "KN3015", severity: error, message: (p: { what: string; reason: string }) => `${p.what} has no value: ${p.reason}` },
  "condition-not-met": {
    code: "KN3016",
    severity: error,
    message: (p: { name: string; value: string; asked: string }) => `${p.name} is ${p.value}, and ${p.asked} was asked`,
  },
  "expansion-too-large": {
    code: "KN3017",
    severity: error,
    message: (p: { what: string; limit: number; unit: string }) =>
      `${p.what} makes the program too large: it would have more than ${p.limit} ${p.unit}`,
  },
  "wrong-argument-count": {
    code: "KN3018",
    severity: error,
    message: (p: { name: string; takes: string; given: number }) => `\`${p.name}\` takes ${p.takes}, not ${p.given}`,
  },
  "malformed-selector": {
    code: "KN3030",
    severity: error,
    local: true,
    message: (p: { text: string; reason: string }) => `"${p.text}" is not a selector of Calico: ${p.reason}`,
  },
  "too-many-items": {
    code: "KN3031",
    severity: error,
    local: true,
    message: (p: { attribute: string; count: number; limit: number }) => `\`${p.attribute}\` has ${p.count} entries, and ${p.limit} are allowed`,
  },
} as const;
