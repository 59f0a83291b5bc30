import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkSource } from "../compilation/compilation.ts";
import { commandErrors, compilerCatalogue } from "./catalogue.ts";

const folder = new URL("./explain/", import.meta.url);
const pages = readdirSync(folder).toSorted();
const names = new Map([...Object.entries(compilerCatalogue.entries).map(([name, { code }]) => [code as string, name] as const), ...Object.entries(commandErrors).map(([name, code]) => [code as string, name] as const)]);

const rest = `
cluster demo {
  service-cidr = 172.16.0.0/16
  cni calico {
    pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan }
  }
}
`;

describe("explanation pages of the compiler's codes", () => {
  it("there is one for every code, and none for anything else", () => {
    expect(pages).toEqual([...names.keys()].toSorted().map((code) => `${code}.md`));
  });

  it.each(pages)("%s is headed by its code and name", (page) => {
    const code = page.slice(0, -".md".length);
    expect(readFileSync(new URL(page, folder), "utf8").split("\n")[0]).toBe(`# ${code} ${names.get(code) ?? ""}`);
  });

  it.each(["KN5001.md", "KN5002.md", "KN5020.md", "KN5021.md", "KN6001.md"])("%s: the failing example raises that code alone, the repaired one raises nothing", (page) => {
    const [fails = "", repaired = ""] = [...readFileSync(new URL(page, folder), "utf8").matchAll(/```knet\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
    const codes = (text: string): readonly string[] => {
      const { diagnostics, compilation } = checkSource("page.knet", `${text}${text.includes("cluster ") ? "" : rest}`, null);
      // What is not compiled yet is another matter than what is said of it.
      const refused = page === "KN6001.md" ? (compilation?.unsupported("judges") ?? []) : [];
      return [...diagnostics, ...refused].map(({ code }) => code);
    };
    expect([...new Set(codes(fails))]).toEqual([page.slice(0, -".md".length)]);
    expect(codes(repaired)).toEqual([]);
  });
});
