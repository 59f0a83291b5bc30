/** The containers of declared pods: a test server that listens on what the program says. */
import type { Transport } from "@knet/language/values";
import type { ContainerPort } from "../../model/types.ts";
import { protocolName } from "./object.ts";

/** Serves TCP, UDP and SCTP with one binary, and has a shell and probes in it. */
export const serverImage = "registry.k8s.io/e2e-test-images/agnhost:2.53";

/**
 * One container per TCP port, which also serves the UDP and SCTP ports of its rank, and one per port left over; one that
 * only waits when there is no port. A pod that shall not be ready has a probe that never succeeds.
 */
export function containers(ports: readonly ContainerPort[], isReady: boolean): readonly Readonly<Record<string, unknown>>[] {
  return portGroups(ports).map((group, index) => container(group, index, isReady));
}

function container(group: PortGroup, index: number, isReady: boolean): Readonly<Record<string, unknown>> {
  return {
    name: index === 0 ? "agnhost" : `agnhost-${index + 1}`,
    image: serverImage,
    ...command(group),
    ...(group.length === 0 ? {} : { ports: group.map(containerPort) }),
    ...(index === 0 && !isReady ? { readinessProbe: { exec: { command: ["false"] } } } : {}),
  };
}

type PortGroup = readonly ContainerPort[];

function portGroups(ports: readonly ContainerPort[]): readonly PortGroup[] {
  if (ports.length === 0) return [[]];
  const of = (protocol: Transport): readonly ContainerPort[] => ports.filter((port) => port.protocol === protocol);
  const [tcp, udp, sctp] = [of("tcp"), of("udp"), of("sctp")];
  const joined = tcp.map((port, i): PortGroup => [port, ...udp.slice(i, i + 1), ...sctp.slice(i, i + 1)]);
  return [...joined, ...[...udp.slice(tcp.length), ...sctp.slice(tcp.length)].map((port): PortGroup => [port])];
}

/** `netexec` always has an HTTP server, so a port without TCP beside it is served by another subcommand. */
function command(group: PortGroup): Readonly<Record<string, unknown>> {
  const port = (protocol: Transport): number | undefined => group.find((candidate) => candidate.protocol === protocol)?.port;
  const [tcp, udp, sctp] = [port("tcp"), port("udp"), port("sctp")];
  if (tcp !== undefined) {
    return { args: ["netexec", `--http-port=${tcp}`, `--udp-port=${udp ?? -1}`, ...(sctp === undefined ? [] : [`--sctp-port=${sctp}`])] };
  }
  if (udp !== undefined) return { args: ["serve-hostname", "--http=false", "--udp", `--port=${udp}`] };
  if (sctp !== undefined) return { args: ["porter"], env: [{ name: `SERVE_SCTP_PORT_${sctp}`, value: String(sctp) }] };
  return { args: ["pause"] };
}

function containerPort(port: ContainerPort): Readonly<Record<string, unknown>> {
  return { ...(port.name === null ? {} : { name: port.name }), containerPort: port.port, protocol: protocolName(port.protocol) };
}
