/** Whether a journey is what an assertion asks of the way: encapsulated, via a router, seen as somebody, in one piece, fairly shared. */
import { contains, equalIp, formatIp } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import type { Origin, PathCondition, SourceSeen } from "@knet/language";
import type { NetworkModel } from "../model/types.ts";
import { defaultSize } from "../simulate/journey.ts";
import type { Journey } from "../simulate/steps.ts";
import { EndpointCatalogue } from "./endpoints.ts";
import type { Flow, Scenario } from "./types.ts";

/** Bytes of the request that the conditions want sent. */
export function requestSize(path: readonly PathCondition[]): number {
  return path.find((condition) => condition.kind === "mtu")?.bytes ?? defaultSize;
}

/** Whether the answer depends on an address and not only on what rules tell apart. */
export function tellsAddressesApart(path: readonly PathCondition[]): boolean {
  return path.some((condition) => condition.kind === "source-seen" && condition.as.kind === "address");
}

/** Why a delivered request is not as it was asserted. */
export interface PathFault {
  /** Behind "the request is". */
  readonly words: string;
  /** The declaration that decides about it, where there is one. */
  readonly cause: Origin | null;
}

/** What is wrong by the first condition that a delivered request does not meet; null when it meets all. */
export function unmet(scenario: Scenario, path: readonly PathCondition[], journey: Journey): PathFault | null {
  for (const condition of path) {
    const words = faultOf(scenario, condition, journey);
    if (words !== null) return { words, cause: condition.kind === "encapsulation" ? poolOf(scenario.model, journey) : null };
  }
  return null;
}

/** The pool of the address that the request came to: its encapsulation is what is used. */
function poolOf({ cluster }: NetworkModel, { requestEnd }: Journey): Origin | null {
  if (requestEnd.kind !== "delivered") return null;
  return cluster.cni.pools.find((pool) => contains(pool.cidr, requestEnd.packet.dst))?.origin ?? null;
}

function faultOf(scenario: Scenario, condition: PathCondition, journey: Journey): string | null {
  switch (condition.kind) {
    case "encapsulation": {
      const encapsulated = journey.request.some((step) => step.layer === "encapsulate");
      if (encapsulated === condition.encapsulated) return null;
      return encapsulated ? "encapsulated on its way" : "not encapsulated on its way";
    }
    case "router":
      return journey.request.some((step) => step.host === `router/${condition.router}`) ? null : `delivered without passing router ${condition.router}`;
    case "source-seen": {
      const seen = journey.sourceSeen;
      if (seen !== null && addressesOf(scenario.model, condition.as).some((ip) => equalIp(ip, seen))) return null;
      return `seen as ${seen === null ? "nobody" : formatIp(seen)}, not as ${nameOf(condition.as)}`;
    }
    case "mtu":
      return inOnePiece(scenario, journey) ? null : `delivered in fragments with ${condition.bytes} bytes`;
    case "balance":
      return null;
  }
}

function addressesOf(model: NetworkModel, as: SourceSeen): readonly Ip[] {
  switch (as.kind) {
    case "address":
      return [as.address];
    case "node":
      return model.nodes.find((node) => node.name === as.node)?.addresses ?? [];
    case "router":
      return model.routers.flatMap((router) =>
        router.name === as.router ? [...router.interfaces.flatMap((face) => face.addresses), ...(router.outside?.addresses ?? [])] : [],
      );
  }
}

function nameOf(as: SourceSeen): string {
  switch (as.kind) {
    case "address":
      return formatIp(as.address);
    case "node":
      return `node ${as.node}`;
    case "router":
      return `router ${as.router}`;
  }
}

/** Whether the request fits every wire that it crosses, wrapped as it is there. */
function inOnePiece({ fabric }: Scenario, journey: Journey): boolean {
  const mtus = new Map<object, number>(fabric.segments.map((segment) => [segment, segment.mtu]));
  return journey.request.every((step) => step.layer !== "wire" || step.items.every((item) => step.packet.size <= (mtus.get(item) ?? Number.POSITIVE_INFINITY)));
}

/** Shares are compared as kube-proxy can make them: the kernel rounds probabilities to 31 bits. */
const rounding = 1e-6;

/** What is wrong with the shares of a service's backends, for a message, and a journey to a backend that shows it. */
export function imbalance(
  scenario: Scenario,
  path: readonly PathCondition[],
  flow: Flow,
  journeys: readonly Journey[],
): { readonly summary: string; readonly journey: Journey } | null {
  const condition = path.find((candidate) => candidate.kind === "balance");
  const [first] = journeys;
  if (condition === undefined || first === undefined) return null;
  const shares = new Map(new EndpointCatalogue(scenario).backends(flow.to, flow.protocol, flow.port).map((backend) => [backend, 0]));
  for (const { server, probability } of journeys) if (server !== null) shares.set(server, (shares.get(server) ?? 0) + probability);
  if (shares.size === 0) return null;
  const fair = 1 / shares.size;
  const allowed = (fair * condition.percent) / 100 + rounding;
  const worst = [...shares].toSorted(([, x], [, y]) => Math.abs(y - fair) - Math.abs(x - fair))[0];
  if (worst === undefined || Math.abs(worst[1] - fair) <= allowed) return null;
  const [server, share] = worst;
  return {
    summary: `is not balanced: ${server.replace(/^pod\//, "")} gets ${percentOf(share)} of the requests, and an equal share is ${percentOf(fair)}`,
    journey: journeys.find((journey) => journey.server === server) ?? first,
  };
}

function percentOf(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}
