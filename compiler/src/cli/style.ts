/** Colour on terminals only; `--color`, NO_COLOR and FORCE_COLOR decide. */
import { styleText } from "node:util";
import { plainStyle } from "@knet/language";
import type { FrameStyle } from "@knet/language";
import type { Io, OutputStream } from "./io.ts";

export type ColorWhen = "auto" | "always" | "never";

export function wantsColor(stream: OutputStream, env: Io["env"], when: ColorWhen): boolean {
  if (when !== "auto") return when === "always";
  const { NO_COLOR: no, FORCE_COLOR: force } = env;
  if (no !== undefined && no !== "") return false;
  if (force !== undefined && force !== "" && force !== "0") return true;
  return stream.isTTY && env["TERM"] !== "dumb";
}

type Format = Parameters<typeof styleText>[0];

/** `stream` is not consulted by `styleText` here: the decision is ours. */
export function paint(format: Format, text: string): string {
  return styleText(format, text, { validateStream: false });
}

export function frameStyle(stream: OutputStream, env: Io["env"], when: ColorWhen): FrameStyle {
  if (!wantsColor(stream, env, when)) return plainStyle;
  return {
    severity: (text, severity) => paint(severity === "error" ? ["bold", "red"] : ["bold", "yellow"], text),
    message: (text) => paint("bold", text),
    gutter: (text) => paint("blue", text),
    primary: (text, severity) => paint(["bold", severity === "error" ? "red" : "yellow"], text),
    secondary: (text) => paint("blue", text),
    help: (text) => paint("cyan", text),
  };
}
