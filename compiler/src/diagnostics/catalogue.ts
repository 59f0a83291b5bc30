/** The compiler's own codes: KN5xxx allocation, KN6xxx artifacts, KN7xxx verification, KN9xxx files and command line. */
import { defineCatalogue } from "@knet/language";

const error = "error" as const;
const warning = "warning" as const;

export const compilerCatalogue = defineCatalogue({
  "range-full": { code: "KN5001", severity: error, message: (p: { message: string }) => p.message },
  "no-pool": { code: "KN5002", severity: error, message: (p: { message: string }) => p.message },
  "node-crowded": {
    code: "KN5020",
    severity: warning,
    message: (p: { node: string; pods: number; limit: number }) => `node \`${p.node}\` has ${p.pods} pods, and a kubelet runs ${p.limit} unless told otherwise`,
  },
  "local-without-endpoints": {
    code: "KN5021",
    severity: warning,
    message: (p: { service: string; nodes: string; several: boolean }) =>
      `${p.nodes} ${p.several ? "have" : "has"} no endpoint of service \`${p.service}\` and ${p.several ? "drop" : "drops"} what comes to its node port`,
  },
  "not-generated": {
    code: "KN6001",
    severity: error,
    message: (p: { attribute: string; owner: string; reason: string }) => `\`${p.attribute}\` of ${p.owner} is not compiled yet: ${p.reason}`,
  },
});

/** Errors that stand at no place in a program: what the message says, and the code that `knet explain` knows. */
export const commandErrors = {
  "lock-unreadable": "KN5010",
  "lock-would-change": "KN5011",
  "judges-disagree": "KN7001",
  "input-unreadable": "KN9001",
  "output-unwritable": "KN9002",
  "unknown-endpoint": "KN9003",
  usage: "KN9004",
  "unknown-code": "KN9005",
  "folder-not-empty": "KN9006",
  /** Told by the script that starts the bundle, which such a Node may not be able to read. */
  "node-too-old": "KN9007",
} as const;

export type CommandErrorName = keyof typeof commandErrors;
