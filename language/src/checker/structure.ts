/** Whether blocks, attributes and statements stand where the schema allows them: the checks that need no names and no values. */
import { isDirective } from "../ast/directives.ts";
import type { AttributeNode, BlockNode, FileNode, StatementNode } from "../ast/nodes.ts";
import { spanOf } from "../ast/place.ts";
import { visit } from "../ast/visit.ts";
import { writtenName } from "../binder/binder.ts";
import { replace } from "../diagnostics/diagnostic.ts";
import { placeName, unknownKeyword } from "../schema/keyword.ts";
import { join, nearest, oneOf, withArticle } from "../diagnostics/suggest.ts";
import { attributeRow, blockRow } from "../schema/blocks.ts";
import { futureKeywords } from "../schema/future.ts";
import type { BlockRow, StatementKind } from "../schema/types.ts";
import type { CheckContext } from "./context.ts";
import { nameFault, repairedName } from "../binder/names.ts";

const statementNames: Readonly<Record<StatementKind, string>> = {
  "port-statement": "a `port` line",
  applies: "`applies to`",
  selects: "`selects`",
  isolates: "`isolates`",
  allow: "`allow`",
  deny: "`deny`",
  pass: "`pass`",
  forward: "`forward`",
  spread: "`spread over`",
  reach: "a `reaches` statement",
  resolve: "a `resolves` statement",
  connectivity: "a `connectivity` statement",
  failure: "a failure statement",
};

export function checkStructure(ctx: CheckContext, root: FileNode): void {
  for (const member of root.members) {
    if (member.kind === "block") checkBlock(ctx, member, "file");
    else if (!isDirective(member)) misplacedMember(ctx, member, "at the top of a file", null);
  }
}

/** Remembers the names in a block that is not checked: what refers to them is not unknown. */
export function lose(ctx: CheckContext, lost: BlockNode | AttributeNode): void {
  ctx.podsInDoubt = true;
  visit(lost, (node) => {
    if (node.kind !== "block") return node === lost || node.kind === "body" || node.kind === "map";
    ctx.lostNames.add(node.keyword.value);
    if (node.name?.kind === "scalar") ctx.lostNames.add(node.name.text);
    return true;
  });
}

function checkBlock(ctx: CheckContext, block: BlockNode, parent: string): void {
  const keyword = block.keyword.value;
  const row = blockRow(keyword);
  const at = ctx.span(block.keyword);
  if (row === null) {
    lose(ctx, block);
    const future = parent === "file" || parent === "namespace" ? futureKeywords.get(keyword) : undefined;
    if (future !== undefined) ctx.report("not-supported", { what: future }, { span: at });
    else unknownBlock(ctx, block, parent);
    return;
  }
  if (!row.parents.includes(parent)) {
    lose(ctx, block);
    const homes = row.parents.map((home) => (home === "file" ? "at the top of a file" : `in \`${home} { … }\``));
    ctx.report(
      "misplaced-declaration",
      { what: withArticle(keyword), where: placeName(parent) },
      { span: ctx.header(block), help: `it stands ${join(homes, "or")}` },
    );
    return;
  }
  if (!checkName(ctx, block, row)) return;
  checkClauses(ctx, block, row);
  if (block.body === null) {
    if (row.body === "required" && !block.damaged) {
      const end = spanOf(block, block.end, block.end);
      ctx.report(
        "missing-member",
        { what: describe(block), missing: "a body: `{ … }`" },
        { span: ctx.header(block), fixes: [replace(end, " {}", "add an empty body", false)] },
      );
      return;
    }
  }
  checkMembers(ctx, block, row);
}

/** `node \`node-a\``, or the keyword alone where there is no name. */
export function describe(block: BlockNode): string {
  const name = writtenName(block);
  return name === "" ? `this ${block.keyword.value}` : `${block.keyword.value} \`${name}\``;
}

function unknownBlock(ctx: CheckContext, block: BlockNode, parent: string): void {
  const keyword = block.keyword.value;
  const outer = blockRow(parent);
  if (outer !== null && block.name !== null && attributeRow(outer, keyword) !== null) {
    const at = spanOf(block, block.keyword.end, block.keyword.end);
    ctx.report(
      "unexpected-token",
      { expected: "`=`", found: `\`${ctx.text(block.name)}\`` },
      { span: ctx.span(block.name), fixes: [replace(at, " =", "insert `=`", false)] },
    );
    return;
  }
  ctx.diagnostics.push(unknownKeyword(keyword, ctx.span(block.keyword), parent));
}

function checkName(ctx: CheckContext, block: BlockNode, row: BlockRow): boolean {
  const { keyword } = row;
  if (row.name.rule === "none") {
    if (block.name === null) return true;
    ctx.report(
      "unexpected-token",
      { expected: "`{`", found: `\`${ctx.text(block.name)}\`` },
      { span: ctx.span(block.name), help: `\`${keyword}\` has no name` },
    );
    return false;
  }
  if (block.name === null || block.name.kind !== "scalar") {
    ctx.namelessKinds.add(keyword);
    if (block.damaged) return false;
    const example =
      row.name.kinds === null ? (row.name.rule === "title" ? "a title in quotes" : "a name") : `a kind: ${oneOf(row.name.kinds)}`;
    ctx.report("missing-member", { what: `this ${keyword}`, missing: example }, { span: ctx.span(block.keyword) });
    return false;
  }
  const { text, form } = block.name;
  const span = ctx.span(block.name);
  if (row.name.kinds !== null) {
    if (row.name.kinds.includes(text)) return true;
    if (row.name.future.includes(text)) {
      ctx.report(
        "not-supported",
        { what: `\`${keyword} ${text}\`` },
        { span, help: `supported: ${oneOf(row.name.kinds.map((kind) => `${keyword} ${kind}`))}` },
      );
    } else {
      const meant = nearest(text, [...row.name.kinds, ...row.name.future]);
      ctx.report(
        "unknown-value",
        { attribute: keyword, value: text },
        {
          span,
          help: meant === null ? `it is ${oneOf(row.name.kinds)}` : `did you mean \`${meant}\`?`,
          ...(meant === null ? {} : { fixes: [replace(span, meant, `write \`${meant}\``, false)] }),
        },
      );
    }
    return false;
  }
  if (form === "malformed") return true;
  if (row.name.rule === "title") {
    if (form === "string") return true;
    ctx.report("wrong-type", { attribute: keyword, expected: "a title in quotes", found: `\`${text}\`` }, { span });
    return false;
  }
  if (form === "dotted" && row.name.rule === "subdomain" && !text.includes("/")) {
    ctx.report("unquoted-name", { text }, { span, fixes: [replace(span, `"${text}"`, `write "${text}"`)] });
    return true;
  }
  const rule = form === "word" || form === "string" ? nameFault(text, row.name.rule) : "a name is an identifier or a string";
  if (rule === null) return true;
  const repaired = form === "word" || form === "string" ? repairedName(text, row.name.rule) : null;
  ctx.report(
    "invalid-name",
    { what: withArticle(keyword), name: text, rule },
    {
      span,
      ...(repaired === null
        ? {}
        : { fixes: [{ title: `write \`${repaired}\``, edits: ctx.rename(keyword, text, repaired, span), safe: false }] }),
    },
  );
  return true;
}

function checkClauses(ctx: CheckContext, block: BlockNode, row: BlockRow): void {
  const seen = new Set<string>();
  for (const clause of block.clauses) {
    const word = clause.keyword.value;
    const known = row.clauses.find((candidate) => candidate.keyword === word);
    if (known === undefined) {
      // `node node b in blue`: what reads as a clause may be the name that is meant.
      if (clause.value?.kind === "scalar") ctx.lostNames.add(clause.value.text);
      ctx.lostNames.add(word);
      const only = row.clauses.length === 1 && block.clauses.length === 1 ? row.clauses[0] : undefined;
      const expected = row.clauses.map((candidate) => `${candidate.keyword} ${candidate.to.toUpperCase()}`);
      ctx.report(
        "misplaced-clause",
        { clause: word, what: withArticle(row.keyword) },
        {
          span: ctx.span(clause),
          ...(expected.length === 0 ? {} : { help: `it takes ${oneOf(expected)}` }),
          ...(only === undefined ? {} : { fixes: [replace(ctx.span(clause.keyword), only.keyword, `write \`${only.keyword}\``, false)] }),
        },
      );
    } else if (seen.has(word)) ctx.report("duplicate-attribute", { name: word }, { span: ctx.span(clause) });
    else if (
      clause.value !== null &&
      (clause.value.kind !== "scalar" || !["word", "string", "dotted", "malformed"].includes(clause.value.form))
    ) {
      ctx.report(
        "wrong-type",
        { attribute: word, expected: `the name of a ${known.to}`, found: `\`${ctx.text(clause.value)}\`` },
        { span: ctx.span(clause.value) },
      );
    }
    seen.add(word);
  }
  for (const clause of row.clauses) {
    if (!clause.required || seen.has(clause.keyword) || block.damaged || block.clauses.length > 0) continue;
    ctx.report(
      "missing-member",
      {
        what: describe(block),
        missing: `a ${clause.to}: \`${row.keyword} ${writtenName(block)} ${clause.keyword} ${clause.to.toUpperCase()}\``,
      },
      { span: ctx.header(block) },
    );
  }
}

function checkMembers(ctx: CheckContext, block: BlockNode, row: BlockRow): void {
  const first = new Map<string, AttributeNode>();
  let misspelt = false;
  for (const member of block.body?.members ?? []) {
    if (isDirective(member)) continue;
    if (member.kind === "block") checkBlock(ctx, member, row.keyword);
    else if (member.kind !== "attribute") {
      if (!row.statements.includes(member.kind)) misplacedMember(ctx, member, placeName(row.keyword), row);
    } else if (checkAttribute(ctx, block, row, member, first)) misspelt = true;
  }
  if (block.damaged || misspelt || holdsUnknown(block)) return;
  for (const attribute of row.attributes) {
    if (!attribute.required || first.has(attribute.name)) continue;
    ctx.report(
      "missing-member",
      { what: describe(block), missing: `\`${attribute.name} = …\`` },
      { span: ctx.header(block), help: attribute.doc },
    );
  }
}

/** Whether a member is of an unknown kind, so that something that seems missing may be what was meant. */
export function holdsUnknown(block: BlockNode): boolean {
  return (block.body?.members ?? []).some((member) => member.kind === "block" && blockRow(member.keyword.value) === null);
}

/** Whether the attribute is unknown, so that a required one may be what was meant. */
function checkAttribute(
  ctx: CheckContext,
  block: BlockNode,
  row: BlockRow,
  member: AttributeNode,
  first: Map<string, AttributeNode>,
): boolean {
  const name = member.name.value;
  const span = ctx.span(member.name);
  if (name === "") return true;
  const known = attributeRow(row, name);
  if (known === null) {
    // It may be the labels or a port of pods, misspelt.
    if (row.keyword === "pod" || row.keyword === "workload" || row.keyword === "namespace") ctx.podsInDoubt = true;
    const attributes = row.attributes.filter((attribute) => !attribute.future).map((attribute) => attribute.name);
    const meant = nearest(name, attributes);
    ctx.report(
      "unknown-attribute",
      { block: row.keyword, name },
      {
        span,
        ...(meant === null
          ? attributes.length === 0
            ? {}
            : {
                help: `it has ${join(
                  attributes.map((attribute) => `\`${attribute}\``),
                  "and",
                )}`,
              }
          : { help: `did you mean \`${meant}\`?`, fixes: [replace(span, meant, `write \`${meant}\``, false)] }),
      },
    );
    return true;
  }
  if (known.future) {
    ctx.report("not-supported", { what: `\`${name}\` of ${withArticle(row.keyword)}` }, { span });
    return false;
  }
  const earlier = first.get(name);
  if (earlier === undefined) first.set(name, member);
  else {
    ctx.report(
      "duplicate-attribute",
      { name },
      { span, related: [{ span: ctx.span(earlier.name), text: `first here, in ${describe(block)}` }] },
    );
  }
  return false;
}

function misplacedMember(ctx: CheckContext, member: AttributeNode | StatementNode, where: string, row: BlockRow | null): void {
  // `network = { subnet blue … }`: a declaration that lost its name.
  if (member.kind === "attribute" && blockRow(member.name.value) !== null) lose(ctx, member);
  const what = member.kind === "attribute" ? `\`${member.name.value} = …\`` : statementNames[member.kind];
  const takes = (row?.statements ?? []).map((kind) => statementNames[kind]);
  ctx.report(
    "misplaced-declaration",
    { what, where },
    { span: ctx.span(member), ...(takes.length === 0 ? {} : { help: `there stand ${join(takes, "and")}` }) },
  );
}
