/** `knet reach --format txt`: one line for each pair, in byte order. */
import { compareText } from "@knet/language/values";
import type { ReachReport } from "../reach/types.ts";
import { portsText } from "../reach/ports.ts";
import { printable } from "./columns.ts";
import { endpointText, rowsOf } from "./reach-view.ts";

/** Explanations and refusals, where asked for, stand indented below their line. Ends in a line break unless it is empty. */
export function reachTxt(report: ReachReport): string {
  const blocks = [
    ...rowsOf(report).map(({ connection, from, to }) => ({
      line: `${endpointText(from)} => ${endpointText(to)} : ${portsText(connection.allowed)}`,
      below: connection.explanation,
    })),
    ...refusals(report),
  ];
  return blocks
    .toSorted((x, y) => compareText(x.line, y.line))
    .flatMap(({ line, below }) => [line, ...below.map((sentence) => `    ${sentence}`)])
    .map((line) => `${printable(line)}\n`)
    .join("");
}

function refusals(report: ReachReport): readonly { readonly line: string; readonly below: readonly string[] }[] {
  const endpoints = new Map(report.endpoints.map((endpoint) => [endpoint.id, endpoint]));
  return report.refusals.flatMap(({ from, to, explanation }) => {
    const [source, target] = [endpoints.get(from), endpoints.get(to)];
    return source === undefined || target === undefined
      ? []
      : [{ line: `${endpointText(source)} => ${endpointText(target)} : No Connections`, below: explanation }];
  });
}
