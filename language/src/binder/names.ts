/** How names, label keys and label values are spelt, by Kubernetes' rules. */
import type { NameRule } from "../schema/types.ts";

const label = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const qualified = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** Why a name breaks its rule (RFC 1123 label or subdomain, RFC 1035 label), or null. */
export function nameFault(name: string, rule: NameRule): string | null {
  if (rule === "title" || rule === "none") return null;
  const longest = rule === "subdomain" ? 253 : 63;
  if (name.length > longest) return `it has ${name.length} characters, ${longest} are allowed`;
  const parts = rule === "subdomain" ? name.split(".") : [name];
  if (!parts.every((part) => label.test(part))) {
    const dots = rule === "subdomain" ? ", dots" : "";
    return `lower-case letters, digits${dots} and hyphens are allowed, with a letter or digit at both ends`;
  }
  if (rule === "service-label" && !/^[a-z]/.test(name)) return "a service name begins with a letter, as DNS labels of RFC 1035 do";
  return null;
}

/** A spelling near the name that keeps the rule, or null. */
export function repairedName(name: string, rule: NameRule): string | null {
  const repaired = name
    .toLowerCase()
    .replace(rule === "subdomain" ? /[^a-z0-9.-]+/g : /[^a-z0-9-]+/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "");
  return repaired !== "" && repaired !== name && nameFault(repaired, rule) === null ? repaired : null;
}

/** A DNS domain name without a trailing dot. */
export function domainFault(name: string): string | null {
  if (name.endsWith(".")) return "it is written without a trailing dot";
  return nameFault(name, "subdomain");
}

export function labelKeyFault(key: string): string | null {
  const slash = key.indexOf("/");
  const prefix = slash < 0 ? null : key.slice(0, slash);
  const name = key.slice(slash + 1);
  if (prefix !== null && (prefix === "" || prefix.length > 253 || nameFault(prefix, "subdomain") !== null)) {
    return "what stands before the slash is a DNS domain in lower case, 253 characters at most";
  }
  if (name === "") return "a key needs a name";
  if (name.length > 63) return `its name has ${name.length} characters, 63 are allowed`;
  if (!qualified.test(name)) return "letters, digits, `-`, `_` and `.` are allowed, with a letter or digit at both ends";
  return null;
}

export function labelValueFault(value: string): string | null {
  if (value === "") return null;
  if (value.length > 63) return `it has ${value.length} characters, 63 are allowed`;
  if (!qualified.test(value)) return "letters, digits, `-`, `_` and `.` are allowed, with a letter or digit at both ends";
  return null;
}

/** Port names (IANA service names): at most 15 characters, at least one letter, no hyphens side by side. */
export function portNameFault(name: string): string | null {
  if (name.length > 15) return `it has ${name.length} characters, 15 are allowed`;
  if (!label.test(name)) return "lower-case letters, digits and hyphens are allowed, with a letter or digit at both ends";
  if (!/[a-z]/.test(name)) return "it needs at least one letter";
  if (name.includes("--")) return "two hyphens may not stand side by side";
  return null;
}
