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

const misread = /[^A-Za-z0-9_ @%+=:,./-]/;
const allMisread = new RegExp(misread, "g");

/** Characters that iptables-restore could misread become `_`; 256 is the length that the comment match takes. */
export function sanitizeComment(comment: string): string {
  return (misread.test(comment) ? comment.replaceAll(allMisread, "_") : comment).slice(0, 256);
}

/** Everything behind the hash comment. */
function body(rule: FelixRule): string {
  let text = "";
  for (const comment of rule.comments ?? []) text = joined(text, `-m comment --comment "${sanitizeComment(comment)}"`);
  return joined(joined(text, rule.match), rule.action);
}

function joined(first: string, second: string): string {
  return first === "" ? second : second === "" ? first : `${first} ${second}`;
}

/** Bytes of a SHA-224 digest, and of those the ones that an id shows. */
const digestSize = 28;
const idSize = 12;

/** A cluster has hundreds of thousands of rules: one buffer for what is hashed, and digests as Latin-1 text, take a quarter of the time. */
let scratch = Buffer.alloc(4096);

/**
 * Ids of the rules of a chain: SHA-224 over the previous rule's whole digest (the chain's name for the first) and the
 * rule's own text with the word HASH where the id will stand; 16 characters of its base64url form.
 */
export function ruleIds(chain: string, rules: readonly FelixRule[]): readonly string[] {
  return idsOf(chain, rules.map(body));
}

function idsOf(chain: string, bodies: readonly string[]): readonly string[] {
  let digest = hash("sha224", chain, "binary");
  const head = joined(joined("-A", chain), "HASH");
  return bodies.map((rest) => {
    const text = joined(head, rest);
    // A UTF-16 unit takes at most three bytes.
    if (digestSize + 3 * text.length > scratch.length) scratch = Buffer.alloc(digestSize + 3 * text.length);
    scratch.write(digest, "binary");
    const size = digestSize + scratch.write(text, digestSize, "utf8");
    digest = hash("sha224", scratch.subarray(0, size), "binary");
    scratch.write(digest, "binary");
    return scratch.toString("base64url", 0, idSize);
  });
}

function lines(operation: "append" | "insert", chain: string, hashed: string, rules: readonly FelixRule[]): readonly RuleLine[] {
  const bodies = rules.map(body);
  const ids = idsOf(hashed, bodies);
  return rules.map((rule, i) => ({
    operation,
    chain,
    text: joined(`-m comment --comment "cali:${ids[i] ?? ""}"`, bodies[i] ?? ""),
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
