/** From the model to the fabric: every host's dataplane, the wires, who listens, what DNS answers. */
import type { DataplanePart } from "../dataplane/types.ts";
import { mergeParts } from "../dataplane/types.ts";
import type { Dataplane } from "../dataplane/types.ts";
import type { Fabric, Host, Listener, Segment } from "../fabric/types.ts";
import type { NetworkModel, Node, Pod } from "../model/types.ts";
import { workloadInterface } from "./calico/names.ts";
import { podMtu } from "./calico/mtu.ts";
import { dnsZones } from "./coredns/zone.ts";
import { components } from "./index.ts";
import { externalDataplane, externalDevice, nodeUnderlay, outsideDevice, routerDataplane } from "./network/underlay.ts";
import { podDataplane } from "./pod/index.ts";
import type { Component, Manifest } from "./types.ts";

/** TCP port of the kubelet's API, which listens on every node. */
export const kubeletPort = 10250;

/** What every machine outside answers on: enough to stand for web servers and name servers. */
const externalListeners = [
  { protocol: "tcp", port: 80 },
  { protocol: "tcp", port: 443 },
  { protocol: "tcp", port: 53 },
  { protocol: "udp", port: 53 },
] as const;

export function nodeId(name: string): string {
  return `node/${name}`;
}

export function podId(pod: Pick<Pod, "namespace" | "name">): string {
  return `pod/${pod.namespace}/${pod.name}`;
}

export interface AssembleOptions {
  /** Made anew whenever they are asked for: to go through many hosts once, where keeping all would fill the memory. */
  readonly forgetsDataplanes?: boolean;
}

/** Dataplanes are made when they are first asked for; what is equal on all nodes is made once. */
export function assembleFabric(model: NetworkModel, { forgetsDataplanes = false }: AssembleOptions = {}): Fabric {
  const hosts = hostsOf(model);
  const byId = new Map(hosts.map((host) => [host.id, host]));
  const make = dataplaneMaker(model);
  const made = new Map<string, Dataplane>();
  const dataplane = (id: string): Dataplane => {
    const known = made.get(id);
    if (known !== undefined) return known;
    const host = byId.get(id);
    if (host === undefined) throw new Error(`the fabric has no host ${id}`);
    const built = host.sharesParent && host.parent !== null ? dataplane(host.parent) : make(host);
    if (built === undefined) throw new Error(`host ${id} has no dataplane`);
    if (!forgetsDataplanes) made.set(id, built);
    return built;
  };
  const segments = once(() => segmentsOf(model));
  const listeners = once(() => listenersOf(model));
  const dns = once(() => dnsZones(model));
  return {
    hosts,
    // What writing a node's files does not need is made when a judge asks for it.
    get segments() {
      return segments();
    },
    get listeners() {
      return listeners();
    },
    get dns() {
      return dns();
    },
    host: (id) => byId.get(id),
    dataplane,
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}

/** Manifests of every component in apply order; equal ranks keep the components' own order. */
export function manifestsOf(model: NetworkModel): readonly Manifest[] {
  return components.flatMap((component) => component.manifests(model)).toSorted((x, y) => x.order - y.order);
}

function hostsOf(model: NetworkModel): readonly Host[] {
  const alone = { parent: null, sharesParent: false } as const;
  return [
    ...model.routers.map((router): Host => ({ id: `router/${router.name}`, kind: "router", name: router.name, ...alone, origin: router.origin })),
    ...(model.external?.hosts ?? []).map((host): Host => ({ id: `external/${host.name}`, kind: "external", name: host.name, ...alone, origin: host.origin })),
    ...model.nodes.map((node): Host => ({ id: nodeId(node.name), kind: "node", name: node.name, ...alone, origin: node.origin })),
    ...model.pods.map(
      (pod): Host => ({ id: podId(pod), kind: "pod", name: `${pod.namespace}/${pod.name}`, parent: nodeId(pod.node), sharesParent: pod.hostNetwork, origin: pod.origin }),
    ),
  ];
}

/** Makes the dataplane of a host that does not share its parent's. */
function dataplaneMaker(model: NetworkModel): (host: Host) => Dataplane | undefined {
  const shared = new Map<Component, DataplanePart>();
  const sharedOf = (component: Component): DataplanePart => {
    let part = shared.get(component);
    if (part === undefined) {
      part = component.shared(model);
      shared.set(component, part);
    }
    return part;
  };
  const makeNode = (node: Node): Dataplane =>
    mergeParts([nodeUnderlay(model, node), ...components.flatMap((component) => [sharedOf(component), component.local(model, node)])]);
  const routers = new Map(model.routers.map((router) => [router.name, router]));
  const external = new Map((model.external?.hosts ?? []).map((host) => [host.name, host]));
  const nodes = new Map(model.nodes.map((node) => [node.name, node]));
  const pods = once(() => new Map(model.pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod])));
  const from = <T>(declared: T | undefined, make: (declared: T) => Dataplane): Dataplane | undefined => (declared === undefined ? undefined : make(declared));
  return ({ kind, name }) => {
    switch (kind) {
      case "router":
        return from(routers.get(name), (router) => routerDataplane(model, router));
      case "external":
        return from(external.get(name), (host) => externalDataplane(model, host));
      case "node":
        return from(nodes.get(name), makeNode);
      case "pod":
        return from(pods().get(name), (pod) => podDataplane(model, pod));
    }
  };
}

function segmentsOf(model: NetworkModel): readonly Segment[] {
  const subnets = model.subnets.map(
    (subnet): Segment => ({
      id: `subnet/${subnet.name}`,
      name: `subnet ${subnet.name}`,
      kind: "subnet",
      mtu: subnet.mtu,
      attachments: [
        ...model.routers.flatMap((router) => router.interfaces.filter((face) => face.subnet === subnet.name).map((face) => ({ host: `router/${router.name}`, link: face.device, addresses: face.addresses }))),
        ...model.nodes.filter((node) => node.subnet === subnet.name).map((node) => ({ host: nodeId(node.name), link: node.device, addresses: node.addresses })),
      ],
      origin: subnet.origin,
    }),
  );
  const outsideRouters = model.routers.filter((router) => router.outside !== null);
  const [firstOutside] = outsideRouters;
  const outside: readonly Segment[] =
    firstOutside === undefined
      ? []
      : [
          {
            id: "outside",
            name: "the outside",
            kind: "outside",
            mtu: 1500,
            attachments: [
              ...outsideRouters.map((router) => ({ host: `router/${router.name}`, link: outsideDevice })),
              ...(model.external?.hosts ?? []).map((host) => ({ host: `external/${host.name}`, link: externalDevice })),
            ],
            origin: firstOutside.origin,
          },
        ];
  const mtus = new Map(model.nodes.map((node) => [node.name, podMtu(model, node)]));
  const veths = model.pods
    .filter((pod) => !pod.hostNetwork)
    .map(
      (pod): Segment => ({
        id: `veth/${pod.namespace}/${pod.name}`,
        name: `veth of ${pod.namespace}/${pod.name}`,
        kind: "veth",
        mtu: mtus.get(pod.node) ?? 1500,
        attachments: [
          { host: podId(pod), link: "eth0" },
          { host: nodeId(pod.node), link: workloadInterface(pod.namespace, pod.name) },
        ],
        origin: pod.origin,
      }),
    );
  return [...subnets, ...outside, ...veths];
}

function listenersOf(model: NetworkModel): readonly Listener[] {
  return [
    ...(model.external?.hosts ?? []).flatMap((host) =>
      externalListeners.map(({ protocol, port }): Listener => ({ host: `external/${host.name}`, protocol, port, address: null, origin: host.origin })),
    ),
    ...model.nodes.map((node): Listener => ({ host: nodeId(node.name), protocol: "tcp", port: kubeletPort, address: null, origin: node.origin })),
    ...model.pods.flatMap((pod) => pod.ports.map((port): Listener => ({ host: podId(pod), protocol: port.protocol, port: port.port, address: null, origin: port.origin }))),
  ];
}
