/** KN2xxx: names that are unknown, taken, misspelt or out of place. */
import { withArticle } from "./suggest.ts";

const error = "error" as const;

export const nameEntries = {
  "unknown-name": {
    code: "KN2001",
    severity: error,
    message: (p: { what: string; name: string; scope?: string }) =>
      `there is no ${p.what} called \`${p.name}\`${p.scope === undefined ? "" : ` in ${p.scope}`}`,
  },
  "duplicate-name": {
    code: "KN2002",
    severity: error,
    message: (p: { what: string; name: string }) => `${p.what} \`${p.name}\` is declared twice`,
  },
  "unknown-attribute": {
    code: "KN2003",
    severity: error,
    message: (p: { block: string; name: string }) => `${withArticle(p.block)} has no attribute \`${p.name}\``,
  },
  "unknown-keyword": { code: "KN2004", severity: error, message: (p: { name: string }) => `\`${p.name}\` is not a kind of declaration` },
  "misplaced-declaration": {
    code: "KN2005",
    severity: error,
    message: (p: { what: string; where: string }) => `${p.what} does not belong ${p.where}`,
  },
  "invalid-name": {
    code: "KN2006",
    severity: error,
    local: true,
    message: (p: { what: string; name: string; rule: string }) => `\`${p.name}\` cannot be the name of ${p.what}: ${p.rule}`,
  },
  "unknown-value": {
    code: "KN2007",
    severity: error,
    local: true,
    message: (p: { attribute: string; value: string }) => `\`${p.attribute}\` cannot be \`${p.value}\``,
  },
  "invalid-label-key": {
    code: "KN2008",
    severity: error,
    local: true,
    message: (p: { key: string; rule: string }) => `\`${p.key}\` is not a label key: ${p.rule}`,
  },
  "invalid-label-value": {
    code: "KN2009",
    severity: error,
    local: true,
    message: (p: { value: string; rule: string }) => `"${p.value}" is not a label value: ${p.rule}`,
  },
  "invalid-port-name": {
    code: "KN2010",
    severity: error,
    local: true,
    message: (p: { name: string; rule: string }) => `\`${p.name}\` is not a port name: ${p.rule}`,
  },
  "not-supported": { code: "KN2011", severity: error, message: (p: { what: string }) => `this version of knet does not support ${p.what}` },
  "duplicate-attribute": {
    code: "KN2012",
    severity: error,
    message: (p: { name: string }) => `\`${p.name}\` is given twice`,
  },
  "reserved-name": {
    code: "KN2013",
    severity: error,
    local: true,
    message: (p: { name: string; owner: string }) => `\`${p.name}\` is taken: ${p.owner}`,
  },
  "listed-twice": { code: "KN2014", severity: error, message: (p: { name: string }) => `\`${p.name}\` is listed twice` },
  "missing-import": { code: "KN2015", severity: error, message: (p: { path: string }) => `there is no file \`${p.path}\` to import` },
  "import-outside": {
    code: "KN2016",
    severity: error,
    message: (p: { specifier: string; reason: string }) => `\`${p.specifier}\` cannot be imported: ${p.reason}`,
  },
  "unreadable-import": {
    code: "KN2017",
    severity: error,
    message: (p: { path: string; reason: string }) => `\`${p.path}\` cannot be read: ${p.reason}`,
  },
  "import-cycle": {
    code: "KN2018",
    severity: error,
    message: (p: { files: readonly string[] }) => `files import each other in a circle: ${p.files.map((file) => `\`${file}\``).join(" → ")}`,
  },
  "unknown-parameter": {
    code: "KN2019",
    severity: error,
    message: (p: { what: string; name: string }) => `${p.what} has no parameter \`${p.name}\``,
  },
  "circular-definition": {
    code: "KN2020",
    severity: error,
    message: (p: { what: string; names: readonly string[] }) =>
      `${p.what} depends on itself: ${p.names.map((name) => `\`${name}\``).join(" → ")}`,
  },
  "ambiguous-import": {
    code: "KN2021",
    severity: error,
    message: (p: { what: string; name: string }) => `${p.what} \`${p.name}\` comes from two imports`,
  },
  "conflicting-arguments": {
    code: "KN2022",
    severity: error,
    message: (p: { path: string; name: string; one: string; other: string }) =>
      `\`${p.path}\` is imported twice with different arguments: \`${p.name}\` is ${p.one} and ${p.other}`,
  },
} as const;
