/** What the `reach` reporters have in common: how endpoints and ports are written. */
import { rangeText } from "../reach/units.ts";
import { portsText } from "../reach/ports.ts";
import type { AllowedPorts, Detour, ReachConnection, ReachEndpoint, ReachReport } from "../reach/types.ts";

/** `shop/web[Deployment]`, `10.0.0.0-10.0.0.255[External]`. */
export function endpointText({ id, kind, range }: ReachEndpoint): string {
  return `${range === null ? id : rangeText(range)}[${kind}]`;
}

/** `shop/web`, `nodes`, `10.0.0.0/24`, `10.0.0.0-10.0.0.9`. */
export function endpointName({ id, name, range }: ReachEndpoint): string {
  return range === null ? id : name;
}

/** `TCP 80, 443, UDP 53`; a family in which alone it is allowed is said: `TCP 80 (IPv4)`. */
export function allowedText(allowed: readonly AllowedPorts[]): string {
  const families = [...new Set(allowed.map((entry) => entry.family))].toSorted((x, y) => (x ?? 0) - (y ?? 0));
  return families
    .map((family) => {
      const text = portsText(allowed.filter((entry) => entry.family === family)).replaceAll(",", ", ");
      return family === null ? text : `${text} (IPv${family})`;
    })
    .join(", ");
}

/** `node port 30443/tcp of service edge/ingress`. */
export function detourText({ service, protocol, nodePort }: Detour): string {
  return `node port ${nodePort}/${protocol} of service ${service}`;
}

/** Each way once, though several ports of the target come by it. */
export function detourTexts(connection: ReachConnection): readonly string[] {
  return [...new Set(connection.through.map(detourText))];
}

export interface ReachRow {
  readonly connection: ReachConnection;
  readonly from: ReachEndpoint;
  readonly to: ReachEndpoint;
}

export function rowsOf(report: ReachReport): readonly ReachRow[] {
  const endpoints = new Map(report.endpoints.map((endpoint) => [endpoint.id, endpoint]));
  return report.connections.flatMap((connection) => {
    const from = endpoints.get(connection.from);
    const to = endpoints.get(connection.to);
    if (from === undefined || to === undefined)
      throw new Error(`a connection of ${connection.from} and ${connection.to}, which are no endpoints`);
    return [{ connection, from, to }];
  });
}

/** `12 connections between 5 endpoints`. */
export function reachSummary({ connections, endpoints }: ReachReport): string {
  const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
  return `${counted(connections.length, "connection")} between ${counted(endpoints.length, "endpoint")}`;
}
