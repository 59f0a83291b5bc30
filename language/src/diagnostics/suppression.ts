/** KN809x: `// knet-ignore …` comments that do nothing. They cannot be suppressed themselves. */
const warning = "warning" as const;

export const suppressionEntries = {
  "unknown-suppression": { code: "KN8090", severity: warning, local: true, message: (p: { reason: string }) => p.reason },
  "unused-suppression": {
    code: "KN8091",
    severity: warning,
    message: (p: { codes: string; several: boolean; where: string }) => `nothing to ignore: ${p.codes} ${p.several ? "are" : "is"} not found ${p.where}`,
  },
} as const;
