/** Which router leads from a subnet to another: shortest by routers crossed, ties in order of declaration. */
import type { Router } from "../../model/types.ts";

export interface NextRouter {
  readonly router: Router;
  readonly distance: number;
}

/** For every subnet that can be reached from `from` through routers: the first router on the way. */
export function routersTowards(routers: readonly Router[], from: string): ReadonlyMap<string, NextRouter> {
  const found = new Map<string, NextRouter>();
  const seen = new Set<string>([from]);
  let frontier: { readonly subnet: string; readonly first: Router | null }[] = [{ subnet: from, first: null }];
  for (let distance = 1; frontier.length > 0; distance++) {
    const next: typeof frontier = [];
    for (const { subnet, first } of frontier) {
      for (const router of routers) {
        if (!router.interfaces.some((face) => face.subnet === subnet)) continue;
        for (const face of router.interfaces) {
          if (seen.has(face.subnet)) continue;
          seen.add(face.subnet);
          const via = first ?? router;
          found.set(face.subnet, { router: via, distance });
          next.push({ subnet: face.subnet, first: via });
        }
      }
    }
    frontier = next;
  }
  return found;
}

/** The router that hosts of the subnet use as default gateway: towards the nearest NAT, else the first that joins it. */
export function defaultRouter(routers: readonly Router[], subnet: string): Router | null {
  const joined = routers.filter((router) => router.interfaces.some((face) => face.subnet === subnet));
  const direct = joined.find((router) => router.outside !== null);
  if (direct !== undefined) return direct;
  const towards = routersTowards(routers, subnet);
  let best: NextRouter | null = null;
  for (const router of routers) {
    if (router.outside === null) continue;
    for (const face of router.interfaces) {
      const way = towards.get(face.subnet);
      if (way !== undefined && (best === null || way.distance < best.distance)) best = way;
    }
  }
  return best?.router ?? joined[0] ?? null;
}
