/** What an assertion asks of the way of a request: `encapsulated`, `via router core`, `seen as node node-a`, `with mtu 1400`, … */
import type { PathClauseNode, PathForm, ReachNode } from "../ast/nodes.ts";
import type { EndpointExpression, PathCondition, SourceSeen } from "../program/checked.ts";
import { parseIp } from "../values/index.ts";
import type { CheckContext } from "./context.ts";
import { describeValue, inRange, isMalformed } from "./values.ts";

/** A clause as messages name it; `encapsulated` and `unencapsulated` answer one question. */
const clauseNames: Readonly<Record<PathForm, string>> = {
  encapsulated: "encapsulated",
  unencapsulated: "encapsulated",
  via: "via",
  "seen-as": "seen as",
  mtu: "with mtu",
  balanced: "balanced",
};

/** Null when one of them is wrong. */
export function pathConditions(ctx: CheckContext, node: ReachNode, never: boolean, target: EndpointExpression | null): readonly PathCondition[] | null {
  const first = new Map<string, PathClauseNode>();
  const out: PathCondition[] = [];
  let sound = true;
  for (const clause of node.path) {
    const name = clauseNames[clause.form];
    // Several routers may lie on one way.
    const key = clause.form === "via" ? `via ${clause.name?.value ?? ""}` : name;
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, clause);
    else {
      ctx.report("duplicate-attribute", { name: key }, { span: ctx.span(clause), related: [{ span: ctx.span(earlier), text: "first here" }] });
      sound = false;
    }
    const condition = conditionOf(ctx, clause);
    if (condition === null) sound = false;
    else if (condition.kind !== "balance" || isBalanceable(ctx, clause, never, node, target)) out.push(condition);
    else sound = false;
  }
  return sound ? out : null;
}

function conditionOf(ctx: CheckContext, clause: PathClauseNode): PathCondition | null {
  const span = ctx.span(clause);
  switch (clause.form) {
    case "encapsulated":
    case "unencapsulated":
      return { kind: "encapsulation", encapsulated: clause.form === "encapsulated", span };
    case "via": {
      const router = holderOf(ctx, clause);
      return router === null ? null : { kind: "router", router, span };
    }
    case "seen-as": {
      const as = sourceSeen(ctx, clause);
      return as === null ? null : { kind: "source-seen", as, span };
    }
    case "mtu": {
      const bytes = numberOf(ctx, clause, "an MTU", 576, 65_535);
      return bytes === null ? null : { kind: "mtu", bytes, span };
    }
    case "balanced": {
      const percent = numberOf(ctx, clause, "what the shares may be off by", 0, 100);
      return percent === null ? null : { kind: "balance", percent, span };
    }
  }
}

/** The router or node that a clause names. */
function holderOf(ctx: CheckContext, { holder, name }: PathClauseNode): string | null {
  if (name === null || holder === null) return null;
  return ctx.resolve(holder, holder === "router" ? ctx.symbols.routers : ctx.symbols.nodes, name.value, ctx.span(name))?.name ?? null;
}

function sourceSeen(ctx: CheckContext, clause: PathClauseNode): SourceSeen | null {
  const { holder, value } = clause;
  if (holder !== null) {
    const name = holderOf(ctx, clause);
    return name === null ? null : holder === "router" ? { kind: "router", router: name } : { kind: "node", node: name };
  }
  if (value === null || isMalformed(value)) return null;
  const address = value.kind === "scalar" && value.form === "address" ? parseIp(value.text) : null;
  if (address !== null) return { kind: "address", address };
  ctx.report("wrong-type", { attribute: "seen as", expected: "`node …`, `router …` or an address", found: describeValue(value) }, { span: ctx.span(value) });
  return null;
}

function numberOf(ctx: CheckContext, { form, value }: PathClauseNode, what: string, first: number, last: number): number | null {
  if (value === null || isMalformed(value)) return null;
  if (value.kind === "scalar" && value.form === "number") return inRange(ctx, what, value.text, first, last, value);
  const attribute = form === "mtu" ? "with mtu" : "balanced within";
  ctx.report("wrong-type", { attribute, expected: form === "mtu" ? "a number of bytes" : "a number of percent", found: describeValue(value) }, { span: ctx.span(value) });
  return null;
}

/** Only a service has shares, and only among all its backends. */
function isBalanceable(ctx: CheckContext, clause: PathClauseNode, never: boolean, node: ReachNode, target: EndpointExpression | null): boolean {
  const what = never
    ? "a statement that says never"
    : node.someBackend
      ? "a statement about some backend"
      : target !== null && target.kind !== "service"
        ? "anything but one service"
        : null;
  if (what === null) return true;
  ctx.report("misplaced-clause", { clause: "balanced", what }, { span: ctx.span(clause), help: "it compares the shares that all backends of a service get" });
  return false;
}
