/** `knet check --format github`. */
import type { CheckView } from "./check-view.ts";
import { inOrder } from "./diagnostics.ts";
import { annotation } from "./github.ts";

/** One annotation a line; empty when there is nothing to say. */
export function checkGithub({ diagnostics, sources }: CheckView): string {
  return inOrder(diagnostics)
    .map(({ code, severity, message, help, notes, span }) => {
      const text = [message, ...notes, ...(help === null ? [] : [`help: ${help}`])].join("\n");
      return `${annotation(severity, span, code, text, sources)}\n`;
    })
    .join("");
}
