/** The built plugin in a project of somebody else, run by the `prettier` command. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { format } from "@knet/language/formatter";
import { buildPrettierPlugin } from "../../scripts/prettier-plugin.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const shop = readFileSync(join(root, "examples/shop/shop.knet"), "utf8");
let project = "";

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), "knet-prettier-"));
  const installed = join(project, "node_modules/@knet/language");
  mkdirSync(join(installed, "dist"), { recursive: true });
  cpSync(join(root, "language/package.json"), join(installed, "package.json"));
  await buildPrettierPlugin(join(installed, "dist/prettier.mjs"));
  symlinkSync(join(root, "node_modules/prettier"), join(project, "node_modules/prettier"));
  write("package.json", '{ "name": "somebody-elses", "private": true }\n');
  write(".prettierrc", '{ "plugins": ["@knet/language/prettier"] }\n');
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

const write = (path: string, text: string): void => writeFileSync(join(project, path), text);
const read = (path: string): string => readFileSync(join(project, path), "utf8");

function prettier(...args: readonly string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const bin = join(project, "node_modules/prettier/bin/prettier.cjs");
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, "--no-color", ...args], { cwd: project, encoding: "utf8" });
  return { status, stdout, stderr };
}

describe("prettier with the plugin", () => {
  it("should print what knet fmt prints", () => {
    write("shop.knet", shop.replaceAll(/ +=/g, " ="));
    const ours = format("shop.knet", read("shop.knet"));
    expect(prettier("shop.knet")).toEqual({ status: 0, stdout: ours.ok ? ours.text : "", stderr: "" });
  });

  it("should be taken from the command line too", () => {
    write("plain.knet", "a=1");
    expect(prettier("--no-config", "--plugin", "@knet/language/prettier", "plain.knet").stdout).toBe("a = 1\n");
  });

  it("should find .knet files in a folder, list them with --check and write them with --write", () => {
    mkdirSync(join(project, "clusters"));
    write("clusters/good.knet", "a = 1\n");
    write("clusters/bad.knet", "a=1");
    const checked = prettier("--check", "clusters");
    expect(checked.status).toBe(1);
    expect(checked.stderr).toContain("clusters/bad.knet");
    expect(checked.stderr).not.toContain("good.knet");
    expect(prettier("--write", "clusters").status).toBe(0);
    expect(read("clusters/bad.knet")).toBe("a = 1\n");
  });

  it("should honour the project's width, indentation and line ends", () => {
    write("wide.knet", "joins = [blue, green, yellow]\n");
    expect(prettier("--print-width", "20", "--use-tabs", "--end-of-line", "crlf", "wide.knet").stdout).toBe(
      "joins = [\r\n\tblue,\r\n\tgreen,\r\n\tyellow\r\n]\r\n",
    );
  });

  it("should format blocks of knet in Markdown", () => {
    write("page.md", "- An example:\n\n  ```knet\n  pod a{x=1}\n  // why\n  ```\n");
    expect(prettier("page.md").stdout).toBe("- An example:\n\n  ```knet\n  pod a { x = 1 }\n  // why\n  ```\n");
  });

  it("should show where a file does not read as knet, and leave it", () => {
    write("broken.knet", "pod a {\n  x = \n}\n");
    const { status, stderr } = prettier("--write", "broken.knet");
    expect(status).toBe(2);
    expect(stderr).toContain("broken.knet: SyntaxError: KN1005");
    expect(stderr).toMatch(/> \d \|/);
    expect(read("broken.knet")).toBe("pod a {\n  x = \n}\n");
  });

  it("should agree with Prettier's own check that nothing but the style has changed", () => {
    write("shop.knet", shop);
    expect(prettier("--debug-check", "shop.knet")).toEqual({ status: 0, stdout: "shop.knet\n", stderr: "" });
  });
});
