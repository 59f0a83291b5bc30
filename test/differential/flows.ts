/** Flows that put every kind of sender before every kind of destination of a cluster. */
import type { Ip, Transport } from "@knet/language/values";
import type { NetworkModel } from "@knet/compiler";
import type { ChosenFlow } from "@knet/compiler/testing";

/** No container, service or component of a test cluster offers it. */
export const closedPort = 9;

/** Every host to every address: offered ports, a closed one, service ports, node ports; TCP and UDP. */
export function everyFlow(model: NetworkModel): readonly ChosenFlow[] {
  const senders = [
    ...model.pods.map((pod) => ({ host: `pod/${pod.namespace}/${pod.name}`, addresses: pod.addresses })),
    ...model.nodes.map((node) => ({ host: `node/${node.name}`, addresses: node.addresses })),
    ...(model.external?.hosts ?? []).map((host) => ({ host: `external/${host.name}`, addresses: host.addresses })),
  ];
  const targets: { readonly dst: Ip; readonly protocol: Transport; readonly port: number }[] = [];
  const add = (addresses: readonly Ip[], protocol: Transport, port: number): void => {
    for (const dst of addresses) targets.push({ dst, protocol, port });
  };
  for (const pod of model.pods) {
    for (const port of pod.ports) add(pod.addresses, port.protocol, port.port);
    if (pod.hostNetwork) continue;
    add(pod.addresses, "tcp", closedPort);
    add(pod.addresses, "udp", closedPort);
  }
  for (const service of model.services) {
    for (const port of service.ports) {
      add(service.clusterIps, port.protocol, port.port);
      if (port.nodePort !== null) for (const node of model.nodes) add(node.addresses, port.protocol, port.nodePort);
    }
  }
  for (const node of model.nodes) {
    add(node.addresses, "tcp", 10250);
    add(node.addresses, "tcp", closedPort);
    add(node.addresses, "udp", closedPort);
  }
  for (const host of model.external?.hosts ?? []) {
    add(host.addresses, "tcp", 443);
    add(host.addresses, "udp", 53);
    add(host.addresses, "tcp", closedPort);
  }
  return senders.flatMap((sender) => {
    const families = new Set(sender.addresses.map((ip) => ip.family));
    return targets.filter(({ dst }) => families.has(dst.family)).map((target) => ({ from: sender.host, ...target }));
  });
}
