/** Devices, addresses, neighbours and FDB entries as `ip -batch` and `bridge -batch` read them. */
import { formatCidr, formatIp } from "@knet/language/values";
import { lineOnce } from "../printed.ts";
import type { PrintedLine } from "../printed.ts";
import type { Address, FdbEntry, Link, Neighbour } from "./types.ts";

/**
 * One `link add` or `link set` per device. Devices that exist before any artifact is applied (loopback,
 * physical ones, both ends of a pod's veth, those that knet does not make) are configured; tunnels are created.
 */
export function printLinks(links: readonly Link[]): readonly PrintedLine[] {
  return links.flatMap((link): PrintedLine[] => {
    const state = link.isDown === true ? "down" : "up";
    const line = (text: string): PrintedLine => ({ text, item: link, origin: link.origin });
    const mac = link.mac === null ? "" : ` address ${link.mac}`;
    switch (link.kind.type) {
      case "loopback":
        return [line(`link set dev ${link.name} ${state}`)];
      case "physical":
      case "veth":
      case "other":
        return [line(`link set dev ${link.name}${mac} mtu ${link.mtu} ${state}`)];
      case "vxlan": {
        const { id, local, parent, port, learning } = link.kind;
        return [
          line(
            `link add name ${link.name}${mac} mtu ${link.mtu} type vxlan id ${id} local ${formatIp(local)} dev ${parent} dstport ${port} ${learning ? "learning" : "nolearning"}`,
          ),
          line(`link set dev ${link.name} ${state}`),
        ];
      }
    }
  });
}

/** `nodad`: an address that is still tentative would lose the first packets, and these are known to be unique. */
export function printAddresses(addresses: readonly Address[]): readonly PrintedLine[] {
  return addresses.map((address) => ({
    text: `address add ${addressWords(address)} dev ${address.link}${address.address.ip.family === 6 ? " nodad" : ""}`,
    item: address,
    origin: address.origin,
  }));
}

function addressWords({ address, peer }: Address): string {
  return peer === undefined ? formatCidr(address) : `${formatIp(address.ip)} peer ${formatCidr({ ip: peer, prefix: address.prefix })}`;
}

export function printNeighbours(neighbours: readonly Neighbour[]): readonly PrintedLine[] {
  return neighbours.map(neighbourLine);
}

const neighbourLine = lineOnce((neighbour: Neighbour) => ({
  text: `neighbour replace ${formatIp(neighbour.ip)} lladdr ${neighbour.mac} dev ${neighbour.link} nud permanent`,
  item: neighbour,
  origin: neighbour.origin,
}));

export function printFdb(entries: readonly FdbEntry[]): readonly PrintedLine[] {
  return entries.map(fdbLine);
}

const fdbLine = lineOnce((entry: FdbEntry) => ({
  text: `fdb add ${entry.mac} dev ${entry.link} dst ${[formatIp(entry.destination), ...(entry.qualifiers ?? [])].join(" ")} self permanent`,
  item: entry,
  origin: entry.origin,
}));
