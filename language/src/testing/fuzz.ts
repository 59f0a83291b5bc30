/** What must hold of any text whatever. The ordinary tests try some thousand, `pnpm fuzz` as many as one likes. */
import { childrenOf } from "../ast/visit.ts";
import type { AstNode } from "../ast/nodes.ts";
import { hasErrors } from "../diagnostics/diagnostic.ts";
import { parse, syntaxErrorLimit } from "../parser/parse.ts";
import { checkProgram } from "../program/check.ts";

/** No text of ordinary length may take longer. */
const patience = 1000;

/** What is wrong with how a text is read and checked; null: nothing. */
export function faultOf(text: string): string | null {
  const started = performance.now();
  try {
    const fault = treeFault(text);
    if (fault !== null) return fault;
    const { program, diagnostics } = checkProgram("fuzz.knet", text);
    if (program === null && !hasErrors(diagnostics)) return "there is no program and no error";
    const took = performance.now() - started;
    return took < patience ? null : `it took ${took.toFixed(0)} ms`;
  } catch (failure) {
    return failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
  }
}

function treeFault(text: string): string | null {
  const { tree, diagnostics, damaged } = parse("fuzz.knet", text);
  const pieces = [...tree.tokens, ...tree.trivia].toSorted((x, y) => x.start - y.start);
  if (pieces.map((piece) => piece.text).join("") !== text) return "tokens and trivia are not the text";
  if (damaged && !hasErrors(diagnostics)) return "the tree is damaged and nothing is said";
  if (diagnostics.length > syntaxErrorLimit + 1) return `there are ${diagnostics.length} syntax errors`;
  const outside = diagnostics.find(({ span }) => span.start > span.end || span.end > text.length);
  if (outside !== undefined) return `"${outside.message}" stands outside of the text`;
  return nestingFault(tree.root);
}

function nestingFault(node: AstNode): string | null {
  let edge = node.start;
  for (const child of childrenOf(node)) {
    if (child.start < edge || child.end < child.start || child.end > node.end)
      return `${child.kind} ${child.start}..${child.end} does not lie in its ${node.kind} ${node.start}..${node.end} behind ${edge}`;
    edge = child.end;
    const fault = nestingFault(child);
    if (fault !== null) return fault;
  }
  return null;
}
