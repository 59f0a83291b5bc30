/**
 * The intent judge: what should happen to a flow, from the network model and the specifications of Kubernetes, kube-proxy
 * (iptables mode, ClusterCIDR detector) and Calico (iptables, `defaultEndpointToHostAction` ACCEPT). It reads no generated
 * rule and shares no code with what generates them.
 *
 * It takes for granted that hosts have no strict reverse-path filter, that pods listen on their declared container ports
 * whether ready or not, and that every machine outside answers on 53, 80 and 443/tcp and 53/udp.
 */
import { equalIp, formatIp } from "@knet/language/values";
import type { Ip, Transport } from "@knet/language/values";
import type { NetworkModel, Pod } from "../model/types.ts";
import type { Flow, Intent, IntentAnswer, IntentOutcome, PolicyVerdict } from "./types.ts";
import { Walk } from "./walk.ts";
import { World } from "./world.ts";

export type { DirectionVerdict, Flow, Intent, IntentAnswer, IntentOutcome, OutcomeKind, PolicyVerdict } from "./types.ts";

export function createIntent(model: NetworkModel): Intent {
  const world = new World(model);
  const pods = new Map(model.pods.map((pod) => [`pod/${pod.namespace}/${pod.name}`, pod]));
  const externals = new Map((model.external?.hosts ?? []).map((host) => [`external/${host.name}`, host]));
  return {
    ask(flow) {
      const walk = new Walk(world, flow.protocol);
      return answer(send(walk, flow), walk);
    },
    policyVerdict: (source, destination, protocol, port) => policyVerdict(world, source, destination, protocol, port),
  };

  function send(walk: Walk, { from, dst, port }: Flow): readonly IntentOutcome[] {
    const pod = pods.get(from);
    if (pod !== undefined && !pod.hostNetwork) return walk.fromPod(pod, dst, port);
    const node =
      pod === undefined ? (from.startsWith("node/") ? world.book.node(from.slice("node/".length)) : undefined) : world.book.node(pod.node);
    if (node !== undefined) return walk.fromNode(node, dst, port);
    const external = externals.get(from);
    if (external !== undefined) return walk.fromExternal(external, dst, port);
    throw new Error(`the model has no host ${from} that sends`);
  }
}

/** Ends that a caller cannot tell apart are one. */
function answer(all: readonly IntentOutcome[], { doubts, isExact }: Pick<Walk, "doubts" | "isExact">): IntentAnswer {
  const outcomes = new Map<string, IntentOutcome>();
  for (const outcome of all) {
    const told = outcome.kind === "delivered" || outcome.kind === "refused" ? "" : outcome.reason;
    const place = `${outcome.kind} ${outcome.server ?? ""} ${outcome.port ?? ""} ${outcome.sources.map(formatIp).join()} ${told}`;
    if (!outcomes.has(place)) outcomes.set(place, outcome);
  }
  return { outcomes: [...outcomes.values()], unspecified: doubts.size === 0 ? null : [...doubts].join("; "), exact: isExact };
}

function policyVerdict(world: World, source: Pod | Ip, destination: Pod, protocol: Transport, port: number): PolicyVerdict {
  const [sender, from, to] = "namespace" in source ? betweenPods(source, destination) : fromAddress(world, source, destination);
  const egress = sender === null || sender.hostNetwork || sender === destination ? null : world.policies.egress(sender, to, protocol, port);
  const exempt = exemption(world, sender, from, destination);
  const ingress = destination.hostNetwork || exempt !== null ? null : world.policies.ingress(destination, from, protocol, port);
  return { allowed: (egress?.allowed ?? true) && (ingress?.allowed ?? true), egress, ingress, exempt };
}

type Ends = readonly [sender: Pod | null, from: Ip, to: Ip];

function betweenPods(source: Pod, destination: Pod): Ends {
  for (const from of source.addresses) {
    const to = destination.addresses.find((ip) => ip.family === from.family);
    if (to !== undefined) return [source, from, to];
  }
  throw new Error(
    `pods ${source.namespace}/${source.name} and ${destination.namespace}/${destination.name} have no address family in common`,
  );
}

function fromAddress(world: World, source: Ip, destination: Pod): Ends {
  const to = destination.addresses.find((ip) => ip.family === source.family);
  if (to === undefined) throw new Error(`pod ${destination.namespace}/${destination.name} has no IPv${source.family} address`);
  const place = world.book.at(source);
  return [place.kind === "pod" ? place.pod : null, source, to];
}

function exemption(world: World, sender: Pod | null, from: Ip, destination: Pod): string | null {
  if (destination.addresses.some((ip) => equalIp(ip, from)) && !destination.hostNetwork) return "a pod always reaches itself";
  const place = world.book.at(from);
  const ownNode =
    sender?.hostNetwork === true ? sender.node === destination.node : place.kind === "node" && place.node.name === destination.node;
  return ownNode && !destination.hostNetwork ? `${destination.node} is the pod's own node` : null;
}
