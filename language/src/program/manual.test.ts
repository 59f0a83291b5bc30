import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { blocks } from "../schema/blocks.ts";
import { inCluster, messages } from "../testing/fixtures.ts";

const manual = readFileSync(new URL("../../../docs/language.md", import.meta.url), "utf8");
const examples = [...manual.matchAll(/```knet([^\n]*)\n([\s\S]*?)\n```/g)].map((match) => ({
  wants: match[1]?.trim() ?? "",
  text: match[2] ?? "",
}));

describe("docs/language.md", () => {
  it.each(examples.map((example, i) => [i + 1, example] as const))("example %i says what the page says", (_, { wants, text }) => {
    const codes = messages(inCluster(text)).map((message) => message.slice(0, 6));
    expect(codes).toEqual(wants === "" ? [] : wants.replace("fails ", "").split(" "));
  });

  it("names every block and attribute that can be used", () => {
    const missing = blocks.flatMap((block) => [
      ...(manual.includes(`\`${block.keyword}\``) || new RegExp(`^ *${block.keyword} `, "m").test(manual) ? [] : [block.keyword]),
      ...block.attributes
        .filter((attribute) => !attribute.future && !manual.includes(`${attribute.name} `) && !manual.includes(`\`${attribute.name}\``))
        .map((attribute) => attribute.name),
    ]);
    expect(missing).toEqual([]);
  });
});
