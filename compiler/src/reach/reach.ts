/**
 * Who reaches whom on what: the generated rules' answer for every pair of endpoints, each flow held against the intent judge's.
 * A connection is network permission: a request on the port gets to the target, which answers it or refuses it itself.
 */
import { compareText } from "@knet/language/values";
import type { NetworkModel } from "../model/types.ts";
import type { Scenario } from "../verify/types.ts";
import { endpointClasses } from "./classes.ts";
import type { EndpointClass } from "./classes.ts";
import { Explainer } from "./explain.ts";
import type { PlaceOf, PolicyOracle } from "./explain.ts";
import { Judges } from "./judges.ts";
import { defaultExactPairs, Matrix } from "./matrix.ts";
import { Pairs, unionOf } from "./pairs.ts";
import { PortSpace } from "./ports.ts";
import { everything } from "./select.ts";
import type { Selection } from "./select.ts";
import type { ReachConnection, ReachEndpoint, ReachRefusal, ReachReport } from "./types.ts";
import { Likeness, unitsOf } from "./units.ts";
import type { Unit } from "./units.ts";

export interface ReachOptions {
  /** Null: everything. */
  readonly from?: Selection | null;
  readonly to?: Selection | null;
  /** Sentences for each connection and, when both sides are named, for each pair that cannot talk. */
  readonly explain?: { readonly intent: PolicyOracle; readonly place: PlaceOf } | null;
  readonly progress?: (done: number, total: number) => void;
  /** With more pairs of classes of pods than this, pairs that the same rules decide are asked about once; 2,500 unless told. */
  readonly exactPairs?: number;
}

export function reach(scenario: Scenario, options: ReachOptions = {}): ReachReport {
  const { model } = scenario;
  const [from, to] = [options.from ?? everything, options.to ?? everything];
  const classes = endpointClasses(model);
  const all = [...classes.pods, ...classes.nodes, ...classes.externals];
  const chosen = (selection: Selection): readonly EndpointClass[] =>
    all.filter((entry) => entry.members.some((member) => selection.includes(member)));
  const sides = { from: chosen(from), to: chosen(to) };
  const ports = new PortSpace(model);
  const judges = new Judges(scenario);
  const matrix = new Matrix(model, classes, ports, judges, options.exactPairs ?? defaultExactPairs);
  for (const [done, a] of sides.from.entries()) {
    for (const b of sides.to) matrix.cell(a, b);
    if (a.kind === "pod" && to.machines) for (const node of classes.nodes) matrix.cell(a, node);
    matrix.detours(a);
    options.progress?.(done + 1, sides.from.length);
  }
  const likeness = new Likeness(matrix, sides);
  const sources = unitsOf(model, classes, likeness, sides.from, from);
  const targets = unitsOf(model, classes, likeness, sides.to, to);
  const pairs = new Pairs(model, matrix, ports);
  const explainer = options.explain == null ? null : new Explainer(model, options.explain.intent, ports, options.explain.place);
  const named = options.from != null && options.to != null;

  const connections: ReachConnection[] = [];
  const refusals: ReachRefusal[] = [];
  const meet = (source: Unit, target: Unit): void => {
    if (!arePair(source, target)) return;
    const { masks, through, allowed } = pairs.between(source, target);
    const ends = { from: source.endpoint.id, to: target.endpoint.id };
    if (allowed.length > 0)
      connections.push({ ...ends, allowed, through, explanation: explainer?.connection(source, target, masks, through) ?? [] });
    else if (explainer !== null && named) refusals.push({ ...ends, explanation: explainer.refusal(source, target) });
  };
  const meetOwnNode = (source: Unit): void => {
    const masks = unionOf(source.classes.flatMap((entry) => [...(matrix.own(entry) ?? [])]));
    const allowed = ports.allowed(masks);
    if (allowed.length > 0)
      connections.push({
        from: source.endpoint.id,
        to: ownNode.id,
        allowed,
        through: [],
        explanation: explainer?.toOwnNode(source, masks) ?? [],
      });
  };
  const [inside, outside] = [
    targets.filter((target) => target.endpoint.kind !== "External"),
    targets.filter((target) => target.endpoint.kind === "External"),
  ];
  for (const source of sources) {
    for (const target of inside) meet(source, target);
    if (to.machines) meetOwnNode(source);
    for (const target of outside) meet(source, target);
  }
  const usesOwn = connections.some((connection) => connection.to === ownNode.id);
  return {
    endpoints: inOrder(
      [...sources, ...targets].map((unit) => unit.endpoint),
      usesOwn,
    ),
    connections,
    refusals,
    notes: notesOf(model, ports, judges, connections),
    disagreements: [...judges.disagreements.values()],
    compared: judges.compared,
  };
}

/** The machine that a pod runs on, whichever it is: its firewall, which stands on the wire, does not see the pod's packets. */
const ownNode: ReachEndpoint = { id: "own-node", kind: "Node", namespace: null, name: "own-node", pods: 0, nodes: [], range: null };

const order = { Deployment: 0, Pod: 0, Node: 1, External: 2 } as const;

/** The two sides in one list; each is in order already. */
function inOrder(endpoints: readonly ReachEndpoint[], usesOwn: boolean): readonly ReachEndpoint[] {
  const distinct = [...new Map([...endpoints, ...(usesOwn ? [ownNode] : [])].map((endpoint) => [endpoint.id, endpoint])).values()];
  const key = (endpoint: ReachEndpoint): string => `${endpoint.namespace ?? ""}\n${endpoint.id === ownNode.id ? "\uffff" : endpoint.name}`;
  return distinct
    .map((endpoint, index) => ({ endpoint, index }))
    .toSorted((x, y) => {
      const rank = order[x.endpoint.kind] - order[y.endpoint.kind];
      if (rank !== 0 || x.endpoint.kind === "External") return rank || x.index - y.index;
      return compareText(key(x.endpoint), key(y.endpoint));
    })
    .map(({ endpoint }) => endpoint);
}

/** The outside does not pass through the cluster to itself, and nobody is asked about itself. */
function arePair(source: Unit, target: Unit): boolean {
  if (source.endpoint.kind === "External" && target.endpoint.kind === "External") return false;
  const [first, second] = source.members;
  return second !== undefined || target.members.some((member) => member.host !== first?.host);
}

function notesOf(model: NetworkModel, ports: PortSpace, judges: Judges, connections: readonly ReachConnection[]): readonly string[] {
  const notes = [
    "A connection is a request that gets to the target, after the translation of services, and is answered or refused there; its reply comes back.",
    "An ipBlock is read as the dataplane reads it: addresses are addresses, those of pods too.",
    "A node always reaches its own pods, whatever policies say; that is not listed.",
  ];
  if (connections.some((connection) => connection.to === ownNode.id))
    notes.push("own-node is the node that a pod runs on; its firewall stands on the wire and does not see its own pods.");
  if (ports.classes.some((entry) => entry.overlay))
    notes.push(`UDP ${model.cluster.cni.vxlanPort} belongs to the overlay between nodes and is not judged.`);
  if (connections.some((connection) => connection.through.length > 0))
    notes.push("A port reached through a node port is named as the pod has it.");
  for (const doubt of [...judges.doubts].toSorted())
    notes.push(`Not settled by the specifications; shown is what kube-proxy and Calico do: ${doubt}.`);
  return notes;
}
