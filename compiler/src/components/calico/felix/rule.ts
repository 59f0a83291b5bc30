/** Rules as Felix renders them: each carries a comment with an id that hashes the chain up to and with it. */
import { hash } from "node:crypto";
import type { Origin } from "@knet/language";
import type { ChainLine, RuleLine } from "../../../dataplane/netfilter/types.ts";

export interface FelixRule {
  readonly comments?: readonly string[];
  /** May be empty. */
  readonly match: string;
  /** `--jump …` or `--goto …`; empty in a chain that only says what it is. */
  readonly action: string;
  readonly origin: Origin;
}

export interface FelixChain {
  readonly name: string;
  readonly rules: readonly FelixRule[];
  readonly origin: Origin;
}

/** A chain ready to be put into a payload. */
export interface RenderedChain {
  readonly line: ChainLine;
  readonly rules: readonly RuleLine[];
}

/** Characters that iptables-restore could misread become `_`; 256 is the length that the comment match takes. */
export function sanitizeComment(comment: string): string {
  return comment.replaceAll(/[^A-Za-z0-9_ @%+=:,./-]/g, "_").slice(0, 256);
}

/** Everything behind the hash comment. */
function body(rule: FelixRule): string {
  const comments = (rule.comments ?? []).map((comment) => `-m comment --comment "${sanitizeComment(comment)}"`);
  return [...comments, rule.match, rule.action].filter((part) => part !== "").join(" ");
}

/**
 * Ids of the rules of a chain: SHA-224 over the previous rule's whole digest (the chain's name for the first) and the
 * rule's own text with the word HASH where the id will stand; 16 characters of its base64url form.
 */
export function ruleIds(chain: string, rules: readonly FelixRule[]): readonly string[] {
  let digest = hash("sha224", chain, "buffer");
  return rules.map((rule) => {
    const text = ["-A", chain, "HASH", body(rule)].filter((part) => part !== "").join(" ");
    digest = hash("sha224", Buffer.concat([digest, Buffer.from(text)]), "buffer");
    return digest.toString("base64url").slice(0, 16);
  });
}

function lines(operation: "append" | "insert", chain: string, hashed: string, rules: readonly FelixRule[]): readonly RuleLine[] {
  const ids = ruleIds(hashed, rules);
  return rules.map((rule, i) => ({
    operation,
    chain,
    text: [`-m comment --comment "cali:${ids[i] ?? ""}"`, body(rule)].filter((part) => part !== "").join(" "),
    origin: rule.origin,
  }));
}

/** A chain of Felix's own. */
export function renderChain(chain: FelixChain): RenderedChain {
  return { line: { name: chain.name, policy: "-", origin: chain.origin }, rules: lines("append", chain.name, chain.name, chain.rules) };
}

/** Rules at the top of a kernel chain. Inserted one by one at position 1, so they are written last to first. */
export function renderInserts(chain: string, rules: readonly FelixRule[]): readonly RuleLine[] {
  return lines("insert", chain, chain, rules).toReversed();
}

/** Rules at the end of a kernel chain; Felix hashes them under a name of their own. */
export function renderAppends(chain: string, rules: readonly FelixRule[]): readonly RuleLine[] {
  return lines("append", chain, `${chain}*appends*`, rules);
}
