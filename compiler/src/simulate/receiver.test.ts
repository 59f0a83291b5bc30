import { ip4, parseIp } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import { emptyDataplane } from "../dataplane/types.ts";
import type { Dataplane } from "../dataplane/types.ts";
import type { Fabric, Host, Segment } from "../fabric/types.ts";
import { receiverOf } from "./receiver.ts";
import { World } from "./world.ts";

const origin = { name: "test", span: null };

function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`not an address: ${text}`);
  return parsed;
}

/** Host `h0`, `h1`, … with 10.0.0.0 plus its number on `eth0`, a second address that the wire does not know of, and what else is given. */
function wire(count: number, more: (index: number) => Partial<Dataplane> = () => ({})): { readonly fabric: Fabric; readonly segment: Segment; readonly asked: string[] } {
  const asked: string[] = [];
  const dataplanes = new Map<string, Dataplane>();
  const hosts = Array.from({ length: count }, (_unused, index): Host => ({ id: `h${index}`, kind: "node", name: `h${index}`, parent: null, sharesParent: false, origin }));
  for (const [index, { id }] of hosts.entries()) {
    const address = (value: Ip): Dataplane["addresses"][number] => ({ link: "eth0", address: { ip: value, prefix: 32 }, owner: "os", origin });
    dataplanes.set(id, {
      ...emptyDataplane,
      links: [{ name: "eth0", kind: { type: "physical" }, mtu: 1500, mac: `02:00:00:00:00:${(index % 256).toString(16).padStart(2, "0")}`, owner: "os", origin }],
      addresses: [address(ip4(0x0a000000 + index)), address(ip4(0x0a010000 + index))],
      ...more(index),
    });
  }
  const segment: Segment = {
    id: "subnet/lan",
    name: "subnet lan",
    kind: "subnet",
    mtu: 1500,
    attachments: hosts.map(({ id }, index) => ({ host: id, link: "eth0", addresses: [ip4(0x0a000000 + index)] })),
    origin,
  };
  const byId = new Map(hosts.map((host) => [host.id, host]));
  const dataplane = (id: string): Dataplane => {
    asked.push(id);
    return dataplanes.get(id) ?? emptyDataplane;
  };
  return { fabric: { hosts, segments: [segment], listeners: [], dns: [], host: (id) => byId.get(id), dataplane }, segment, asked };
}

function receivers({ fabric, segment }: ReturnType<typeof wire>, addresses: readonly string[], down: readonly string[] = [], permanent: string | null = null): readonly (string | null)[] {
  const world = new World(fabric, () => true, new Set(down));
  return addresses.map((address) => receiverOf(world, segment, { host: "h0", link: "eth0" }, ip(address), permanent)?.host ?? null);
}

describe.each([3, 40])("on a wire with %i machines", (count) => {
  it("should be the one that carries the address, or has it on another device, and nobody when it is gone", () => {
    expect(receivers(wire(count), ["10.0.0.2", "10.1.0.2", "10.2.0.2"])).toEqual(["h2", "h2", null]);
  });

  it("should not be the sender, nor a machine that is down", () => {
    expect(receivers(wire(count), ["10.0.0.0", "10.0.0.2", "10.1.0.2"], ["h2"])).toEqual([null, null, null]);
  });

  it("should be the first that answers for an address of others by proxy ARP, unless its owner does", () => {
    const proxy = wire(count, (index) =>
      index === 1
        ? {
            sysctls: [
              { key: "net/ipv4/conf/eth0/proxy_arp", value: "1", owner: "os", origin },
              { key: "net/ipv4/ip_forward", value: "1", owner: "os", origin },
            ],
            routes: [{ destination: { ip: ip("10.2.0.0"), prefix: 16 }, type: "unicast", via: null, link: "eth1", protocol: 3, scope: "link", metric: 0, onlink: false, mtu: null, source: null, table: 254, owner: "os", origin }],
          }
        : {},
    );
    expect(receivers(proxy, ["10.2.0.9", "10.1.0.2"])).toEqual(["h1", "h2"]);
  });

  it("should be the one with the MAC of a permanent neighbour entry, whatever its addresses", () => {
    expect(receivers(wire(count), ["10.0.0.1"], [], "02:00:00:00:00:02")).toEqual(["h2"]);
  });

  it("should answer for IPv6 only on the device that has the address, and for the link-local one of its MAC", () => {
    const six = wire(count, (index) => ({ addresses: [{ link: index === 1 ? "eth0" : "eth1", address: { ip: ip(`fd00::${index}`), prefix: 64 }, owner: "os", origin }] }));
    // 02:00:00:00:00:02 turned into a modified EUI-64.
    expect(receivers(six, ["fd00::1", "fd00::2", "fe80::ff:fe00:2"])).toEqual(["h1", null, "h2"]);
  });
});

describe("a long wire", () => {
  it("should ask nobody but the machine that carries the address", () => {
    const lan = wire(5000);
    expect(receivers(lan, ["10.0.19.135"])).toEqual(["h4999"]);
    expect(new Set(lan.asked)).toEqual(new Set(["h4999"]));
  });
});
