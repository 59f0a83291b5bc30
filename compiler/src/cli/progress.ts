/** One line on stderr that says how far long work is; nothing when stderr is no terminal. */
import type { OutputStream } from "./io.ts";

export interface ProgressLine {
  update(text: string): void;
  end(): void;
}

/** Shorter work than this shows nothing: a line that flashes by only distracts. */
const patience = 400;

export function progressLine(stream: OutputStream, title: string): ProgressLine {
  if (!stream.isTTY) return { update: () => {}, end: () => {} };
  const start = performance.now();
  let shown = false;
  return {
    update(text) {
      if (performance.now() - start < patience) return;
      shown = true;
      stream.write(`\r\u001b[K${title}: ${text}`.slice(0, Math.max(20, stream.columns)));
    },
    end() {
      if (shown) stream.write("\r\u001b[K");
    },
  };
}
