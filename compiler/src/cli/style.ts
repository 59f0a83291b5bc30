/** Colour on terminals only; `--color`, NO_COLOR and FORCE_COLOR decide. */
import { colouredReportStyle, plainReportStyle } from "../report/style.ts";
import type { ReportStyle } from "../report/style.ts";
import type { Io, OutputStream } from "./io.ts";

export type ColorWhen = "auto" | "always" | "never";

export function wantsColor(stream: OutputStream, env: Io["env"], when: ColorWhen): boolean {
  if (when !== "auto") return when === "always";
  const { NO_COLOR: no, FORCE_COLOR: force } = env;
  if (no !== undefined && no !== "") return false;
  if (force !== undefined && force !== "" && force !== "0") return true;
  return stream.isTTY && env["TERM"] !== "dumb";
}

export function styleFor(stream: OutputStream, env: Io["env"], when: ColorWhen): ReportStyle {
  return wantsColor(stream, env, when) ? colouredReportStyle : plainReportStyle;
}
