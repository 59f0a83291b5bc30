/** The shop, and its README's changes of it. */
import { readFileSync } from "node:fs";
import { checkSource } from "@knet/compiler";
import type { Compilation } from "@knet/compiler";

const folder = new URL("../../examples/shop/", import.meta.url);

export const shopText = readFileSync(new URL("shop.knet", folder), "utf8");
export const shopReadme = readFileSync(new URL("README.md", folder), "utf8");

export function compileShop(text: string = shopText): Compilation {
  const { compilation, diagnostics } = checkSource("shop.knet", text, null);
  if (compilation === null) throw new Error(diagnostics.map((diagnostic) => diagnostic.message).join("; "));
  return compilation;
}

export interface Break {
  readonly title: string;
  readonly text: string;
  /** The assertion that must fail, and what its witness must say. */
  readonly assertion: string;
  readonly witness: string;
}

/** Each `###` section below "What to break": hunks of a diff, then the assertion and the witness. */
export function breaksOf(readme: string, program: string): readonly Break[] {
  const [, ...sections] = readme.slice(readme.indexOf("## What to break")).split(/^### /m);
  return sections.map((section) => {
    const title = section.slice(0, section.indexOf("\n"));
    const hunks = [...section.matchAll(/```diff\n([\s\S]*?)```/g)].map((match) => (match[1] ?? "").trimEnd().split("\n"));
    const text = hunks.reduce((before, lines) => {
      const side = (sign: string): string =>
        lines.flatMap((line) => (line.startsWith(sign) || line.startsWith(" ") ? [line.slice(1)] : [])).join("\n");
      const parts = before.split(side("-"));
      if (parts.length !== 2) throw new Error(`${title}: its lines stand ${parts.length - 1} times in the program`);
      return parts.join(side("+"));
    }, program);
    const said = /\*\*(.+?)\*\*: `(.+?)`/.exec(section);
    return { title, text, assertion: said?.[1] ?? "", witness: said?.[2] ?? "" };
  });
}
