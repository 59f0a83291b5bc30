/** From a fabric to what the laboratory boots: namespaces, wires, files, listeners. Pure. */
import { formatIp } from "@knet/language/values";
import type { Transport } from "@knet/language/values";
import type { Dataplane } from "../dataplane/types.ts";
import type { Link } from "../dataplane/links/types.ts";
import type { Fabric, Host, Segment } from "../fabric/types.ts";
import { LabError } from "./errors.ts";
import { loadedFiles } from "./files.ts";
import type { LabFile } from "./files.ts";
import { hostSettings, linkSettings, wireSettings } from "./settings.ts";
import type { LabSetting } from "./settings.ts";

/** Plain data: it is sent to the booting process as JSON. */
export interface LabPlan {
  /** `ip -batch` file that makes the namespaces. */
  readonly create: string;
  /** `ip -batch` file that makes every wire between them, in device registration order. */
  readonly wires: string;
  readonly namespaces: readonly LabNamespace[];
  /** Both ends of every wire, each as namespace and device. */
  readonly pairs: readonly (readonly [WireEnd, WireEnd])[];
  readonly listeners: readonly LabListener[];
  /** UDP ports of the VXLAN devices, ascending. */
  readonly vxlanPorts: readonly number[];
}

export type WireEnd = readonly [namespace: string, device: string];

export interface LabNamespace {
  /** `ns0`, `ns1`, … for hosts in the fabric's order; `wire0`, … for what joins them. */
  readonly name: string;
  /** Host ids that share it, its owner first; empty for a wire. */
  readonly hosts: readonly string[];
  readonly wire: boolean;
  readonly settings: readonly LabSetting[];
  /** In load order. */
  readonly files: readonly LabFile[];
}

export interface LabListener {
  readonly namespace: string;
  readonly host: string;
  readonly protocol: Transport;
  readonly port: number;
  readonly address: string | null;
}

/**
 * From so many pairs on, neighbours are set by hand: the kernel keeps some 1,024 learnt ones of a family for all
 * namespaces together, and a pair takes up to four in IPv6, addresses and link-local ones at both ends.
 */
const pairsWithLearntNeighbours = 200;
/** The kernel's own limit. */
const portsOfBridge = 1023;
/** Device indexes in wire namespaces start here: the two ends of a wire must differ, or its carrier may come up to a second late. */
const firstWireIndex = 100_000;

/** The namespace of each host id. A host-network pod is in its node's. */
export function namespacesOf(plan: Pick<LabPlan, "namespaces">): ReadonlyMap<string, string> {
  return new Map(plan.namespaces.flatMap((namespace) => namespace.hosts.map((host) => [host, namespace.name] as const)));
}

/** Throws a LabError of kind `plan` when the fabric cannot be wired. */
export function labPlan(fabric: Fabric): LabPlan {
  const rooms = hostRooms(fabric);
  const wires = new Wiring(rooms);
  for (const segment of fabric.segments) wires.attach(segment);
  wires.connect();
  const namespaces = [...rooms.values()].map((room): LabNamespace => {
    const wired = room.ends.map((end) => end.link.name);
    return {
      name: room.name,
      hosts: room.hosts,
      wire: false,
      settings: [...hostSettings, ...wired.flatMap(linkSettings)],
      files: [...loadedFiles(fabric, room.owner), ...wires.neighbours(room)],
    };
  });
  const all = [...namespaces, ...wires.namespaces()];
  const places = namespacesOf({ namespaces: all });
  return {
    create: all.map(({ name }) => `netns add ${name}\n`).join(""),
    wires: wires.text(),
    namespaces: all,
    pairs: wires.pairs(),
    listeners: fabric.listeners.map((listener) => ({
      namespace: places.get(listener.host) ?? unknownHost(listener.host, "a listener"),
      host: listener.host,
      protocol: listener.protocol,
      port: listener.port,
      address: listener.address === null ? null : formatIp(listener.address),
    })),
    vxlanPorts: [
      ...new Set(
        [...rooms.values()].flatMap(({ dataplane }) => dataplane.links.flatMap(({ kind }) => (kind.type === "vxlan" ? [kind.port] : []))),
      ),
    ].sort((x, y) => x - y),
  };
}

/** The namespace of one host, and the devices of it that are wired. */
interface Room {
  readonly name: string;
  readonly owner: Host;
  /** Ids: the owner's, then those that share its namespace. */
  readonly hosts: string[];
  readonly dataplane: Dataplane;
  /** In device registration order. */
  readonly ends: End[];
}

/** One wired device of a host. */
interface End {
  readonly room: Room;
  readonly link: Link;
  readonly index: number;
  readonly mac: string;
  segment: Segment | null;
}

function hostRooms(fabric: Fabric): ReadonlyMap<string, Room> {
  const rooms = new Map<string, Room>();
  for (const host of fabric.hosts) {
    if (host.sharesParent) continue;
    if (rooms.has(host.id)) throw new LabError("plan", `the host ${host.id} is there twice`);
    rooms.set(host.id, { name: `ns${rooms.size}`, owner: host, hosts: [host.id], dataplane: fabric.dataplane(host.id), ends: [] });
  }
  let macs = 0;
  for (const room of rooms.values()) {
    // As on a real machine: its own devices come first, those of pods follow, tunnels last (its files make them).
    // Masquerading out of a device without an address takes the first suitable one in this order.
    const links = [
      ...room.dataplane.links.filter(({ kind }) => kind.type === "physical"),
      ...room.dataplane.links.filter(({ kind }) => kind.type === "veth"),
    ];
    for (const link of links) {
      checkName(link.name, room);
      macs += 1;
      room.ends.push({ room, link, index: room.ends.length + 2, mac: link.mac ?? labMac(macs), segment: null });
    }
  }
  for (const host of fabric.hosts) {
    if (!host.sharesParent) continue;
    const parent = host.parent === null ? undefined : rooms.get(host.parent);
    if (parent === undefined) throw new LabError("plan", `${host.id} shares the namespace of ${host.parent ?? "no host"}, which has none`);
    parent.hosts.push(host.id);
  }
  return rooms;
}

/** What a batch file and a sysctl path can carry; also the kernel's limit of 15 bytes. */
function checkName(name: string, room: Room): void {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,14}$/.test(name)) {
    throw new LabError("plan", `${room.hosts[0] ?? room.name} has a device with the impossible name ${JSON.stringify(name)}`);
  }
}

/** Locally administered; the same on every run, so that captures can be compared. */
function labMac(number: number): string {
  const hex = number.toString(16).padStart(6, "0");
  return `02:6b:6e:${hex.slice(-6, -4)}:${hex.slice(-4, -2)}:${hex.slice(-2)}`;
}

function unknownHost(id: string, where: string): never {
  throw new LabError("plan", `${where} names the host ${id}, which the fabric does not have`);
}

/** A namespace with one bridge; `bridge` is null for the one that holds the far ends of devices plugged in nowhere. */
interface WireRoom {
  readonly name: string;
  readonly segment: Segment | null;
  readonly ports: { readonly name: string; readonly index: number; readonly mtu: number }[];
}

class Wiring {
  readonly #rooms: ReadonlyMap<string, Room>;
  readonly #ends: ReadonlyMap<string, End>;
  readonly #attached = new Map<Segment, End[]>();
  readonly #wires: WireRoom[] = [];
  readonly #lines: string[] = [];
  readonly #pairs: (readonly [WireEnd, WireEnd])[] = [];
  /** Of which both ends belong to hosts. */
  #direct = 0;

  constructor(rooms: ReadonlyMap<string, Room>) {
    this.#rooms = rooms;
    this.#ends = new Map([...rooms].flatMap(([host, room]) => room.ends.map((end) => [`${host} ${end.link.name}`, end] as const)));
  }

  attach(segment: Segment): void {
    const ends = segment.attachments.map(({ host, link }) => {
      if (!this.#rooms.has(host)) return unknownHost(host, `the segment ${segment.id}`);
      const end = this.#ends.get(`${host} ${link}`);
      if (end === undefined)
        throw new LabError("plan", `the segment ${segment.id} joins ${host} ${link}, which is no device that can be wired`);
      if (end.segment !== null) throw new LabError("plan", `${host} ${link} is joined by both ${end.segment.id} and ${segment.id}`);
      end.segment = segment;
      return end;
    });
    if (segment.kind === "veth" && ends.length > 2) throw new LabError("plan", `the veth pair ${segment.id} has ${ends.length} ends`);
    if (ends.length > portsOfBridge)
      throw new LabError("plan", `the segment ${segment.id} joins ${ends.length} devices; a bridge has at most ${portsOfBridge} ports`);
    this.#attached.set(segment, ends);
  }

  /** Host by host in the order of its devices, so that each is registered in that order. */
  connect(): void {
    const bridges = new Map<Segment, WireRoom>();
    const done = new Set<End>();
    let unplugged: WireRoom | null = null;
    const wire = (segment: Segment | null): WireRoom => {
      const room: WireRoom = { name: `wire${this.#wires.length}`, segment, ports: [] };
      this.#wires.push(room);
      return room;
    };
    // All devices of machines before any of pods: a pod's veth makes a device on its node too, behind the node's own.
    const ends = [...this.#rooms.values()].flatMap((room) => room.ends);
    const inOrder = [...ends.filter(({ link }) => link.kind.type === "physical"), ...ends.filter(({ link }) => link.kind.type === "veth")];
    for (const end of inOrder) {
      if (done.has(end)) continue;
      done.add(end);
      const { segment } = end;
      const [first, second] = segment === null || segment.kind !== "veth" ? [] : (this.#attached.get(segment) ?? []);
      if (first !== undefined && second !== undefined) {
        const other = first === end ? second : first;
        done.add(other);
        this.#pair(end, other);
        continue;
      }
      let room: WireRoom;
      if (segment === null || segment.kind === "veth") {
        unplugged ??= wire(null);
        room = unplugged;
      } else {
        room = bridges.get(segment) ?? wire(segment);
        bridges.set(segment, room);
      }
      const port = { name: `p${room.ports.length}`, index: firstWireIndex + room.ports.length, mtu: segment?.mtu ?? end.link.mtu };
      room.ports.push(port);
      this.#pairs.push([
        [end.room.name, end.link.name],
        [room.name, port.name],
      ]);
      this.#lines.push(`${device(end, end.index)} type veth peer name ${port.name} index ${port.index} netns ${room.name}`);
    }
  }

  #pair(end: End, other: End): void {
    this.#direct += 1;
    // Devices that the files make later take the lowest free index, so a shifted one is never in their way.
    const index = other.index === end.index ? other.index + firstWireIndex : other.index;
    this.#pairs.push([
      [end.room.name, end.link.name],
      [other.room.name, other.link.name],
    ]);
    this.#lines.push(`${device(end, end.index)} type veth peer ${device(other, index).replace("link add ", "")}`);
  }

  pairs(): LabPlan["pairs"] {
    return this.#pairs;
  }

  text(): string {
    return this.#lines.map((line) => `${line}\n`).join("");
  }

  namespaces(): readonly LabNamespace[] {
    return this.#wires.map(({ name, segment, ports }) => {
      const lines = ports.map((port) => `link set dev ${port.name} mtu ${port.mtu}${segment === null ? "" : " master br0"} up`);
      if (segment !== null) {
        // No spanning tree and no snooping: every attachment hears every other from the first packet on.
        lines.unshift("link add name br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0");
        lines.push(`link set dev br0 mtu ${segment.mtu} up`);
      }
      return {
        name,
        hosts: [],
        wire: true,
        settings: wireSettings,
        files: [{ name: `${segment?.id ?? "unplugged"} (wire)`, loader: "ip", text: lines.map((line) => `${line}\n`).join("") }],
      };
    });
  }

  /** In large laboratories only: what each end of a pair would learn about the other by ARP and NDP. */
  neighbours(room: Room): readonly LabFile[] {
    if (this.#direct < pairsWithLearntNeighbours) return [];
    const lines = room.ends.flatMap((end) => {
      const other = end.segment?.kind === "veth" ? this.#attached.get(end.segment)?.find((candidate) => candidate !== end) : undefined;
      if (other === undefined) return [];
      const addresses = other.room.dataplane.addresses.filter(({ link }) => link === other.link.name).map(({ address }) => address.ip);
      const gateways = room.dataplane.routes.flatMap(({ link, via }) => (link === end.link.name && via !== null ? [via] : []));
      const names = new Set([...addresses, ...gateways].map(formatIp));
      return [...names].map((name) => `neighbour replace ${name} lladdr ${other.mac} dev ${end.link.name} nud permanent\n`);
    });
    return lines.length === 0 ? [] : [{ name: "neighbours of the laboratory", loader: "ip", text: lines.join("") }];
  }
}

/** The fixed address is there before the device is up. */
function device(end: End, index: number): string {
  return `link add name ${end.link.name} index ${index} address ${end.mac} netns ${end.room.name}`;
}
