/** The string formats of the schemas: addresses, names and durations as the API server checks them. */
import { hasHostBits, isSpecial, parseCidr, parseIp } from "@knet/language/values";

const labelPattern = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const rfc1035Pattern = /^[a-z](?:[-a-z0-9]*[a-z0-9])?$/;
const qualifiedPattern = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

function isLabel(text: string): boolean {
  return text.length <= 63 && labelPattern.test(text);
}

function isSubdomain(text: string): boolean {
  return text.length <= 253 && text.split(".").every((part) => labelPattern.test(part));
}

/** An IANA service name: at most 15 characters, at least one letter, no hyphen at an end or beside another. */
function isPortName(text: string): boolean {
  return text.length <= 15 && labelPattern.test(text) && /[a-z]/.test(text) && !text.includes("--");
}

/** `name` or `prefix/name`: the keys of labels and annotations. */
function isQualifiedName(text: string): boolean {
  const parts = text.split("/");
  const name = parts.at(-1) ?? "";
  if (parts.length > 2 || (parts.length === 2 && !isSubdomain(parts[0] ?? ""))) return false;
  return name.length <= 63 && qualifiedPattern.test(name);
}

function isCidr(text: string): boolean {
  return parseCidr(text) !== null;
}

/** Several prefixes joined by commas, as kube-proxy's `clusterCIDR` has them; empty for none. */
function isCidrList(text: string): boolean {
  return text === "" || text.split(",").every(isCidr);
}

function isMaskedCidr(text: string): boolean {
  const cidr = parseCidr(text);
  return cidr !== null && !hasHostBits(cidr);
}

function isHostIp(text: string): boolean {
  const ip = parseIp(text);
  return ip !== null && !isSpecial(ip);
}

/** A host name that a service may stand for: lower case, with or without a trailing dot. */
function isExternalName(text: string): boolean {
  return isSubdomain(text.replace(/\.$/, ""));
}

export const formats: Readonly<Record<string, (text: string) => boolean>> = {
  ip: (text) => parseIp(text) !== null,
  /** Neither unspecified, loopback, link-local nor multicast. */
  "host-ip": isHostIp,
  "ip-or-none": (text) => text === "None" || parseIp(text) !== null,
  cidr: isCidr,
  "cidr-list": isCidrList,
  "masked-cidr": isMaskedCidr,
  "dns-label": isLabel,
  "rfc1035-label": (text) => text.length <= 63 && rfc1035Pattern.test(text),
  "dns-subdomain": isSubdomain,
  "external-name": isExternalName,
  "port-name": isPortName,
  "qualified-name": isQualifiedName,
  "label-value": (text) => text === "" || (text.length <= 63 && qualifiedPattern.test(text)),
  "environment-name": (text) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(text),
  /** Names of roles: anything that can be one segment of a URL path. */
  "path-segment": (text) => text !== "" && text !== "." && text !== ".." && !/[/%]/.test(text),
  "config-key": (text) => text.length <= 253 && /^[-._A-Za-z0-9]+$/.test(text),
  /** As Go prints durations: `90s`, `1m30s`, `100ms`. */
  duration: (text) => text === "0" || /^(?:\d+(?:\.\d+)?(?:h|m|s|ms|us|ns))+$/.test(text),
  /** Numbers with a binary or decimal suffix: `100m`, `70Mi`. */
  quantity: (text) => /^\d+(?:\.\d+)?(?:m|k|M|G|T|Ki|Mi|Gi|Ti)?$/.test(text),
};
