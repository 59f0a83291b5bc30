/** Names of chains and IP sets. */
import { hash } from "node:crypto";
import type { Family } from "@knet/language/values";

/** Felix's limit for iptables chain names. */
export const longestChainName = 28;

/** `prefix + suffix` where that fits, else the prefix, `_` and as much of a hash of the suffix as fits. */
export function limitName(prefix: string, suffix: string, limit: number): string {
  const tail = suffix === "" ? "_" : suffix;
  const plain = prefix + tail;
  // A name of exactly the limit that has `_` behind its prefix could be a shortened one.
  const ambiguous = plain.length === limit && tail.startsWith("_");
  if (plain.length <= limit && !ambiguous) return plain;
  return `${prefix}_${hash("sha256", suffix, "base64url")}`.slice(0, limit);
}

export function chainName(prefix: string, suffix: string): string {
  return limitName(prefix, suffix, longestChainName);
}

/** `cali40…` or `cali60…`, cut to the 31 characters that the kernel takes. */
export function ipSetName(family: Family, id: string): string {
  return `cali${family}0${id}`.slice(0, 31);
}

/** Id of a NetworkPolicy of Kubernetes in chain names (3.32 and later). */
export function policyId(namespace: string, name: string): string {
  return `knp/${namespace}/${name}`;
}
