/** Which subnets routers join together, and what leads outside. Per family: a router joins where it has an address. */
import type { Family } from "@knet/language/values";
import type { NetworkModel, Router } from "../model/types.ts";

export class Underlay {
  readonly #routers: readonly Router[];
  readonly #network: Readonly<Record<Family, ReadonlyMap<string, string>>>;

  constructor(model: Pick<NetworkModel, "routers" | "subnets">) {
    this.#routers = model.routers;
    const names = model.subnets.map((subnet) => subnet.name);
    this.#network = { 4: networks(names, model.routers, 4), 6: networks(names, model.routers, 6) };
  }

  /** Whether a packet gets from one subnet to the other, through any number of routers. */
  joined(from: string, to: string, family: Family): boolean {
    return from === to || this.#network[family].get(from) === this.#network[family].get(to);
  }

  /** Whether hosts of the subnet have a default route. */
  hasGateway(subnet: string, family: Family): boolean {
    return this.#routers.some((router) => subnetsOf(router, family).includes(subnet));
  }

  /** The routers with NAT to the outside that can be reached from the subnet. */
  exits(subnet: string, family: Family): readonly Router[] {
    return this.natRouters(family).filter((router) => this.reachesRouter(subnet, router, family));
  }

  reachesRouter(subnet: string, router: Router, family: Family): boolean {
    return subnetsOf(router, family).some((joined) => this.joined(subnet, joined, family));
  }

  natRouters(family: Family): readonly Router[] {
    return this.#routers.filter((router) => router.outside?.addresses.some((ip) => ip.family === family) === true);
  }
}

function subnetsOf(router: Router, family: Family): readonly string[] {
  return router.interfaces.filter((face) => face.addresses.some((ip) => ip.family === family)).map((face) => face.subnet);
}

/** Subnet to the name of one subnet that stands for everything joined with it. */
function networks(subnets: readonly string[], routers: readonly Router[], family: Family): ReadonlyMap<string, string> {
  const network = new Map(subnets.map((name) => [name, name]));
  for (const router of routers) {
    const joined = new Set(subnetsOf(router, family).map((name) => network.get(name) ?? name));
    const [first] = joined;
    if (first === undefined) continue;
    for (const [subnet, stands] of network) if (joined.has(stands)) network.set(subnet, first);
  }
  return network;
}
