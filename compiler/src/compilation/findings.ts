/** What only allocation tells: nodes with too many pods, and node ports that lead nowhere on some nodes. */
import { suppress } from "@knet/language";
import type { ClusterProgram, Diagnostic, Label, Suppression } from "@knet/language";
import { commandErrors, compilerCatalogue } from "../diagnostics/catalogue.ts";
import type { NetworkModel, Pod, Service } from "../model/types.ts";

/** Pods that a kubelet takes unless it is told otherwise (`maxPods`). */
const podsPerNode = 110;
/** Of a hundred: from here on a node is nearly full, as ranges are to the language's checks. */
const nearly = 80;

export function findingsOf(program: ClusterProgram, model: NetworkModel): readonly Diagnostic[] {
  return [...crowdedNodes(program, model), ...localServices(program, model)];
}

/** One message for all of them: the same pods are spread over them. */
function crowdedNodes(program: ClusterProgram, { pods }: NetworkModel): readonly Diagnostic[] {
  const counts = new Map<string, number>();
  for (const { node } of pods) counts.set(node, (counts.get(node) ?? 0) + 1);
  const crowded = program.nodes
    .map((node) => ({ node, count: counts.get(node.name) ?? 0 }))
    .filter(({ count }) => count * 100 >= podsPerNode * nearly)
    .toSorted((x, y) => y.count - x.count);
  const [worst, ...others] = crowded;
  if (worst === undefined) return [];
  const related = others.slice(0, 8).map(({ node, count }): Label => ({ span: node.header, text: `${count} pods` }));
  return [
    compilerCatalogue.create(
      "node-crowded",
      { node: worst.node.name, pods: worst.count, limit: podsPerNode },
      {
        span: worst.node.header,
        related,
        notes: others.length > related.length ? [`${others.length - related.length} more nodes have at least ${others.at(-1)?.count ?? 0} pods`] : [],
        help: worst.count > podsPerNode ? "the scheduler leaves the rest pending: add nodes" : "the next pods may find no place: add nodes in time",
      },
    ),
  ];
}

/**
 * With `external-traffic-policy = local` a node drops what comes to the node port when no endpoint runs on it. A load balancer asks the health check
 * port and passes such nodes over, so only services without one are looked at.
 */
function localServices(program: ClusterProgram, model: NetworkModel): readonly Diagnostic[] {
  const declared = program.namespaces.flatMap((namespace) => namespace.services);
  return model.services.flatMap((service): readonly Diagnostic[] => {
    if (service.type !== "NodePort" || service.externalTrafficPolicy !== "Local") return [];
    const declaration = declared.find(({ namespace, name }) => namespace === service.namespace && name === service.name);
    if (declaration === undefined) return [];
    const serving = new Set(model.pods.filter((pod) => isEndpoint(service, pod)).map(({ node }) => node));
    const empty = model.nodes.filter(({ name }) => !serving.has(name)).map(({ name }) => name);
    // A service without any endpoint has been told.
    if (serving.size === 0 || empty.length === 0) return [];
    const shown = empty.slice(0, 3).map((name) => `\`${name}\``);
    const nodes = `${empty.length === 1 ? "node" : "nodes"} ${shown.join(", ")}${empty.length > shown.length ? ` and ${empty.length - shown.length} more` : ""}`;
    return [
      compilerCatalogue.create(
        "local-without-endpoints",
        { service: `${service.namespace}/${service.name}`, nodes, several: empty.length > 1 },
        { span: declaration.externalTrafficPolicy.span, help: "run a pod on each node that clients connect to, or write `external-traffic-policy = cluster`" },
      ),
    ];
  });
}

function isEndpoint(service: Service, pod: Pod): boolean {
  const { selector } = service;
  if (selector === null || pod.namespace !== service.namespace || pod.terminating || !(pod.ready || service.publishNotReady)) return false;
  return Object.entries(selector).every(([key, value]) => pod.labels[key] === value);
}

const commandCodes: ReadonlySet<string> = new Set(Object.values(commandErrors));

/** All that is said of a program: what its comments silence is left out. */
export function withSuppressions(diagnostics: readonly Diagnostic[], suppressions: readonly Suppression[]): readonly Diagnostic[] {
  return suppress(diagnostics, suppressions, {
    owns: (code) => /^KN[5679]\d{3}$/.test(code),
    severityOf: (code) => {
      if (commandCodes.has(code)) return "error";
      return Object.values(compilerCatalogue.entries).find((entry) => entry.code === code)?.severity ?? null;
    },
  });
}

