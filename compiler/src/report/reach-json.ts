/** `knet reach --format json`. */
import { formatCidr, formatIp } from "@knet/language/values";
import type { ReachEndpoint, ReachReport } from "../reach/types.ts";

export interface ReachJson {
  readonly version: 1;
  readonly endpoints: readonly {
    readonly id: string;
    readonly kind: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly pods?: number;
    readonly nodes?: readonly string[];
    readonly cidrs?: readonly string[];
    readonly first?: string;
    readonly last?: string;
  }[];
  readonly connections: readonly {
    readonly from: string;
    readonly to: string;
    readonly allowed: readonly {
      readonly protocol: string;
      readonly ports: readonly (readonly [number, number])[];
      readonly family?: "IPv4" | "IPv6";
    }[];
    readonly through?: readonly { readonly service: string; readonly protocol: string; readonly nodePort: number; readonly port: number }[];
    readonly explanation?: readonly string[];
  }[];
  readonly refusals?: readonly { readonly from: string; readonly to: string; readonly explanation: readonly string[] }[];
  readonly notes: readonly string[];
  readonly compared: number;
}

/** The document: indented by two blanks, ending in a line break. */
export function reachJson(report: ReachReport): string {
  const document: ReachJson = {
    version: 1,
    endpoints: report.endpoints.map(endpointJson),
    connections: report.connections.map(({ from, to, allowed, through, explanation }) => ({
      from,
      to,
      allowed: allowed.map(({ protocol, ports, family }) => ({
        protocol: protocol.toUpperCase(),
        ports,
        ...(family === null ? {} : { family: family === 4 ? ("IPv4" as const) : ("IPv6" as const) }),
      })),
      ...(through.length === 0 ? {} : { through: through.map(({ protocol, ...way }) => ({ ...way, protocol: protocol.toUpperCase() })) }),
      ...(explanation.length === 0 ? {} : { explanation }),
    })),
    ...(report.refusals.length === 0 ? {} : { refusals: report.refusals }),
    notes: report.notes,
    compared: report.compared,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function endpointJson({ id, kind, namespace, name, pods, nodes, range }: ReachEndpoint): ReachJson["endpoints"][number] {
  if (range !== null) return { id, kind, cidrs: range.cidrs.map(formatCidr), first: formatIp(range.first), last: formatIp(range.last) };
  if (namespace === null) return { id, kind, name, nodes };
  return { id, kind, namespace, name, pods };
}
