/** Which ports stand for all: one from each interval that no rule tells apart. */
import { transports } from "@knet/language/values";
import type { PortRange, Transport } from "@knet/language/values";
import type { NetworkModel } from "../model/types.ts";

export interface PortClass {
  readonly protocol: Transport;
  /** The lowest port of the interval. */
  readonly port: number;
}

/**
 * The port space of each protocol cut at every number that a policy, service, firewall, container or component
 * mentions. Two ports of one interval meet the same rules everywhere. Port 0 is never used.
 */
export function portClasses(model: NetworkModel): readonly PortClass[] {
  const cuts: Record<Transport, Set<number>> = { tcp: new Set([1]), udp: new Set([1]), sctp: new Set([1]) };
  const range = (protocol: Transport, first: number, last: number): void => {
    if (first >= 1) cuts[protocol].add(first);
    if (last < 65535) cuts[protocol].add(last + 1);
  };
  const single = (protocol: Transport, port: number): void => range(protocol, port, port);
  for (const pod of model.pods) for (const port of pod.ports) single(port.protocol, port.port);
  for (const service of model.services) {
    for (const port of service.ports) {
      single(port.protocol, port.port);
      if (typeof port.targetPort === "number") single(port.protocol, port.targetPort);
      if (port.nodePort !== null) single(port.protocol, port.nodePort);
    }
  }
  for (const policy of model.policies) {
    for (const rule of [...policy.ingress, ...policy.egress]) {
      for (const port of rule.ports) if (typeof port.port === "number") range(port.protocol, port.port, port.endPort ?? port.port);
    }
  }
  for (const firewall of model.firewalls) {
    for (const rule of firewall.rules) for (const port of rule.ports) range(port.protocol, port.first, port.last);
  }
  single("udp", model.cluster.cni.vxlanPort);
  single("tcp", 10250);
  for (const port of [53, 80, 443]) single("tcp", port);
  single("udp", 53);
  return transports.flatMap((protocol) => [...cuts[protocol]].toSorted((x, y) => x - y).map((port) => ({ protocol, port })));
}

/** The classes that fall into the ranges; a range that holds the start of no class is represented by its own first port. */
export function classesIn(classes: readonly PortClass[], ranges: readonly PortRange[]): readonly PortClass[] {
  const found = new Map<string, PortClass>();
  for (const { protocol, first, last } of ranges) {
    const start = Math.max(first, 1);
    found.set(`${start}/${protocol}`, { protocol, port: start });
    for (const candidate of classes) {
      if (candidate.protocol === protocol && candidate.port > start && candidate.port <= last) found.set(`${candidate.port}/${protocol}`, candidate);
    }
  }
  return [...found.values()];
}
