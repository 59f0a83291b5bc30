/** The machines and wires below the cluster: what nodes, routers and the outside hold before any cluster software runs. */
import { bitsOf, contains, everyAddress, formatCidr, hostCidr } from "@knet/language/values";
import type { Cidr, Family, Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { Address, Link } from "../../dataplane/links/types.ts";
import type { Route } from "../../dataplane/routing/types.ts";
import type { IptablesFile } from "../../dataplane/netfilter/types.ts";
import { emptyDataplane } from "../../dataplane/types.ts";
import type { Dataplane, DataplanePart } from "../../dataplane/types.ts";
import type { ExternalHost, NetworkModel, Node, Router, Subnet } from "../../model/types.ts";
import { defaultRouter, routersTowards } from "./paths.ts";

/** The router's device to the outside. */
export const outsideDevice = "wan0";
/** The only device of a machine outside. */
export const externalDevice = "eth0";

export function subnetOf(model: NetworkModel, name: string): Subnet {
  const subnet = model.subnets.find((candidate) => candidate.name === name);
  if (subnet === undefined) throw new Error(`the model has no subnet ${name}`);
  return subnet;
}

function loopback(origin: Origin): Link {
  return { name: "lo", kind: { type: "loopback" }, mtu: 65536, mac: null, owner: "os", origin };
}

function physical(name: string, mtu: number, origin: Origin): Link {
  return { name, kind: { type: "physical" }, mtu, mac: null, owner: "os", origin };
}

/** The address with the prefix length of the subnet's range of its family. */
function inSubnet(subnet: Subnet, ip: Ip): Cidr {
  const range = subnet.cidrs.find((cidr) => cidr.ip.family === ip.family);
  return { ip, prefix: range?.prefix ?? bitsOf(ip.family) };
}

interface RouteWords {
  readonly destination: Cidr;
  readonly via: Ip | null;
  readonly link: string;
  readonly scope?: "global" | "link";
  readonly onlink?: boolean;
}

function staticRoute(words: RouteWords, origin: Origin): Route {
  return {
    destination: words.destination,
    type: "unicast",
    via: words.via,
    link: words.link,
    protocol: 3,
    scope: words.scope ?? "global",
    metric: 0,
    onlink: words.onlink ?? false,
    mtu: null,
    source: null,
    table: 254,
    owner: "os",
    origin,
  };
}

function gatewayIn(router: Router, subnet: string, family: Family): Ip | null {
  return router.interfaces.find((face) => face.subnet === subnet)?.addresses.find((ip) => ip.family === family) ?? null;
}

/** A node's own devices, addresses and routes, as its operating system sets them up. */
export function nodeUnderlay(model: NetworkModel, node: Node): DataplanePart {
  const subnet = subnetOf(model, node.subnet);
  const { origin } = node;
  return {
    links: [loopback(origin), physical(node.device, node.mtu, origin)],
    addresses: node.addresses.map((ip): Address => ({ link: node.device, address: inSubnet(subnet, ip), owner: "os", origin })),
    routes: subnetRoutes(model, node.subnet, node.device, node.addresses),
  };
}

/** The default route, and one for every subnet that another router is nearer to. */
function subnetRoutes(model: NetworkModel, from: string, device: string, addresses: readonly Ip[]): readonly Route[] {
  const routes: Route[] = [];
  const gateway = defaultRouter(model.routers, from);
  const towards = routersTowards(model.routers, from);
  for (const family of new Set(addresses.map((ip) => ip.family))) {
    const via = gateway === null ? null : gatewayIn(gateway, from, family);
    if (gateway !== null && via !== null) routes.push(staticRoute({ destination: everyAddress(family), via, link: device }, gateway.origin));
    for (const subnet of model.subnets) {
      const way = towards.get(subnet.name);
      if (way === undefined || way.router === gateway) continue;
      const hop = gatewayIn(way.router, from, family);
      for (const cidr of subnet.cidrs) {
        if (cidr.ip.family === family && hop !== null) routes.push(staticRoute({ destination: cidr, via: hop, link: device }, way.router.origin));
      }
    }
  }
  return routes;
}

export function routerDataplane(model: NetworkModel, router: Router): Dataplane {
  const { origin, outside } = router;
  const links: Link[] = [loopback(origin)];
  const addresses: Address[] = [];
  const routes: Route[] = [];
  for (const face of router.interfaces) {
    const subnet = subnetOf(model, face.subnet);
    links.push(physical(face.device, subnet.mtu, origin));
    for (const ip of face.addresses) addresses.push({ link: face.device, address: inSubnet(subnet, ip), owner: "os", origin });
  }
  const families = new Set(addresses.map(({ address }) => address.ip.family));
  routes.push(...remoteSubnets(model, router));
  if (outside !== null) {
    links.push(physical(outsideDevice, 1500, origin));
    for (const ip of outside.addresses) {
      const range = outside.prefixes.find((cidr) => cidr.ip.family === ip.family);
      addresses.push({ link: outsideDevice, address: { ip, prefix: range?.prefix ?? bitsOf(ip.family) }, owner: "os", origin });
      // Every outside address is a neighbour: the outside is one wire, whatever lies behind it.
      routes.push(staticRoute({ destination: everyAddress(ip.family), via: null, link: outsideDevice, scope: "link" }, origin));
    }
  }
  return {
    ...emptyDataplane,
    links,
    addresses,
    routes,
    sysctls: [
      { key: "net/ipv4/ip_forward", value: "1", owner: "os", origin },
      // The kernel takes either of the two for yes: both the whole host and each device must say no.
      ...["all", ...links.map((link) => link.name)].map((name) => ({ key: `net/ipv4/conf/${name}/send_redirects`, value: "0", owner: "os", origin })),
      ...(families.has(6) ? [{ key: "net/ipv6/conf/all/forwarding", value: "1", owner: "os", origin }] : []),
    ],
    iptables: outside === null ? [] : outside.addresses.map((ip) => translation(ip.family, origin)),
  };
}

/** Ranges that the router does not join itself, by the nearest other router. */
function remoteSubnets(model: NetworkModel, router: Router): readonly Route[] {
  const joined = new Set(router.interfaces.map((face) => face.subnet));
  const others = model.routers.filter((other) => other !== router);
  const routes = new Map<string, { readonly route: Route; readonly distance: number }>();
  let nearestNat: { readonly words: readonly Route[]; readonly distance: number } | null = null;
  for (const face of router.interfaces) {
    for (const [name, way] of routersTowards(others, face.subnet)) {
      if (joined.has(name)) continue;
      for (const cidr of subnetOf(model, name).cidrs) {
        const via = gatewayIn(way.router, face.subnet, cidr.ip.family);
        const key = `${name} ${cidr.ip.family}`;
        const known = routes.get(key);
        if (via === null || (known !== undefined && known.distance <= way.distance)) continue;
        routes.set(key, { route: staticRoute({ destination: cidr, via, link: face.device }, way.router.origin), distance: way.distance });
      }
    }
    if (router.outside !== null) continue;
    const gateway = defaultRouter(others, face.subnet);
    if (gateway === null || !leadsOutside(others, face.subnet)) continue;
    const words = face.addresses.flatMap((own) => {
      const via = gatewayIn(gateway, face.subnet, own.family);
      return via === null ? [] : [staticRoute({ destination: everyAddress(own.family), via, link: face.device }, gateway.origin)];
    });
    const distance = gateway.outside === null ? 2 : 1;
    if (nearestNat === null || distance < nearestNat.distance) nearestNat = { words, distance };
  }
  return [...[...routes.values()].map(({ route }) => route), ...(nearestNat?.words ?? [])];
}

function leadsOutside(routers: readonly Router[], subnet: string): boolean {
  const reached = new Set([subnet, ...routersTowards(routers, subnet).keys()]);
  return routers.some((router) => router.outside !== null && router.interfaces.some((face) => reached.has(face.subnet)));
}

/** Source translation for everything that leaves to the outside. */
function translation(family: Family, origin: Origin): IptablesFile {
  return {
    owner: "nat",
    family,
    tables: [
      {
        name: "nat",
        chains: [],
        rules: [{ operation: "append", chain: "POSTROUTING", text: `-o ${outsideDevice} -m comment --comment "nat to the outside" -j MASQUERADE`, origin }],
      },
    ],
  };
}

/**
 * A machine outside: one address per family, every router's outside range and every other machine outside on its wire,
 * and everything else behind the first router. A router that translates is answered at its own address, so a second one must not lie behind the first.
 */
export function externalDataplane(model: NetworkModel, host: ExternalHost): Dataplane {
  const { origin } = host;
  const outsides = model.routers.flatMap((router) => (router.outside === null ? [] : [router.outside]));
  const gateways = outsides[0]?.addresses ?? [];
  const families = new Set(host.addresses.map((ip) => ip.family));
  const prefixes = outsides.flatMap((outside) => outside.prefixes);
  const others = (model.external?.hosts ?? []).flatMap((other) => (other.name === host.name ? [] : other.addresses));
  const apart = others.filter((ip) => !prefixes.some((prefix) => contains(prefix, ip))).map(hostCidr);
  const ranges = new Map([...prefixes, ...apart].map((range) => [formatCidr(range), range]));
  return {
    ...emptyDataplane,
    links: [loopback(origin), physical(externalDevice, 1500, origin)],
    addresses: host.addresses.map((ip): Address => ({ link: externalDevice, address: hostCidr(ip), owner: "os", origin })),
    routes: [
      ...[...ranges.values()]
        .filter(({ ip }) => families.has(ip.family))
        .map((destination) => staticRoute({ destination, via: null, link: externalDevice, scope: "link" }, origin)),
      ...[...families].flatMap((family) => {
        const via = gateways.find((gateway) => gateway.family === family);
        return via === undefined ? [] : [staticRoute({ destination: everyAddress(family), via, link: externalDevice, onlink: true }, origin)];
      }),
    ],
  };
}
