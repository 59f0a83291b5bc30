/** Fixtures of the expander's tests: single expressions, and programs of several files that stand in memory. */
import type { ConstNode } from "../ast/nodes.ts";
import { evaluate } from "../expand/evaluate.ts";
import { declareConstants } from "../expand/members.ts";
import { Scope } from "../expand/scope.ts";
import type { Env, Module } from "../expand/scope.ts";
import { Session } from "../expand/session.ts";
import type { ProgramHost } from "../expand/types.ts";
import { writeValue } from "../expand/value.ts";
import { parse } from "../parser/parse.ts";

/**
 * What an expression comes to, as it would be written; or what is said of it, as `KNnnnn message`.
 * @param constants `const` lines that it may use
 */
export function valueOf(expression: string, constants = ""): string {
  const text = `${constants}\nvalue = ${expression}\n`;
  const { tree, diagnostics } = parse("t.knet", text);
  const session = new Session(() => text);
  const scope = new Scope(null);
  const source = tree.root.source;
  const module: Omit<Module, "env"> = { path: "t.knet", root: tree.root, scope, templates: new Map(), importedTemplates: new Map() };
  const env: Env = { module: { ...module, env: null as unknown as Env }, scope, source, copying: false, inside: [] };
  const members = tree.root.members;
  declareConstants(
    session,
    env,
    members.filter((member): member is ConstNode => member.kind === "const"),
  );
  const last = members.at(-1);
  const value = last?.kind === "attribute" ? evaluate(session, env, last.value) : null;
  const said = [...diagnostics, ...session.diagnostics].map(({ code, message }) => `${code} ${message}`);
  return value === null || said.length > 0 ? said.join("\n") : writeValue(value);
}

/** Files by their paths; imports are relative to the folder of their file, and nothing lies above the uppermost. */
export function memoryHost(files: Readonly<Record<string, string>>): ProgramHost {
  return {
    load: (specifier, importer) => {
      const parts = importer.split("/").slice(0, -1);
      for (const part of specifier.split("/")) {
        if (part === "..") {
          if (parts.pop() === undefined) return { kind: "outside", root: "/project" };
        } else if (part !== ".") parts.push(part);
      }
      const path = parts.join("/");
      const text = files[path];
      return text === undefined ? { kind: "missing", path } : { kind: "file", path, text };
    },
  };
}

/** A checked program without the places its parts stand at. */
export function withoutPlaces(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPlaces);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => key !== "span" && key !== "header");
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutPlaces(inner)]));
}
