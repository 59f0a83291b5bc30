/** For tests: a small model, written short. */
import * as parts from "../model/testing.ts";
import type { NetworkModel, Node, Pod, Service, ServicePort } from "../model/types.ts";

export { cidr, ip, origin } from "../model/testing.ts";

export function node(name: string, address: string, zone: string | null = null): Node {
  return parts.node(name, "blue", [address], { zone, labels: {} });
}

/** A ready pod of namespace `shop` on node-a with the label app=web. */
export function pod(name: string, addresses: readonly string[], more: Partial<Pod> = {}): Pod {
  return parts.pod(`${more.namespace ?? "shop"}/${name}`, "node-a", addresses.map(parts.ip), { labels: { app: "web" }, ...more });
}

export function port(number: number, more: Partial<ServicePort> = {}): ServicePort {
  return { name: null, port: number, protocol: "tcp", targetPort: number, nodePort: null, origin: parts.origin(`port ${number}`), ...more };
}

/** A ClusterIP service of namespace `shop` that selects app=web. */
export function service(name: string, clusterIps: readonly string[], ports: readonly ServicePort[], more: Partial<Service> = {}): Service {
  return parts.service(`${more.namespace ?? "shop"}/${name}`, clusterIps.map(parts.ip), ports, { selector: { app: "web" }, ...more });
}

export interface ModelParts {
  readonly pods?: readonly Pod[];
  readonly services?: readonly Service[];
  readonly nodes?: readonly Node[];
  readonly serviceCidrs?: readonly string[];
  readonly pools?: readonly string[];
}

/** node-a in zone z1 and node-b in z2; services 10.96.0.0/16, pods 10.244.0.0/16. */
export function model(words: ModelParts): NetworkModel {
  return parts.model({
    serviceCidrs: words.serviceCidrs ?? ["10.96.0.0/16"],
    pools: (words.pools ?? ["10.244.0.0/16"]).map((text, i) =>
      parts.pool(`pool-${i}`, parts.cidr(text), text.includes(":") ? 122 : 26, "vxlan"),
    ),
    nodes: words.nodes ?? [node("node-a", "192.168.10.11", "z1"), node("node-b", "192.168.10.12", "z2")],
    pods: words.pods ?? [],
    services: words.services ?? [],
  });
}
