/** Endpoints in classes that no rule can tell apart: pods, machines, external addresses. */
import { contains, formatIp } from "@knet/language/values";
import type { Family, Ip } from "@knet/language/values";
import type { Firewall, NetworkModel, Node, Pod } from "../model/types.ts";
import { insideRanges } from "../model/ranges.ts";
import { nobody, PolicyRules } from "./rules.ts";
import type { Subject } from "./rules.ts";

/** One that sends and receives. */
export interface Member {
  /** Host id. */
  readonly host: string;
  /** The host whose network namespace answers: a host-network pod's is its node. */
  readonly server: string;
  readonly name: string;
  readonly addresses: readonly Ip[];
  /** Null outside the cluster. */
  readonly node: string | null;
  /** Null when policies do not apply to it. */
  readonly pod: Pod | null;
}

export interface EndpointClass {
  readonly id: number;
  /** `node`: machines, and pods that share their network. */
  readonly kind: "pod" | "node" | "external";
  /** In name order, never empty. */
  readonly members: readonly Member[];
  readonly byNode: ReadonlyMap<string, readonly Member[]>;
  /** Names of nodes by subnet. */
  readonly bySubnet: ReadonlyMap<string, readonly string[]>;
  readonly families: readonly Family[];
  readonly subject: Subject;
  /** Whose named ports stand for all; null when there is none. */
  readonly pod: Pod | null;
  /** The peers of rules that it is, in each family; null: it depends on the way it comes. */
  readonly peers: ReadonlyMap<Family, ReadonlySet<number>> | null;
  readonly place: string;
  /** That stand before a machine. */
  readonly firewalls: readonly Firewall[];
}

/** How two members stand to each other. */
export type Relation = "node" | "subnet" | "routed" | "outside";

export interface EndpointClasses {
  readonly pods: readonly EndpointClass[];
  readonly nodes: readonly EndpointClass[];
  /** Each of one family. */
  readonly externals: readonly EndpointClass[];
  readonly rules: PolicyRules;
  /** By host id; external machines by host id and family. */
  classOf(host: string, family?: Family): EndpointClass | undefined;
  /** The class of an external address that is nobody's machine. */
  externalAt(ip: Ip): EndpointClass | undefined;
}

export function endpointClasses(model: NetworkModel): EndpointClasses {
  const rules = new PolicyRules(model);
  const places = new Places(model, rules);
  const builder = new Builder(model);
  const backing = new Backing(model);
  for (const node of model.nodes) {
    const host = `node/${node.name}`;
    const member = { host, server: host, name: node.name, addresses: node.addresses, node: node.name, pod: null };
    builder.add(`node ${places.of(node.name)}`, member, () => machine(node.addresses, places.of(node.name), places.firewalls(node.name)));
  }
  for (const pod of model.pods) {
    const name = `${pod.namespace}/${pod.name}`;
    const place = places.of(pod.node);
    const base = { host: `pod/${name}`, name, addresses: pod.addresses, node: pod.node };
    if (pod.hostNetwork) {
      const member = { ...base, server: `node/${pod.node}`, pod: null };
      builder.add(`host-network ${place}`, member, () => machine(pod.addresses, place, places.firewalls(pod.node)));
      continue;
    }
    const subject = rules.subject(pod);
    const labelled = rules.peersByLabels(pod);
    const peers = new Map(pod.addresses.map((ip) => [ip.family, new Set([...labelled, ...rules.peersByAddress(ip)])]));
    const pools = pod.addresses.map((ip) => model.cluster.cni.pools.findIndex((pool) => contains(pool.cidr, ip))).join();
    const key = [
      place,
      subject.isolation.ingress.join(),
      subject.isolation.egress.join(),
      ...[...peers].map(([family, set]) => `${family}:${[...set].join()}`),
      rules.namedPorts(pod),
      pools,
      backing.of(pod),
    ];
    builder.add(`pod ${key.join(" ")}`, { ...base, server: base.host, pod }, () => ({
      kind: "pod",
      families: familiesOf(pod.addresses),
      subject,
      pod,
      peers,
      place: `${place} ${pools}`,
      firewalls: [],
    }));
  }
  const outsideKey = (ip: Ip): string => `external ${ip.family} ${rules.peersByAddress(ip).join()} ${places.admission(ip)}`;
  for (const host of model.external?.hosts ?? []) {
    for (const ip of host.addresses) {
      const id = `external/${host.name}`;
      builder.add(outsideKey(ip), { host: id, server: id, name: host.name, addresses: [ip], node: null, pod: null }, () => ({
        kind: "external",
        families: [ip.family],
        subject: nobody,
        pod: null,
        peers: new Map([[ip.family, new Set(rules.peersByAddress(ip))]]),
        place: outsideKey(ip),
        firewalls: [],
      }));
    }
  }
  const classes = builder.classes();
  const byHost = new Map(
    classes.flatMap((entry) =>
      entry.members.map((member) => [entry.kind === "external" ? `${member.host} ${entry.families.join()}` : member.host, entry]),
    ),
  );
  const byKey = new Map(classes.filter((entry) => entry.kind === "external").map((entry) => [entry.place, entry]));
  return {
    pods: classes.filter((entry) => entry.kind === "pod"),
    nodes: classes.filter((entry) => entry.kind === "node"),
    externals: classes.filter((entry) => entry.kind === "external"),
    rules,
    classOf: (host, family) => byHost.get(host) ?? byHost.get(`${host} ${family ?? ""}`),
    externalAt: (ip) => byKey.get(outsideKey(ip)),
  };
}

type Traits = Pick<EndpointClass, "kind" | "families" | "subject" | "pod" | "peers" | "place" | "firewalls">;

function machine(addresses: readonly Ip[], place: string, firewalls: readonly Firewall[]): Traits {
  return { kind: "node", families: familiesOf(addresses), subject: nobody, pod: null, peers: null, place, firewalls };
}

function familiesOf(addresses: readonly Ip[]): readonly Family[] {
  return ([4, 6] as const).filter((family) => addresses.some((ip) => ip.family === family));
}

class Builder {
  readonly #subnets: ReadonlyMap<string, string>;
  readonly #drafts = new Map<string, { readonly traits: Traits; readonly members: Member[] }>();

  constructor(model: NetworkModel) {
    this.#subnets = new Map(model.nodes.map((node) => [node.name, node.subnet]));
  }

  add(key: string, member: Member, traits: () => Traits): void {
    const draft = this.#drafts.get(key);
    if (draft === undefined) this.#drafts.set(key, { traits: traits(), members: [member] });
    else draft.members.push(member);
  }

  classes(): readonly EndpointClass[] {
    return [...this.#drafts.values()].map(({ traits, members }, id) => {
      const byNode = new Map<string, Member[]>();
      const bySubnet = new Map<string, string[]>();
      for (const member of members) {
        if (member.node === null) continue;
        const there = byNode.get(member.node);
        if (there !== undefined) {
          there.push(member);
          continue;
        }
        byNode.set(member.node, [member]);
        const subnet = this.#subnets.get(member.node) ?? "";
        const names = bySubnet.get(subnet);
        if (names === undefined) bySubnet.set(subnet, [member.node]);
        else names.push(member.node);
      }
      return { id, ...traits, members, byNode, bySubnet };
    });
  }
}

/** What a node's place in the network can mean to a packet from or to it. */
class Places {
  readonly #model: NetworkModel;
  readonly #rules: PolicyRules;
  readonly #nodes: ReadonlyMap<string, Node>;
  readonly #keys = new Map<string, string>();
  readonly #inside: readonly ReturnType<typeof insideRanges>[number]["cidr"][];

  constructor(model: NetworkModel, rules: PolicyRules) {
    this.#model = model;
    this.#rules = rules;
    this.#nodes = new Map(model.nodes.map((node) => [node.name, node]));
    this.#inside = insideRanges(model).map(({ cidr }) => cidr);
  }

  of(name: string): string {
    let key = this.#keys.get(name);
    if (key === undefined) {
      key = this.#describe(name);
      this.#keys.set(name, key);
    }
    return key;
  }

  firewalls(name: string): readonly Firewall[] {
    return this.#model.firewalls.filter((firewall) => firewall.nodes.includes(name));
  }

  /** The firewall rules that admit an address. */
  admission(ip: Ip): string {
    const inside = this.#inside.some((cidr) => contains(cidr, ip));
    return this.#model.firewalls
      .map((firewall) =>
        firewall.rules
          .flatMap((rule, index) => {
            const admits =
              rule.peers.length === 0 ||
              rule.peers.some((peer) => (peer.kind === "cidr" ? contains(peer.cidr, ip) : peer.kind === "any" || !inside));
            return admits ? [index] : [];
          })
          .join(),
      )
      .join(";");
  }

  #describe(name: string): string {
    const node = this.#nodes.get(name);
    const own = node?.addresses ?? [];
    const tunnels = this.#model.ipam.nodes.find((entry) => entry.node === name)?.tunnels ?? [];
    const seen = [
      ...own.map((ip) => ({ ip, by: "wire" })),
      ...tunnels.map(({ address, encapsulation }) => ({ ip: address, by: encapsulation })),
    ];
    return [
      this.#subnet(node?.subnet ?? ""),
      this.firewalls(name)
        .map((firewall) => firewall.name)
        .join(),
      ...seen.map(({ ip, by }) => `${by} ${ip.family} ${this.#rules.peersByAddress(ip).join()} ${this.admission(ip)}`),
    ].join("/");
  }

  /** Subnets of the same routers reach the same; a subnet without any is alone. */
  #subnet(name: string): string {
    const routers = this.#model.routers.filter((router) => router.interfaces.some((face) => face.subnet === name));
    const faces = routers.map((router) => {
      const families = router.interfaces.filter((face) => face.subnet === name).flatMap((face) => face.addresses.map((ip) => ip.family));
      return `${router.name}:${families.join("+")}`;
    });
    return faces.length === 0 ? `alone ${name}` : faces.join();
  }
}

/** Which node ports lead to a pod, and to which of its ports. */
class Backing {
  readonly #services: NetworkModel["services"];

  constructor(model: NetworkModel) {
    this.#services = model.services.filter((service) => service.selector !== null && service.ports.some((port) => port.nodePort !== null));
  }

  of(pod: Pod): string {
    return this.#services
      .flatMap((service, index) => {
        const selected =
          service.namespace === pod.namespace && Object.entries(service.selector ?? {}).every(([key, value]) => pod.labels[key] === value);
        if (!selected) return [];
        const targets = service.ports.map(({ targetPort, protocol }) =>
          typeof targetPort === "number"
            ? targetPort
            : (pod.ports.find((port) => port.name === targetPort && port.protocol === protocol)?.port ?? ""),
        );
        return [`${index}:${targets.join("+")}:${pod.ready && !pod.terminating ? "ready" : "not ready"}`];
      })
      .join();
  }
}

export function addressIn(member: Member, family: Family): Ip {
  const address = member.addresses.find((ip) => ip.family === family);
  if (address === undefined) throw new Error(`${member.name} (${member.addresses.map(formatIp).join(", ")}) has no IPv${family} address`);
  return address;
}
