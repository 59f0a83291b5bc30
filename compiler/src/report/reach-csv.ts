/** `knet reach --format csv`: one record for each range of ports (RFC 4180). */
import type { ReachReport } from "../reach/types.ts";
import { detourText, endpointName, rowsOf } from "./reach-view.ts";

const header = ["from", "from kind", "to", "to kind", "protocol", "first port", "last port", "family", "through", "explanation"];

/** Records end in CRLF, the last one too. */
export function reachCsv(report: ReachReport): string {
  const records = rowsOf(report).flatMap(({ connection, from, to }) =>
    connection.allowed.flatMap(({ protocol, ports, family }) =>
      ports.map(([first, last]) => {
        const ways = connection.through.filter((way) => way.protocol === protocol && first <= way.port && way.port <= last).map(detourText);
        return [
          endpointName(from),
          from.kind,
          endpointName(to),
          to.kind,
          protocol.toUpperCase(),
          `${first}`,
          `${last}`,
          family === null ? "" : `IPv${family}`,
          ways.join("; "),
          connection.explanation.join(" "),
        ];
      }),
    ),
  );
  return [header, ...records].map((record) => `${record.map(field).join(",")}\r\n`).join("");
}

/** A field that a spreadsheet would take for a formula is made text by an apostrophe. */
function field(text: string): string {
  const plain = /^[=+\-@\t\r]/u.test(text) ? `'${text}` : text;
  return /[",\r\n]/u.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
