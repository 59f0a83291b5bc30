/** Pods that may connect to others by policy, and not ask the DNS server for their addresses. */
import { matches } from "../checker/selectors.ts";
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import { join } from "../diagnostics/suggest.ts";
import type { NamespaceDeclaration, PolicyDeclaration, PolicyPeerDeclaration, PolicyRuleDeclaration } from "../program/checked.ts";
import { containsCidr, overlaps } from "../values/index.ts";
import type { Transport } from "../values/index.ts";
import type { Backend, LintContext } from "./context.ts";
import { appendMember } from "./edits.ts";

const dnsPort = 53;
/** Of what every cluster has in the namespace `kube-system`. */
const dns = { namespace: "kube-system", name: "coredns" } as const;
const rule = 'allow egress to pods k8s-app == "kube-dns" in namespace kube-system';

/** @param found what the checker has found: a selector that matches nothing may be the one that was meant for the DNS server */
export function lintDnsEgress(ctx: LintContext, found: readonly Diagnostic[]): void {
  const server = ctx.pods.in(dns.namespace).find((pod) => pod.name === dns.name);
  if (server === undefined) return;
  const empty = found.filter((diagnostic) => diagnostic.name === "selects-nothing").map(({ span }) => span);
  for (const namespace of ctx.program.namespaces) {
    const rules = namespace.policies.flatMap((policy) => policy.rules).filter((candidate) => candidate.direction === "egress");
    if (!rules.some(({ span }) => empty.some((at) => at.file === span.file && span.start <= at.start && at.end <= span.end))) lintNamespace(ctx, namespace, server);
  }
}

interface Cut {
  readonly pod: Backend;
  readonly policies: readonly PolicyDeclaration[];
  readonly missing: readonly Transport[];
}

/** One message for a namespace: one forgotten rule is behind all of its pods. */
function lintNamespace(ctx: LintContext, namespace: NamespaceDeclaration, server: Backend): void {
  const isolating = namespace.policies.filter((policy) => policy.directions.includes("egress"));
  if (isolating.length === 0) return;
  const cut = ctx.pods.in(namespace.name).flatMap((pod): Cut[] => {
    if (pod.hostNetwork || !pod.asksDns) return [];
    const policies = isolating.filter((policy) => matches(policy.podSelector, pod.labels));
    const rules = policies.flatMap((policy) => policy.rules).filter((candidate) => candidate.direction === "egress");
    // Who may go nowhere, or to fixed addresses only, needs no names.
    if (!rules.some(needsNames)) return [];
    const missing = (["udp", "tcp"] as const).filter((protocol) => !rules.some((candidate) => reaches(ctx, candidate, namespace.name, server, protocol)));
    return missing.length === 0 ? [] : [{ pod, policies, missing }];
  });
  const [first] = cut;
  if (first === undefined) return;
  const missing = (["udp", "tcp"] as const).filter((protocol) => cut.some((entry) => entry.missing.includes(protocol)));
  const ports = missing.map((protocol) => `${dnsPort}/${protocol}`);
  // The policy that the rule belongs in is one that all of them have; otherwise each policy would need it.
  const common = first.policies.find((policy) => cut.every((entry) => entry.policies.includes(policy)));
  const policy = common ?? first.policies[0];
  if (policy === undefined) return;
  const names = cut.map(({ pod }) => `\`${namespace.name}/${pod.name}\``);
  const who = names.length <= 3 ? join(names, "and") : `${names.length} pods of namespace \`${namespace.name}\``;
  const added = `${rule} on ${ports.join(", ")}`;
  const edit = common === undefined ? null : appendMember(ctx.textOf(common.span.file), common.span, added);
  ctx.report(
    "egress-without-dns",
    { who, ports: join(ports, "and") },
    {
      span: policy.header,
      label: "isolates their egress",
      notes: names.length <= 3 ? [] : [`among them ${join(names.slice(0, 3), "and")}`],
      help: `\`${added}\` allows it${common === undefined ? "" : " for all that this policy applies to"}`,
      fixes: edit === null ? [] : [{ title: `add \`${added}\``, edits: [edit], safe: false }],
    },
  );
}

/** Rules about pods, the internet or anyone are about what is known by name. */
function needsNames({ peers }: PolicyRuleDeclaration): boolean {
  return peers.length === 0 || peers.some((peer) => peer.kind !== "cidr");
}

function reaches(ctx: LintContext, { peers, ports }: PolicyRuleDeclaration, own: string, server: Backend, protocol: Transport): boolean {
  const open =
    ports.length === 0 ||
    ports.some((port) => {
      if (port.protocol !== protocol) return false;
      if (port.port === null) return true;
      if (typeof port.port === "string") return server.ports.some((offered) => offered.name === port.port && offered.port === dnsPort && offered.protocol === protocol);
      return port.port <= dnsPort && dnsPort <= (port.endPort ?? port.port);
    });
  return open && (peers.length === 0 || peers.some((peer) => includes(ctx, peer, own, server)));
}

function includes(ctx: LintContext, peer: PolicyPeerDeclaration, own: string, server: Backend): boolean {
  switch (peer.kind) {
    case "internet":
      return false;
    case "cidr":
      // Where CoreDNS' pods stand in a pool is not known here: a part of the pool gets the benefit of the doubt.
      return ctx.program.cluster.cni.pools.some(({ cidr }) => overlaps(cidr.value, peer.cidr) && !peer.except.some((cut) => containsCidr(cut, cidr.value)));
    case "pods": {
      const namespaces = peer.namespaces === null ? [own] : ctx.pods.namespacesMatching(peer.namespaces);
      return namespaces.includes(server.namespace) && (peer.pods === null || matches(peer.pods, server.labels));
    }
  }
}
