/** `{ … }` as entries by their keys: maps of values and arguments. */
import type { BodyNode, NameNode, StatementNode } from "../ast/nodes.ts";
import type { Span } from "../text/span.ts";
import { evaluate, placeOf } from "./evaluate.ts";
import { eachMember } from "./members.ts";
import type { Entry, Env } from "./scope.ts";
import type { Session } from "./session.ts";
import { textOf } from "./value.ts";

export interface KeyedEntry extends Entry {
  /** Of the key. */
  readonly span: Span;
}

/** Null when a part of it cannot be read; that has been said. */
export function mapEntries(session: Session, env: Env, body: BodyNode): ReadonlyMap<string, KeyedEntry> | null {
  const out = new Map<string, KeyedEntry>();
  let sound = true;
  const whole = eachMember(session, env, body.members, (member, inner) => {
    if (member.kind !== "attribute") {
      session.report(
        "misplaced-declaration",
        { what: member.kind === "block" ? `\`${member.keyword.value}\`` : `\`${firstWord(member)}\``, where: "in a map" },
        { span: placeOf(inner, member), help: "a map holds `key = value`" },
      );
      sound = false;
      return;
    }
    const key = nameText(session, inner, member.name);
    if (key === null || key === "" || member.value === null) {
      sound = false;
      return;
    }
    const span = placeOf(inner, member.name);
    const first = out.get(key);
    if (first !== undefined) {
      session.report("duplicate-attribute", { name: key }, { span, related: [{ span: first.span, text: "first here" }] });
      sound = false;
      return;
    }
    out.set(key, { value: member.value, env: inner, span });
  });
  return whole && sound ? out : null;
}

function firstWord(member: StatementNode): string {
  return member.kind === "port-statement"
    ? "port"
    : member.kind === "reach"
      ? "reaches"
      : member.kind === "resolve"
        ? "resolves"
        : member.kind === "failure"
          ? member.when
          : member.kind;
}

/** The text of a name that declares: words as they are, strings with their `${…}` computed. Null after a message. */
export function nameText(session: Session, env: Env, name: NameNode): string | null {
  if (name.parts === null) return name.value;
  const value = evaluate(session, env, { kind: "text", start: name.start, end: name.end, source: name.source, parts: name.parts });
  return value === null ? null : textOf(value);
}
