/** KN8xxx: what is legal and most likely not meant. */
const warning = "warning" as const;

export const lintEntries = {
  "selects-nothing": { code: "KN8001", severity: warning, message: (p: { what: string }) => `this selects no ${p.what}` },
  "policy-port-unoffered": {
    code: "KN8002",
    severity: warning,
    message: (p: { port: string }) => `no pod that this rule is about offers ${p.port}`,
  },
  "asserts-nothing": { code: "KN8003", severity: warning, message: () => "this assertion states nothing" },
  "no-effect": { code: "KN8004", severity: warning, message: (p: { what: string }) => `${p.what} has no effect` },
  "unused-name": { code: "KN8005", severity: warning, message: (p: { what: string; name: string }) => `${p.what} \`${p.name}\` is never used` },
  "equal-priority": {
    code: "KN8006",
    severity: warning,
    message: (p: { one: string; other: string; priority: number }) =>
      `policies \`${p.one}\` and \`${p.other}\` have the priority ${p.priority}: which of them is asked first is left open`,
  },
} as const;
