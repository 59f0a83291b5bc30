/** Which stretches of a text its syntax errors put in doubt. */
import type { AstNode, BodyNode, IfNode, MemberNode, SyntaxTree } from "../ast/nodes.ts";
import { pathAt } from "../ast/visit.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Token } from "../lexer/token.ts";
import { blockKeywords } from "../schema/blocks.ts";
import { lineText, positionAt } from "../text/source.ts";
import type { SourceFile } from "../text/source.ts";

/** Offsets, the end excluded. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Errors that leave it open where blocks begin and end, from the declaration they stand in to the end of the file. */
const unbalanced: ReadonlySet<string> = new Set(["unclosed-bracket", "missing-brace", "nesting-too-deep"]);
/** Errors whose cause may stand anywhere before them. */
const pervasive: ReadonlySet<string> = new Set(["stray-bracket", "not-text", "too-many-syntax-errors"]);

/**
 * What the errors put in doubt: the line and the member of each, with every block that opens behind the error on its line. A block in
 * whose body the error stands is not in doubt for that.
 * @param errors of the lexer, the layout pass and the parser; those that leave the shape of the tree alone left out
 */
export function damagedStretches(source: SourceFile, tree: SyntaxTree, errors: readonly Diagnostic[]): readonly Stretch[] {
  const out: Stretch[] = [];
  for (const error of errors) {
    const at = error.span.start;
    if (pervasive.has(error.name)) return [{ start: 0, end: source.text.length + 1 }];
    if (unbalanced.has(error.name)) {
      const whole = tree.root.members.find((member) => member.start <= at && at <= member.end);
      out.push({ start: Math.min(at, whole?.start ?? at), end: source.text.length + 1 });
      continue;
    }
    const { line } = positionAt(source, at);
    const start = source.lineStarts[line] ?? 0;
    const end = start + lineText(source, line).length;
    // A string that is not closed may have swallowed brackets.
    if (error.name === "unclosed-string" && /[{}[\]]/.test(source.text.slice(at, end))) {
      out.push({ start, end: source.text.length + 1 });
      continue;
    }
    out.push({ start, end: Math.max(end, ...blocksBehind(tree.tokens, at, end)) });
    const member = pathAt(tree.root, at).findLast(isMember);
    if (member !== undefined && !holdsInBody(member, at)) out.push({ start: member.start, end: member.end });
  }
  return out;
}

/** Where the blocks end that open between two offsets. */
function blocksBehind(tokens: readonly Token[], from: number, to: number): readonly number[] {
  const ends: number[] = [];
  let depth = 0;
  for (let i = firstFrom(tokens, from); i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined || (depth === 0 && token.start >= to)) break;
    if (token.text === "{") depth++;
    else if (token.text === "}" && depth > 0) {
      depth--;
      if (depth === 0) ends.push(token.end);
    }
  }
  return ends;
}

/** Index of the first token that begins at an offset or behind it. */
function firstFrom(tokens: readonly Token[], offset: number): number {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle]?.start ?? Number.POSITIVE_INFINITY) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isMember(node: AstNode): node is MemberNode {
  switch (node.kind) {
    case "block":
    case "attribute":
    case "port-statement":
    case "applies":
    case "selects":
    case "isolates":
    case "allow":
    case "deny":
    case "pass":
    case "forward":
    case "spread":
    case "reach":
    case "resolve":
    case "connectivity":
    case "failure":
    case "for":
    case "if":
    case "const":
    case "param":
    case "template":
    case "use":
    case "import":
      return true;
    default:
      return false;
  }
}

/** Whether the offset lies behind the brace of a block that is known: then not its header is broken but something in it. */
function holdsInBody(member: MemberNode, at: number): boolean {
  switch (member.kind) {
    case "if":
      return bodiesOf(member).some((body) => body.start < at && at <= body.end);
    case "block":
      return blockKeywords.has(member.keyword.value) && member.body !== null && at > member.body.start;
    case "connectivity":
    case "failure":
    case "for":
    case "template":
      return member.body !== null && at > member.body.start;
    case "use":
    case "import":
      return member.arguments !== null && at > member.arguments.start;
    default:
      return false;
  }
}

function bodiesOf(node: IfNode): readonly BodyNode[] {
  const own = node.body === null ? [] : [node.body];
  if (node.otherwise === null) return own;
  return [...own, ...(node.otherwise.kind === "if" ? bodiesOf(node.otherwise) : [node.otherwise])];
}

/** Whether two stretches share a character, or one that is empty lies in or at the edge of the other. */
export function touches(one: Stretch, other: Stretch): boolean {
  return one.start < other.end && other.start < one.end
    ? true
    : (one.start === one.end || other.start === other.end) && one.start <= other.end && other.start <= one.end;
}

/** The names and words in the stretches: what was declared or meant there is among them. */
export function wordsIn(tree: SyntaxTree, stretches: readonly Stretch[]): ReadonlySet<string> {
  const out = new Set<string>();
  for (const token of tree.tokens) {
    if (!stretches.some((stretch) => touches(stretch, token))) continue;
    const text = token.text.startsWith('"') ? token.text.slice(1).replace(/"$/, "") : token.text;
    out.add(text);
    for (const part of text.split("/")) out.add(part);
    // What stands in a `${…}` that does not read was meant to be used.
    if (text.includes("${")) for (const [word] of text.matchAll(/[A-Za-z_][\w-]*/g)) out.add(word);
  }
  return out;
}
