/** What every lint works with: a program without errors, its text, and the pods by what selects them. */
import { builtInNamespaces, builtInWorkloads } from "../binder/binder.ts";
import type { Labels } from "../checker/labels.ts";
import { PodIndex } from "../checker/selectors.ts";
import type { Selectable } from "../checker/selectors.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { languageCatalogue } from "../diagnostics/language.ts";
import type { ClusterProgram, DnsPolicy } from "../program/checked.ts";
import type { Span } from "../text/span.ts";

/** A pod, or a workload for all its pods. */
export interface Backend extends Selectable {
  /** How many of the pods are ready. */
  readonly ready: number;
  /** How many of the pods end and still serve: connections go to them when no other pod is ready. */
  readonly serving: number;
  readonly hostNetwork: boolean;
  /** Whether names are looked up at CoreDNS, by `dns-policy`. */
  readonly asksDns: boolean;
  readonly header: Span;
}

export class LintContext {
  readonly program: ClusterProgram;
  /** The text of a file of the program. */
  readonly textOf: (path: string) => string;
  readonly pods: PodIndex<Backend>;
  readonly diagnostics: Diagnostic[] = [];

  constructor(program: ClusterProgram, textOf: (path: string) => string) {
    this.program = program;
    this.textOf = textOf;
    this.pods = podsOf(program);
  }

  readonly report: (...args: Parameters<typeof languageCatalogue.create>) => void = (...args) => {
    this.diagnostics.push(languageCatalogue.create(...args));
  };

  /** What is written at a place. */
  text(span: Span): string {
    return this.textOf(span.file).slice(span.start, span.end);
  }
}

function podsOf(program: ClusterProgram): PodIndex<Backend> {
  const labels = new Map<string, Labels>(builtInNamespaces.map((name) => [name, {}]));
  const backends: Backend[] = [];
  for (const namespace of program.namespaces) {
    labels.set(namespace.name, namespace.labels.value);
    for (const { name, header, labels: own, ports, ready, terminating, hostNetwork, dnsPolicy } of namespace.pods)
      backends.push({
        namespace: namespace.name,
        name,
        labels: own.value,
        ports,
        pods: 1,
        ready: ready.value && !terminating.value ? 1 : 0,
        serving: ready.value && terminating.value ? 1 : 0,
        hostNetwork: hostNetwork.value,
        asksDns: asksDns(dnsPolicy.value),
        header,
      });
    for (const { name, header, labels: own, ports, replicas, readyReplicas, hostNetwork, dnsPolicy } of namespace.workloads) {
      backends.push({
        namespace: namespace.name,
        name,
        labels: own.value,
        ports,
        pods: replicas.value,
        ready: readyReplicas.value ?? replicas.value,
        serving: 0,
        hostNetwork: hostNetwork.value,
        asksDns: asksDns(dnsPolicy.value),
        header,
      });
    }
  }
  const { header } = program.cluster.dns;
  for (const { namespace, name, labels: own, replicas, ports } of builtInWorkloads)
    backends.push({
      namespace,
      name,
      labels: own,
      ports: ports.map((port) => ({ ...port, span: header })),
      pods: replicas,
      ready: replicas,
      serving: 0,
      hostNetwork: false,
      asksDns: true,
      header,
    });
  return new PodIndex(labels, backends);
}

/** The other policies name servers of the node's or of the pod's own. */
function asksDns(policy: DnsPolicy): boolean {
  return policy === "ClusterFirst" || policy === "ClusterFirstWithHostNet";
}
