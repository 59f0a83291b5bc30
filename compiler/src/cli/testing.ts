/** A command line in a temporary folder, with what it printed. For tests. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run } from "./main.ts";
import type { ExitCode } from "./io.ts";

export interface Ran {
  readonly exit: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

export class Shell implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "knet-cli-"));

  constructor(files: Readonly<Record<string, string | Uint8Array>> = {}) {
    for (const [path, content] of Object.entries(files)) this.write(path, content);
  }

  write(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), content);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), "utf8");
  }

  /** Every file with its content, sorted by path. */
  tree(path = "."): readonly (readonly [path: string, text: string])[] {
    return readdirSync(join(this.folder, path), { recursive: true })
      .map(String)
      .toSorted()
      .filter((name) => statSync(join(this.folder, path, name)).isFile())
      .map((name) => [name, this.read(join(path, name))] as const);
  }

  async knet(args: readonly string[], stdin = ""): Promise<Ran> {
    let stdout = "";
    let stderr = "";
    const exit = await run(
      {
        cwd: this.folder,
        env: {},
        stdout: { isTTY: false, columns: 120, write: (text) => (stdout += text) },
        stderr: { isTTY: false, columns: 120, write: (text) => (stderr += text) },
        readStdin: () => Promise.resolve(new TextEncoder().encode(stdin)),
      },
      args,
    );
    return { exit, stdout, stderr };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
