/** How reports dress their text for a terminal. */
import { styleText } from "node:util";
import { plainStyle } from "./diagnostics.ts";
import type { FrameStyle } from "./diagnostics.ts";

/** One line of plain text, dressed. */
export type Paint = (text: string) => string;

export interface ReportStyle {
  readonly heading: Paint;
  readonly host: Paint;
  readonly packet: Paint;
  /** Packets and arrows of the way back. */
  readonly reply: Paint;
  /** Artifact lines, source lines, what may be skipped. */
  readonly dim: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  readonly warning: Paint;
  readonly frame: FrameStyle;
}

const same: Paint = (text) => text;

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

function ansi(format: Format): Paint {
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
