/** What the tree says about single tokens: where lines may begin, which brackets belong to what is before them, which quotes can go. */
import type { AstNode, BinaryOperator, BodyNode, MemberNode, NameNode, PeerNode, SelectorNode, SyntaxTree } from "../ast/nodes.ts";
import { childrenOf } from "../ast/visit.ts";
import { continuationKeywords, statementKeywords } from "../lexer/keywords.ts";
import { tokenize } from "../lexer/lexer.ts";
import { blockKeywords } from "../schema/blocks.ts";
import type { BreakPoint } from "./pieces.ts";

export interface Marks {
  /** Bodies by the offset of their brace. */
  readonly bodies: ReadonlyMap<number, BodyNode>;
  /** By offset of the token that a line may begin with. */
  readonly breaks: ReadonlyMap<number, BreakPoint>;
  /** Offsets of brackets that stand right behind what is called or indexed. */
  readonly tight: ReadonlySet<number>;
  /** Offsets of signs that stand right before their operand. */
  readonly signs: ReadonlySet<number>;
  /** Offsets of brackets around a loop: the commas in it part no items. */
  readonly loops: ReadonlySet<number>;
  /** Strings that can do without quotes, by offset, with the name to write. */
  readonly unquoted: ReadonlyMap<number, string>;
}

/** One pass over the tree. */
export function marksOf(tree: SyntaxTree): Marks {
  const pass = new MarkPass(tree);
  pass.visit(tree.root);
  return pass;
}

const keywords: ReadonlySet<string> = new Set(statementKeywords);
/** Members whose places to break are told one by one; all others are sentences, which go on with words of their own. */
const structured: ReadonlySet<string> = new Set<MemberNode["kind"]>([
  "block",
  "attribute",
  "port-statement",
  "applies",
  "selects",
  "isolates",
  "forward",
  "spread",
  "connectivity",
  "failure",
  "for",
  "if",
  "const",
  "param",
  "template",
  "use",
  "import",
]);
/** Operators that a line may begin with; comparisons stay in one piece. */
const breaking: ReadonlySet<string> = new Set<BinaryOperator>(["and", "or", "+", "*"]);

class MarkPass implements Marks {
  readonly bodies = new Map<number, BodyNode>();
  readonly breaks = new Map<number, BreakPoint>();
  readonly tight = new Set<number>();
  readonly signs = new Set<number>();
  readonly loops = new Set<number>();
  readonly unquoted = new Map<number, string>();
  private readonly tree: SyntaxTree;

  constructor(tree: SyntaxTree) {
    this.tree = tree;
  }

  visit(node: AstNode): void {
    // A string is one token, whatever expressions it holds.
    if (node.kind === "text" || node.kind === "name") return;
    this.mark(node);
    for (const child of childrenOf(node)) this.visit(child);
  }

  private mark(node: AstNode): void {
    switch (node.kind) {
      case "body":
        this.bodies.set(node.start, node);
        this.sentences(node.members);
        return;
      case "file":
        this.sentences(node.members);
        return;
      case "attribute":
        this.unquote(node.name, true);
        return;
      case "block":
        if (node.keyword.value !== "assert" && node.name?.kind === "scalar" && node.name.form === "string") {
          this.unquoteText(node.name.start, node.name.text, false);
        }
        return;
      case "port-statement":
        if (node.name !== null) this.unquote(node.name, false);
        return;
      case "requirement":
        this.unquote(node.key, false);
        return;
      case "applies":
        this.items(node.nodes);
        this.conjunctions(node.selector, "clause");
        return;
      case "selects":
        this.conjunctions(node.selector, "clause");
        return;
      case "isolates":
        this.items(node.directions);
        return;
      case "peer":
        this.peer(node);
        return;
      case "for":
        this.items(node.bindings);
        return;
      case "comprehension":
        this.loops.add(node.start);
        this.items(node.bindings);
        // A line in a list that begins with `for` or `if` and holds a brace is read as a member behind a list that was not closed.
        if (this.holdsBrace(node.bindings[0]?.start ?? node.end, node.end)) return;
        this.before(node.bindings[0], 1, "clause");
        this.before(node.condition, 1, "clause");
        return;
      case "conditional":
        this.before(node.then, 1, "clause");
        this.before(node.otherwise, 1, "clause");
        return;
      case "param":
        this.before(node.condition, 1, "clause");
        return;
      case "binary":
        if (breaking.has(node.operator)) this.breaks.set(this.startFrom(node.left.end), "item");
        return;
      case "call":
        this.tight.add(this.startFrom(node.function.end));
        return;
      case "index":
        this.tight.add(this.startFrom(node.of.end));
        return;
      case "unary":
        if (node.operator === "-") this.signs.add(node.start);
        return;
      default:
        return;
    }
  }

  private sentences(members: readonly MemberNode[]): void {
    for (const member of members) if (!structured.has(member.kind)) this.sentence(member);
  }

  /** Its own words, between what it names, are where it goes on; what it names several of goes on behind each comma. */
  private sentence(node: MemberNode): void {
    const { tokens } = this.tree;
    const children = childrenOf(node);
    let child = 0;
    let marked = false;
    for (let i = this.indexFrom(node.start) + 1; (tokens[i]?.start ?? Number.POSITIVE_INFINITY) < node.end; i++) {
      const token = tokens[i];
      if (token === undefined) return;
      while ((children[child]?.end ?? Number.POSITIVE_INFINITY) <= token.start) child++;
      const inside = (children[child]?.start ?? Number.POSITIVE_INFINITY) <= token.start;
      // `from`, `to` and the first word of what is asked of the way are named by the tree, the others are not.
      const kind = children[child]?.kind;
      const own = !inside || kind === "name" || (kind === "path-clause" && children[child]?.start === token.start);
      if (own && tokens[i - 1]?.text === ",") marked = false;
      else if (own && continuationKeywords.has(token.text)) {
        // `never reaches` is one clause.
        if (!marked) this.breaks.set(token.start, "clause");
        marked = true;
        continue;
      }
      if (inside && children[child]?.start === token.start && tokens[i - 1]?.text === ",") this.breaks.set(token.start, "item");
      marked = false;
    }
  }

  private peer(node: PeerNode): void {
    const scoped = node.namespaces !== null || node.name !== null || node.everywhere;
    if (node.form === "pods" && node.selector !== null) {
      this.conjunctions(node.selector, "item");
      if (scoped) this.breaks.set(this.startFrom(node.selector.end), "item");
    }
    if (node.form === "all-pods" && scoped) this.breaks.set(this.tree.tokens[this.indexFrom(node.start) + 2]?.start ?? -1, "item");
    this.conjunctions(node.namespaces, "item");
    this.before(node.except, 1, "item");
  }

  private conjunctions(selector: SelectorNode | null, kind: BreakPoint): void {
    for (const requirement of selector?.requirements.slice(1) ?? []) this.before(requirement, 1, kind);
  }

  /** Behind each comma between them. */
  private items(nodes: readonly AstNode[]): void {
    for (const node of nodes.slice(1)) this.breaks.set(node.start, "item");
  }

  /** At the token so many before the node. */
  private before(node: AstNode | null | undefined, tokens: number, kind: BreakPoint): void {
    if (node === null || node === undefined) return;
    const token = this.tree.tokens[this.indexFrom(node.start) - tokens];
    if (token !== undefined) this.breaks.set(token.start, kind);
  }

  private unquote(name: NameNode, assigned: boolean): void {
    if (name.quoted && name.parts === null) this.unquoteText(name.start, name.value, assigned);
  }

  /** A name that `=` follows is never read as anything else. */
  private unquoteText(start: number, value: string, assigned: boolean): void {
    if (!assigned && (keywords.has(value) || blockKeywords.has(value))) return;
    const { tokens } = tokenize("", value);
    if (tokens.length === 1 && tokens[0]?.kind === "word" && tokens[0].text === value) this.unquoted.set(start, value);
  }

  private holdsBrace(start: number, end: number): boolean {
    for (let i = this.indexFrom(start); (this.tree.tokens[i]?.start ?? end) < end; i++) if (this.tree.tokens[i]?.text === "{") return true;
    return false;
  }

  private startFrom(offset: number): number {
    return this.tree.tokens[this.indexFrom(offset)]?.start ?? -1;
  }

  /** Index of the first token that begins at an offset or behind it. */
  private indexFrom(offset: number): number {
    const { tokens } = this.tree;
    let low = 0;
    let high = tokens.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((tokens[middle]?.start ?? Number.POSITIVE_INFINITY) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
