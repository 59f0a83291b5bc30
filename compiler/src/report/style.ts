/** How reports dress their text for a terminal. Every function gets plain text of one line and gives it back dressed. */
import { styleText } from "node:util";
import { plainStyle } from "./diagnostics.ts";
import type { FrameStyle } from "./diagnostics.ts";

export interface ReportStyle {
  heading(text: string): string;
  host(text: string): string;
  packet(text: string): string;
  /** Packets and arrows of the way back. */
  reply(text: string): string;
  /** Artifact lines, source lines, what may be skipped. */
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  warning(text: string): string;
  readonly frame: FrameStyle;
}

const same = (text: string): string => text;

export const plainReportStyle: ReportStyle = {
  heading: same,
  host: same,
  packet: same,
  reply: same,
  dim: same,
  good: same,
  bad: same,
  warning: same,
  frame: plainStyle,
};

type Format = Parameters<typeof styleText>[0];

function ansi(format: Format): (text: string) => string {
  return (text) => styleText(format, text, { validateStream: false });
}

const bad = ansi(["bold", "red"]);
const warning = ansi(["bold", "yellow"]);
const dim = ansi("dim");

/** ANSI colours, whatever the stream: whether to use it is the caller's decision. */
export const colouredReportStyle: ReportStyle = {
  heading: ansi("bold"),
  host: ansi(["bold", "blue"]),
  packet: ansi("cyan"),
  reply: ansi("green"),
  dim,
  good: ansi(["bold", "green"]),
  bad,
  warning,
  frame: {
    severity: (text, severity) => (severity === "error" ? bad(text) : warning(text)),
    message: ansi("bold"),
    gutter: ansi("blue"),
    primary: (text, severity) => (severity === "error" ? bad(text) : warning(text)),
    secondary: ansi("blue"),
    help: ansi("cyan"),
  },
};
