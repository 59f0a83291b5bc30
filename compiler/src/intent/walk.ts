/** One request through the cluster, node by node, as Kubernetes and Calico specify it. */
import { equalIp, formatIp, isSpecial } from "@knet/language/values";
import type { Ip, Transport } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { ExternalHost, Node, Pod, Router } from "../model/types.ts";
import { includesIp, isLoopback } from "./addresses.ts";
import { beyond, fromOwnNode, intoPod, ontoNode, toItself } from "./admission.ts";
import { blocked, denied, origins, refusedBy, start, withoutAnswer } from "./outcomes.ts";
import type { Trail } from "./outcomes.ts";
import type { Redirect } from "./services.ts";
import { preferredSource } from "./source-address.ts";
import type { Admission, IntentOutcome } from "./types.ts";
import { offers } from "./world.ts";
import type { World } from "./world.ts";

/** What every machine outside answers on. */
const externalPorts: Readonly<Record<Transport, readonly number[]>> = { tcp: [53, 80, 443], udp: [53], sctp: [] };

/** A request that NAT sends around in a circle is given up after so many nodes. */
const longestWay = 8;

/** Source, destination and port as they are at some place on the way. */
interface Packet {
  readonly src: Ip;
  readonly dst: Ip;
  readonly port: number;
}

/** How a packet came to a node: from a process of its own, from one of its pods, by the wire, or out of a tunnel. */
type Entry =
  { readonly kind: "own" } | { readonly kind: "pod"; readonly pod: Pod } | { readonly kind: "wire" } | { readonly kind: "tunnel" };

/** A packet at a node after the node's services were looked at. */
interface Redirected {
  readonly arrived: Packet;
  readonly packet: Packet;
  readonly masquerade: boolean;
}

type Backends = Extract<Redirect, { readonly kind: "backends" }>;
type Refusal = Extract<Redirect, { readonly kind: "rejected" | "dropped" }>;

export class Walk {
  readonly #world: World;
  readonly #protocol: Transport;
  /** Why the outcome is open. */
  readonly doubts = new Set<string>();
  /** False where it also depends on what the walk does not know; else the outcomes are those of Calico and kube-proxy. */
  isExact = true;

  constructor(world: World, protocol: Transport) {
    this.#world = world;
    this.#protocol = protocol;
  }

  // Senders -----------------------------------------------------------------------------------------

  fromPod(pod: Pod, dst: Ip, port: number): readonly IntentOutcome[] {
    const name = `pod ${pod.namespace}/${pod.name}`;
    if (isLoopback(dst) || includesIp(pod.addresses, dst)) return [this.#atPod(pod, port, dst, start, toItself(pod))];
    if (isSpecial(dst)) return [this.#special(dst)];
    const src = pod.addresses.find((ip) => ip.family === dst.family);
    if (src === undefined) return [blocked("unreachable", `${name} has no IPv${dst.family} address`, [pod.origin])];
    if (!this.#world.servesPods(pod.node, dst.family)) return [blocked("unreachable", noGateway(pod.node), [pod.origin])];
    return this.#atNode(pod.node, { src, dst, port }, { kind: "pod", pod }, start);
  }

  fromNode(node: Node, dst: Ip, port: number): readonly IntentOutcome[] {
    const { book, services } = this.#world;
    if (isLoopback(dst)) {
      if (dst.family === 4 && services.isNodePort(4, this.#protocol, port))
        this.#giveUp("whether node ports are served on 127.0.0.1 is a setting of kube-proxy");
    } else if (isSpecial(dst)) {
      return [this.#special(dst)];
    }
    const place = book.at(dst);
    if (place.kind === "vacant" && place.broadcast && place.subnet === node.subnet) {
      return [blocked("unreachable", `${formatIp(dst)} is the broadcast address of subnet ${node.subnet}`, [node.origin])];
    }
    if (book.isLocal(node.name, dst)) return this.#atNode(node.name, { src: dst, dst, port }, { kind: "own" }, start);
    const src = this.#sourceTowards(node, dst);
    if (src === null) return [blocked("unreachable", `${node.name} has no route to ${formatIp(dst)}`, [node.origin])];
    return this.#atNode(node.name, { src, dst, port }, { kind: "own" }, start);
  }

  /** The address that a process of the node sends with; null without a route. Services are translated after this choice. */
  #sourceTowards(node: Node, dst: Ip): Ip | null {
    const { book, underlay, crossings } = this.#world;
    const own = book.nodeAddress(node.name, dst.family);
    if (own === undefined) return null;
    const place = book.at(dst);
    const home = place.kind === "pod" ? place.pod.node : place.kind === "node" && place.tunnel ? place.node.name : null;
    if (home !== null) {
      if (home === node.name) return this.#unbound(node.name, dst) ?? own;
      const crossing = crossings.between(node.name, home, dst);
      return (crossing.kind === "tunnel" ? book.tunnel(node.name, crossing.encapsulation, dst.family) : undefined) ?? own;
    }
    const subnet = place.kind === "node" ? place.node.subnet : place.kind === "vacant" ? place.subnet : null;
    const neighbour = place.kind === "router" && underlay.reachesRouter(node.subnet, place.router, dst.family);
    const routed =
      neighbour ||
      subnet === node.subnet ||
      (place.kind === "vacant" && place.block !== null) ||
      underlay.hasGateway(node.subnet, dst.family);
    return routed ? own : null;
  }

  fromExternal(host: ExternalHost, dst: Ip, port: number): readonly IntentOutcome[] {
    const { book, underlay } = this.#world;
    if (isLoopback(dst) || includesIp(host.addresses, dst)) return [this.#atExternal(host, port, start, { outside: dst })];
    if (isSpecial(dst)) return [this.#special(dst)];
    const src = host.addresses.find((ip) => ip.family === dst.family);
    if (src === undefined) return [blocked("unreachable", `${host.name} has no IPv${dst.family} address`, [host.origin])];
    const place = book.at(dst);
    if (place.kind === "external") return [this.#atExternal(place.host, port, start, { outside: src })];
    if (place.kind === "router") {
      const { name, origin } = place.router;
      return [refusedBy(`router/${name}`, name, this.#protocol, port, [src], [origin], beyond(name, origin, null))];
    }
    if (place.kind === "node" && !place.tunnel) {
      this.#doubtSeveralExits(dst);
      if (underlay.exits(place.node.subnet, dst.family).length === 0) {
        return [blocked("unreachable", `no router leads from outside to subnet ${place.node.subnet}`, [place.node.origin])];
      }
      return this.#atNode(place.node.name, { src, dst, port }, { kind: "wire" }, start);
    }
    if (place.kind === "vacant" && place.broadcast && place.subnet !== null && underlay.exits(place.subnet, dst.family).length > 0) {
      this.#doubtSeveralExits(dst);
      return [blocked("dropped", broadcast(dst, place.subnet), [])];
    }
    return [blocked("unreachable", `nothing outside the cluster has a route to ${formatIp(dst)}`, [])];
  }

  #giveUp(why: string): void {
    this.doubts.add(why);
    this.isExact = false;
  }

  #special(dst: Ip): IntentOutcome {
    this.#giveUp(`${formatIp(dst)} is link-local, multicast or otherwise special`);
    return blocked("dropped", `${formatIp(dst)} is no host on a wire`, []);
  }

  #doubtSeveralExits({ family }: Ip): void {
    if (this.#world.underlay.natRouters(family).length > 1)
      this.#giveUp("several routers lead outside, and which one the outside uses is open");
  }

  // A node ------------------------------------------------------------------------------------------

  #atNode(node: string, packet: Packet, entry: Entry, before: Trail): readonly IntentOutcome[] {
    const { book, firewalls, services } = this.#world;
    if (before.passages.length >= longestWay) {
      this.#giveUp("services translate the request in a circle");
      return [blocked("dropped", `the request passes more than ${longestWay} nodes`, before.causes)];
    }
    const isAsked = entry.kind === "wire" && book.isLocal(node, packet.dst);
    const firewall = isAsked ? firewalls.admitting(node, packet.src, { protocol: this.#protocol, port: packet.port }) : null;
    const trail = { ...before, firewall };
    if (isAsked && firewall === null && firewalls.of(node).length > 0) {
      const origins = firewalls.of(node).map((firewall) => firewall.origin);
      const reason = `the firewall of ${node} does not admit ${formatIp(packet.src)} on ${packet.port}/${this.#protocol}`;
      return [blocked("dropped", reason, [...origins, ...trail.causes])];
    }
    // Without connection tracking there is no translation.
    const plain: Redirected = { arrived: packet, packet, masquerade: false };
    if (this.#isUntracked(packet.port)) return this.#route(node, plain, entry, trail);
    const redirect = services.redirect(node, packet.src, packet.dst, this.#protocol, packet.port, entry.kind === "own");
    if (redirect.kind === "none") return this.#route(node, plain, entry, trail);
    if (redirect.kind === "backends") return this.#spread(node, packet, entry, trail, redirect);
    return this.#turnedAway(node, plain, entry, trail, redirect);
  }

  /** Where pods are wrapped in VXLAN, Calico exempts its port from connection tracking, whoever uses it. */
  #isUntracked(port: number): boolean {
    const { usesVxlan, model } = this.#world;
    return usesVxlan && this.#protocol === "udp" && port === model.cluster.cni.vxlanPort;
  }

  /** To every backend that the service may choose. */
  #spread(node: string, packet: Packet, entry: Entry, trail: Trail, redirect: Backends): readonly IntentOutcome[] {
    const { service, external } = redirect;
    const name = `service ${service.namespace}/${service.name}`;
    const through = trail.through === "" ? ` through ${name}` : `${trail.through} and ${name}`;
    return redirect.endpoints.flatMap((endpoint) => {
      const masquerade = redirect.masquerade || equalIp(endpoint.ip, packet.src);
      const readings = external ? this.#readings(node, packet, masquerade, trail) : trail.readings;
      const next = { ...trail, through, readings, causes: [service.origin, ...trail.causes] };
      const towards: Packet = { src: packet.src, dst: endpoint.ip, port: endpoint.port };
      return this.#route(node, { arrived: packet, packet: towards, masquerade }, entry, next);
    });
  }

  /** The client's address, that under which the packet arrives, and what masquerading could put in its place. */
  #readings(node: string, packet: Packet, masquerade: boolean, trail: Trail): readonly Ip[] {
    const { book } = this.#world;
    const { family } = packet.src;
    const client = trail.passages[0]?.source ?? packet.src;
    if (!masquerade && equalIp(client, packet.src)) return trail.readings;
    const hidden = masquerade
      ? [book.nodeAddress(node, family), book.tunnel(node, "vxlan", family), book.tunnel(node, "ipip", family)]
      : [];
    return [...trail.readings, client, packet.src, ...hidden.filter((ip) => ip !== undefined)];
  }

  /** kube-proxy refuses or drops what it has no endpoint for, in the filter table, behind the choice of a route. */
  #turnedAway(node: string, plain: Redirected, entry: Entry, trail: Trail, refusal: Refusal): readonly IntentOutcome[] {
    const { kind, reason } = refusal;
    const service = refusal.service.origin;
    const { book, underlay, policies } = this.#world;
    const { dst, port } = plain.packet;
    const local = book.isLocal(node, dst);
    const subnet = book.node(node)?.subnet ?? "";
    if (!local && book.at(dst).kind === "vacant" && !underlay.hasGateway(subnet, dst.family)) {
      return [blocked("unreachable", `${node} has no route to ${formatIp(dst)}`, [service, ...trail.causes])];
    }
    if (entry.kind === "pod") {
      const verdict = policies.egress(entry.pod, dst, this.#protocol, port);
      const order =
        "a service without endpoints and the policies of the sending pod are judged in the order in which kube-proxy and Calico put their rules";
      if (!verdict.allowed) {
        if (kind === "rejected") this.doubts.add(order);
        const end = denied(verdict, dst, this.#protocol, port, trail);
        return [{ ...end, reason: `${reason}, and ${end.reason}`, causes: [service, ...end.causes] }];
      }
      // Calico lets pods in to their node before kube-proxy's rules for external addresses are asked.
      if (local) {
        this.doubts.add(order);
        return this.#route(node, plain, entry, trail);
      }
    }
    const lost =
      kind === "rejected" ? this.#world.replies.fromNode([...trail.passages, { node, source: plain.packet.src, translated: false }]) : null;
    if (lost !== null)
      return [blocked("dropped", `${reason}, but the refusal is lost: ${lost.reason}`, [...lost.causes, service, ...trail.causes])];
    return [blocked(kind, reason, [service, ...trail.causes])];
  }

  /** To the node itself, to one of its pods, or away. */
  #route(node: string, redirected: Redirected, entry: Entry, before: Trail): readonly IntentOutcome[] {
    const { book, policies, model } = this.#world;
    const { arrived, packet } = redirected;
    const { dst, port } = packet;
    const place = book.at(dst);
    const tunnelled = this.#protocol === "udp" && port === model.cluster.cni.vxlanPort;
    let trail = before;
    if (entry.kind === "pod") {
      if (tunnelled)
        return [blocked("dropped", `Calico drops VXLAN (${port}/udp) that a pod sends`, [model.cluster.cni.origin, ...trail.causes])];
      const verdict = policies.egress(entry.pod, dst, this.#protocol, port);
      if (!verdict.allowed) {
        if (place.kind === "pod" && place.pod === entry.pod) this.doubts.add(hairpinDoubt);
        return [denied(verdict, dst, this.#protocol, port, trail)];
      }
      trail = { ...trail, egress: verdict, causes: [...origins(verdict), ...trail.causes] };
    }
    const way = trail;
    const passed = (src: Ip): Trail => {
      const translated = !equalIp(src, arrived.src) || !equalIp(dst, arrived.dst) || port !== arrived.port;
      return { ...way, passages: [...way.passages, { node, source: arrived.src, translated }] };
    };
    const here = redirected.masquerade ? (this.#unbound(node, dst) ?? arrived.src) : arrived.src;
    if (book.isLocal(node, dst)) {
      // What comes in for the node itself is not masqueraded: that is done where packets leave, also those to the loopback device.
      return [this.#atHost(node, port, entry.kind === "own" ? here : arrived.src, passed(arrived.src))];
    }
    if (place.kind === "pod" && place.pod.node === node) return [this.#intoPod(place.pod, packet, here, entry, passed(arrived.src))];
    return this.#leave(node, redirected, trail, passed);
  }

  // Away from a node --------------------------------------------------------------------------------

  #leave(node: string, { packet, masquerade }: Redirected, trail: Trail, passed: (src: Ip) => Trail): readonly IntentOutcome[] {
    const { book, underlay, crossings } = this.#world;
    const { src, dst } = packet;
    const { causes } = trail;
    const own = book.nodeAddress(node, dst.family);
    const subnet = book.node(node)?.subnet ?? "";
    if (own === undefined) return [blocked("unreachable", `${node} has no IPv${dst.family} address`, causes)];
    const place = book.at(dst);
    if (place.kind === "vacant") {
      const led = place.subnet === null ? underlay.exits(subnet, dst.family).length > 0 : underlay.joined(subnet, place.subnet, dst.family);
      if (place.broadcast && led) return [blocked("dropped", broadcast(dst, place.subnet), causes)];
      if (place.block !== null) return [blocked("dropped", `no pod has ${formatIp(dst)}, in a block of ${place.block}`, causes)];
      return [blocked("unreachable", `nobody has ${formatIp(dst)}`, causes)];
    }
    if (place.kind === "pod" || place.kind === "node") {
      const home = place.kind === "pod" ? place.pod.node : place.node.name;
      const crossing = crossings.between(node, home, dst);
      if (crossing.kind === "failed") return [blocked(crossing.outcome, crossing.reason, [...crossing.causes, ...causes])];
      const overIpip = [src, dst].some((ip) => book.pool(ip)?.encapsulation.startsWith("ipip") === true);
      if (overIpip) this.#giveUp("IPIP is not judged exactly");
      const outgoing = crossing.kind === "tunnel" ? (book.tunnel(node, crossing.encapsulation, dst.family) ?? own) : own;
      const seen = masquerade || this.#hides(node, src, dst, outgoing, crossing.kind) ? outgoing : src;
      return this.#atNode(home, { ...packet, src: seen }, { kind: crossing.kind }, passed(seen));
    }
    const seen = masquerade || this.#hides(node, src, dst, own, "wire") ? own : src;
    if (place.kind === "external") {
      this.#doubtSeveralExits(dst);
      const exits = underlay.exits(subnet, dst.family);
      if (exits.length === 0) return [blocked("unreachable", `no router leads from ${node} to the outside`, causes)];
      return [this.#atExternal(place.host, packet.port, passed(seen), { inside: seen, exits })];
    }
    const { router } = place;
    const reached = underlay.reachesRouter(subnet, router, dst.family);
    if (!reached) return [blocked("unreachable", `${node} has no way to router ${router.name}`, causes)];
    const admission = beyond(router.name, router.origin, trail.egress);
    const refused = refusedBy(
      `router/${router.name}`,
      router.name,
      this.#protocol,
      packet.port,
      [seen],
      [router.origin, ...causes],
      admission,
    );
    const lost = this.#world.replies.fromBeyond(seen, passed(seen).passages);
    return [lost === null ? refused : withoutAnswer(refused, lost)];
  }

  /** Pools with NAT hide their pods from everything outside all pools; a tunnel hides its node's other addresses. */
  #hides(node: string, src: Ip, dst: Ip, outgoing: Ip, by: "wire" | "tunnel"): boolean {
    const { book } = this.#world;
    if (book.pool(src)?.natOutgoing === true && book.pool(dst) === undefined) return true;
    return by === "tunnel" && book.isLocal(node, src) && !equalIp(src, outgoing);
  }

  /** The address that the node puts on a packet to itself or to one of its pods, whose devices have none of their own. */
  #unbound(node: string, dst: Ip): Ip | undefined {
    const { book } = this.#world;
    const { family } = dst;
    const own = [book.nodeAddress(node, family), book.tunnel(node, "vxlan", family), book.tunnel(node, "ipip", family)];
    return preferredSource(
      own.filter((ip) => ip !== undefined),
      dst,
    );
  }

  // Arrival -----------------------------------------------------------------------------------------

  /** `packet` is as policy sees it, `seen` the source that the pod sees. */
  #intoPod(pod: Pod, packet: Packet, seen: Ip, entry: Entry, trail: Trail): IntentOutcome {
    if (entry.kind === "own") return this.#atPod(pod, packet.port, seen, trail, fromOwnNode(pod));
    const { policies } = this.#world;
    const verdict = policies.ingress(pod, packet.src, this.#protocol, packet.port);
    if (trail.readings.some((ip) => policies.ingress(pod, ip, this.#protocol, packet.port).allowed !== verdict.allowed)) {
      this.doubts.add("policy may see the client, or the node that a node port was asked on, as the source, and judges them differently");
    }
    if (!verdict.allowed) {
      if (entry.kind === "pod" && entry.pod === pod) this.doubts.add(hairpinDoubt);
      return denied(verdict, packet.src, this.#protocol, packet.port, trail);
    }
    return this.#atPod(
      pod,
      packet.port,
      seen,
      { ...trail, causes: [...origins(verdict), ...trail.causes] },
      intoPod(verdict, trail.egress),
    );
  }

  #atPod(pod: Pod, port: number, seen: Ip, trail: Trail, admission: Admission): IntentOutcome {
    const isListening = offers(pod.ports, this.#protocol, port);
    const outcome = this.#answered(serverOf(pod), isListening, port, seen, trail, admission);
    if (trail.passages.length > 0 && this.#isUntracked(port)) {
      if (!isListening) return withoutAnswer(outcome, { reason: errorWithoutConnection, causes: [this.#world.model.cluster.cni.origin] });
      this.#giveUp("the port of VXLAN is exempt from connection tracking, so that policy judges the answer as a request of its own");
    }
    const asked = trail.passages.at(-1);
    if (asked === undefined || this.#world.servesPods(pod.node, asked.source.family)) return outcome;
    return withoutAnswer(outcome, { reason: noGateway(pod.node), causes: [] });
  }

  #atHost(node: string, port: number, seen: Ip, trail: Trail): IntentOutcome {
    const { book, model } = this.#world;
    const host = book.node(node);
    if (host === undefined) throw new Error(`the model has no node ${node}`);
    if (this.#isUntracked(port)) {
      return blocked("dropped", `${port}/udp of ${node} belongs to its VXLAN device, which answers nothing`, [model.cluster.cni.origin, ...trail.causes]);
    }
    const listener = this.#world.nodeListener(host, this.#protocol, port);
    const pod = listener !== null && "hostNetwork" in listener ? listener : null;
    const admission = ontoNode(host, pod, trail.firewall, trail.egress);
    return this.#answered(serverOf(listener ?? host), listener !== null, port, seen, trail, admission);
  }

  #answered(server: Server, isListening: boolean, port: number, seen: Ip, trail: Trail, admission: Admission): IntentOutcome {
    const { id, name, origin } = server;
    const reached = `${name} is reached${trail.through}`;
    const causes = [origin, ...trail.causes];
    const outcome: IntentOutcome = isListening
      ? {
          kind: "delivered",
          server: id,
          port,
          sources: [seen],
          reason: `${reached} and answers on ${port}/${this.#protocol}`,
          causes,
          admission,
        }
      : {
          ...refusedBy(id, name, this.#protocol, port, [seen], causes, admission),
          reason: `${reached}, and nobody listens on ${port}/${this.#protocol}`,
        };
    const lost = this.#world.replies.fromNode(trail.passages);
    return lost === null ? outcome : withoutAnswer(outcome, lost);
  }

  #atExternal(host: ExternalHost, port: number, trail: Trail, client: Client): IntentOutcome {
    const family = "outside" in client ? client.outside.family : client.inside.family;
    const sources =
      "outside" in client
        ? [client.outside]
        : client.exits.flatMap(({ outside }) => outside?.addresses.filter((ip) => ip.family === family) ?? []);
    const listens = externalPorts[this.#protocol].includes(port);
    const causes = [host.origin, ...trail.causes];
    const admission = beyond(host.name, host.origin, trail.egress);
    const outcome: IntentOutcome = listens
      ? {
          kind: "delivered",
          server: `external/${host.name}`,
          port,
          sources,
          reason: `${host.name} is reached${trail.through} and answers on ${port}/${this.#protocol}`,
          causes,
          admission,
        }
      : refusedBy(`external/${host.name}`, host.name, this.#protocol, port, sources, causes, admission);
    const lost = "outside" in client ? null : this.#world.replies.fromBeyond(client.inside, trail.passages);
    return lost === null ? outcome : withoutAnswer(outcome, lost);
  }
}

/** Who asks a machine outside: one out there too, or one behind the routers, whose NAT puts an address of its own in place of `inside`. */
type Client = { readonly outside: Ip } | { readonly inside: Ip; readonly exits: readonly Router[] };

/** What a request reaches: its host id, its name and where it is declared. */
interface Server {
  readonly id: string;
  readonly name: string;
  readonly origin: Origin;
}

function serverOf(host: Pod | Node): Server {
  const { origin } = host;
  if (!("hostNetwork" in host)) return { id: `node/${host.name}`, name: host.name, origin };
  return { id: `pod/${host.namespace}/${host.name}`, name: `pod ${host.namespace}/${host.name}`, origin };
}

/** RFC 2644: routers, and nodes between their pods and the wire, do not forward to all of a subnet. */
function broadcast(ip: Ip, subnet: string | null): string {
  return `${formatIp(ip)} is the broadcast address of ${subnet === null ? "the wire outside" : `subnet ${subnet}`}, to which nothing is forwarded`;
}

const errorWithoutConnection =
  "an ICMP error about a packet that no connection was kept of belongs to none, and Calico drops what belongs to none";

const hairpinDoubt = "Kubernetes leaves open what policy sees when a pod reaches itself through a service";

function noGateway(node: string): string {
  return `${node} has no default route and so does not answer its pods for their gateway 169.254.1.1`;
}
