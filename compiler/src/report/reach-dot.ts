/** `knet reach --format dot`: a graph for Graphviz, one box for each namespace. */
import type { ReachEndpoint, ReachReport } from "../reach/types.ts";
import { printable } from "./columns.ts";
import { allowedText, detourTexts, endpointName, rowsOf } from "./reach-view.ts";

const shapes = { Deployment: "box", Pod: "ellipse", Node: "box3d", External: "cds" } as const;

/** Ends in a line break. */
export function reachDot(report: ReachReport): string {
  const namespaces = [...new Set(report.endpoints.flatMap((endpoint) => endpoint.namespace ?? []))];
  const node = (endpoint: ReachEndpoint, label: string): string =>
    `${quoted(endpoint.id)} [label=${quoted(label)}, shape=${shapes[endpoint.kind]}];`;
  const clusters = namespaces.flatMap((namespace) => [
    `  subgraph ${quoted(`cluster ${namespace}`)} {`,
    `    label=${quoted(namespace)};`,
    ...report.endpoints.filter((endpoint) => endpoint.namespace === namespace).map((endpoint) => `    ${node(endpoint, endpoint.name)}`),
    "  }",
  ]);
  const others = report.endpoints
    .filter((endpoint) => endpoint.namespace === null)
    .map((endpoint) => `  ${node(endpoint, endpointName(endpoint))}`);
  const edges = rowsOf(report).map(({ connection }) => {
    const label = [allowedText(connection.allowed), ...detourTexts(connection).map((way) => `by ${way}`)].join("; ");
    const tooltip = connection.explanation.length === 0 ? "" : `, tooltip=${quoted(connection.explanation.join(" "))}`;
    return `  ${quoted(connection.from)} -> ${quoted(connection.to)} [label=${quoted(label)}${tooltip}];`;
  });
  return [`digraph ${quoted("reach")} {`, "  rankdir=LR;", ...clusters, ...others, ...edges, "}", ""].join("\n");
}

/** In a quoted string a backslash begins an escape of Graphviz's own, such as `\N`. */
function quoted(text: string): string {
  return `"${printable(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
