/** The entry of the bundled command: the process as an {@link Io}. */
import { fstatSync } from "node:fs";
import { run } from "./main.ts";
import type { Io, OutputStream } from "./io.ts";

function output(stream: NodeJS.WriteStream): OutputStream {
  // A reader that went away (`knet … | head`) is no error.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
    throw error;
  });
  return { isTTY: stream.isTTY, columns: stream.columns ?? 120, write: (text) => void stream.write(text) };
}

const io: Io = {
  cwd: process.cwd(),
  env: process.env,
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  async readStdin() {
    // A closed standard input reads as empty.
    try {
      fstatSync(0);
    } catch {
      return new Uint8Array();
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
    return Buffer.concat(chunks);
  },
};

process.on("SIGINT", () => process.exit(130));
process.exitCode = await run(io, process.argv.slice(2));
