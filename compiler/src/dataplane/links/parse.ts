/** Devices, addresses, neighbours and FDB entries as `ip -j` and `bridge -j` print them. */
import type { Ip } from "@knet/language/values";
import { deviceName, entryReader, flag, list, record, text, unsigned } from "../dump/entries.ts";
import type { Place } from "../dump/entries.ts";
import { kernelOwner, ownerOfDevice } from "../dump/owners.ts";
import type { Address, FdbEntry, Link, LinkKind, Neighbour } from "./types.ts";

interface RawLink {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly link_type: string;
  readonly address?: string;
  readonly linkinfo?: { readonly info_kind?: string; readonly info_data?: RawVxlan };
}

/** Of `info_data`, which other kinds fill differently, what makes a VXLAN device. */
interface RawVxlan {
  readonly id?: unknown;
  readonly local?: unknown;
  readonly local6?: unknown;
  readonly link?: unknown;
  readonly port?: unknown;
  readonly learning?: unknown;
  readonly external?: unknown;
  readonly group?: unknown;
  readonly group6?: unknown;
  readonly remote?: unknown;
  readonly remote6?: unknown;
}

const readLinks = entryReader<RawLink>(
  record(
    { ifname: deviceName, flags: list(text), mtu: unsigned, link_type: text },
    { address: text, linkinfo: record({}, { info_kind: text, info_data: { type: "object" } }) },
  ),
);

/**
 * The devices of `ip -d -j link`, in the order of the dump. Kinds that knet does not know are `other`, by their kernel name.
 *
 * @throws {DumpError}
 */
export function parseLinks(source: string, file = "ip -d -j link"): readonly Link[] {
  return readLinks(file, source).map(({ value, place }) => {
    const kind = linkKind(value, place);
    const isUp = value.flags.includes("UP");
    return {
      name: value.ifname,
      kind,
      mtu: value.mtu,
      mac: linkMac(value, place),
      ...(isUp ? {} : { isDown: true }),
      owner: kind.type === "loopback" || kind.type === "physical" ? "os" : ownerOfDevice(value.ifname),
      origin: place.origin,
    };
  });
}

/** Only Ethernet devices have one: the address of a tunnel is that of its end, the loopback's is all zeros. */
function linkMac({ link_type, address }: RawLink, place: Place): string | null {
  return link_type === "ether" && address !== undefined ? place.mac("address", address) : null;
}

function linkKind(raw: RawLink, place: Place): LinkKind {
  if (raw.link_type === "loopback") return { type: "loopback" };
  const kind = raw.linkinfo?.info_kind;
  if (kind === undefined) return raw.link_type === "ether" ? { type: "physical" } : { type: "other", name: raw.link_type };
  if (kind === "veth") return { type: "veth", peerHost: "", peerLink: "" };
  return (kind === "vxlan" ? vxlanKind(raw.linkinfo?.info_data ?? {}, place) : null) ?? { type: "other", name: kind };
}

/** Null for a device that takes its ends from elsewhere: per packet, from a multicast group, from one remote end. */
function vxlanKind(data: RawVxlan, place: Place): LinkKind | null {
  const field = (name: keyof RawVxlan): string => `linkinfo/info_data/${name}`;
  const floods = data.group ?? data.group6 ?? data.remote ?? data.remote6;
  const local = data.local ?? data.local6;
  const parent = data.link;
  if (data.external === true || floods !== undefined || local === undefined || parent === undefined) return null;
  if (typeof local !== "string") throw place.error(field(data.local === undefined ? "local6" : "local"), "not an address");
  if (typeof parent !== "string") throw place.error(field("link"), "not the name of a device");
  const number = (name: "id" | "port", last: number): number => {
    const { [name]: value } = data;
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > last)
      throw place.error(field(name), `not a whole number up to ${last}`);
    return value;
  };
  return {
    type: "vxlan",
    id: number("id", 0xffffff),
    local: place.ip(field(data.local === undefined ? "local6" : "local"), local),
    parent,
    port: number("port", 0xffff),
    learning: data.learning !== false,
  };
}

interface RawAddresses {
  readonly ifname: string;
  readonly addr_info?: readonly RawAddress[];
}

interface RawAddress {
  readonly family?: string;
  readonly local?: string;
  /** The peer, when it is another than `local`. */
  readonly address?: string;
  readonly prefixlen?: number;
  readonly protocol?: string;
}

const readAddresses = entryReader<RawAddresses>(
  record(
    { ifname: deviceName },
    {
      addr_info: list(
        record({}, { family: text, local: text, address: text, prefixlen: { type: "integer", minimum: 0, maximum: 128 }, protocol: text }),
      ),
    },
  ),
);

/**
 * The addresses of `ip -j address`, in the order of the dump: also those that the kernel gives by itself, with the owner `kernel`.
 *
 * @throws {DumpError}
 */
export function parseAddresses(source: string, file = "ip -j address"): readonly Address[] {
  return readAddresses(file, source).flatMap(({ value, place }) =>
    (value.addr_info ?? []).flatMap((info, index) => {
      // A filter leaves `{}` for what it hides; families besides IP have no place here.
      if (info.family !== "inet" && info.family !== "inet6") return [];
      const field = (name: keyof RawAddress): string => `addr_info/${index}/${name}`;
      if (info.prefixlen === undefined) throw place.error(field("prefixlen"), "missing");
      if (info.local === undefined) throw place.error(field("local"), "missing");
      const family = info.family === "inet" ? 4 : 6;
      const ip = place.ipOf(family, field("local"), info.local);
      const peer = info.address === undefined ? null : place.ipOf(family, field("address"), info.address);
      const owner = isKernelAddress(value.ifname, ip) ? kernelOwner : ownerOfDevice(value.ifname);
      return [
        {
          link: value.ifname,
          address: place.prefix(field("prefixlen"), ip, info.prefixlen),
          ...(peer === null ? {} : { peer }),
          owner,
          origin: place.origin,
        },
      ];
    }),
  );
}

/** Addresses that a device has once it is up: 127.0.0.1 and ::1 of `lo`, and a link-local one of every other. */
function isKernelAddress(link: string, ip: Ip): boolean {
  if (link === "lo") return ip.family === 4 ? ip.d === 0x7f000001 : ip.a === 0 && ip.b === 0 && ip.c === 0 && ip.d === 1;
  return ip.family === 6 && ip.a >>> 22 === 0x3fa;
}

interface RawNeighbour {
  readonly dst: string;
  readonly dev: string;
  readonly lladdr?: string;
  readonly state?: readonly string[];
}

const readNeighbours = entryReader<RawNeighbour>(record({ dst: text, dev: deviceName }, { lladdr: text, state: list(text) }));

/**
 * The permanent entries of `ip -j neighbour`. All others are the kernel's own: it learns and forgets them as packets flow.
 *
 * @throws {DumpError}
 */
export function parseNeighbours(source: string, file = "ip -j neighbour"): readonly Neighbour[] {
  return readNeighbours(file, source).flatMap(({ value, place }) => {
    if (value.state?.includes("PERMANENT") !== true) return [];
    if (value.lladdr === undefined) throw place.error("lladdr", "missing");
    const mac = place.mac("lladdr", value.lladdr);
    return [{ link: value.dev, ip: place.ip("dst", value.dst), mac, owner: ownerOfDevice(value.dev), origin: place.origin }];
  });
}

interface RawFdbEntry {
  readonly mac: string;
  readonly ifname: string;
  readonly dst?: string;
  readonly state?: string;
  readonly port?: number | string;
  readonly vni?: number;
  readonly src_vni?: number;
  readonly viaIf?: string;
  readonly viaIfIndex?: number;
  readonly router?: null;
}

const readFdb = entryReader<RawFdbEntry>(
  record(
    { mac: text, ifname: deviceName },
    {
      dst: text,
      state: text,
      port: { type: ["integer", "string"] },
      vni: unsigned,
      src_vni: unsigned,
      viaIf: deviceName,
      viaIfIndex: unsigned,
      router: flag,
    },
  ),
);

/**
 * The entries of `bridge -j fdb` that send a MAC to a tunnel end for good. What has no tunnel end are the device's own
 * and multicast addresses, and ports of bridges; what is neither permanent nor static was learnt from packets.
 *
 * @throws {DumpError}
 */
export function parseFdb(source: string, file = "bridge -j fdb"): readonly FdbEntry[] {
  return readFdb(file, source).flatMap(({ value, place }) => {
    if (value.dst === undefined || (value.state !== "permanent" && value.state !== "static")) return [];
    const qualifiers: string[] = [];
    if (value.port !== undefined) qualifiers.push(`port ${value.port}`);
    if (value.vni !== undefined) qualifiers.push(`vni ${value.vni}`);
    if (value.src_vni !== undefined) qualifiers.push(`src_vni ${value.src_vni}`);
    if (value.viaIf !== undefined) qualifiers.push(`via ${value.viaIf}`);
    if (value.viaIfIndex !== undefined) qualifiers.push(`via ifindex ${value.viaIfIndex}`);
    if (value.router !== undefined) qualifiers.push("router");
    return [
      {
        link: value.ifname,
        mac: place.mac("mac", value.mac),
        destination: place.ip("dst", value.dst),
        ...(qualifiers.length === 0 ? {} : { qualifiers }),
        owner: ownerOfDevice(value.ifname),
        origin: place.origin,
      },
    ];
  });
}
