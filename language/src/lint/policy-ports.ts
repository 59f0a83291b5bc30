/** Policies that name the port of a service where its pods listen on another. */
import { replace } from "../diagnostics/diagnostic.ts";
import type { PolicyDeclaration, PolicyRuleDeclaration, ServiceDeclaration, ServicePortDeclaration } from "../program/checked.ts";
import type { Span } from "../text/span.ts";
import type { Backend, LintContext } from "./context.ts";

/** Gives the places that it speaks of: what else is said of these ports says less. */
export function lintPolicyPorts(ctx: LintContext): readonly Span[] {
  const services = ctx.program.namespaces.flatMap((namespace) => namespace.services);
  const spans: Span[] = [];
  for (const policy of ctx.program.namespaces.flatMap((namespace) => namespace.policies)) {
    for (const rule of policy.rules) {
      if (!rule.ports.some((port) => typeof port.port === "number" && port.endPort === null)) continue;
      spans.push(...lintRule(ctx, rule, targetsOf(ctx, policy, rule), services));
    }
  }
  return spans;
}

/** Who must listen on the rule's ports; empty when the rule is about others than pods too. */
function targetsOf(ctx: LintContext, policy: PolicyDeclaration, rule: PolicyRuleDeclaration): readonly Backend[] {
  if (rule.direction === "ingress") return ctx.pods.select(policy.namespace, policy.podSelector);
  const out = new Set<Backend>();
  for (const peer of rule.peers) {
    if (peer.kind !== "pods") return [];
    const namespaces = peer.namespaces === null ? [policy.namespace] : ctx.pods.namespacesMatching(peer.namespaces);
    for (const namespace of namespaces) for (const pod of ctx.pods.select(namespace, peer.pods)) out.add(pod);
  }
  return [...out];
}

function lintRule(ctx: LintContext, rule: PolicyRuleDeclaration, targets: readonly Backend[], services: readonly ServiceDeclaration[]): readonly Span[] {
  const spans: Span[] = [];
  for (const { protocol, port, endPort, span } of rule.ports) {
    if (typeof port !== "number" || endPort !== null) continue;
    if (targets.some((pod) => pod.ports.some((offered) => offered.protocol === protocol && offered.port === port))) continue;
    for (const service of services) {
      const servicePort: ServicePortDeclaration | undefined = service.ports.find((candidate) => candidate.port === port && candidate.protocol === protocol);
      if (servicePort === undefined) continue;
      const selector = Object.entries(service.selector.value ?? {});
      if (selector.length === 0) continue;
      const behind = targets.filter((pod) => pod.namespace === service.namespace && selector.every(([key, value]) => pod.labels[key] === value));
      const numbers: ReadonlySet<number> = new Set(behind.flatMap((pod): readonly number[] => targetNumber(pod, servicePort)));
      const [number, ...more] = [...numbers];
      if (number === undefined || numbers.has(port)) continue;
      const target = `${number}/${protocol}`;
      ctx.report(
        "policy-on-service-port",
        { port: `${port}/${protocol}`, service: `${service.namespace}/${service.name}`, target },
        {
          span,
          related: [{ span: servicePort.span, text: "the service's port" }],
          fixes: more.length > 0 || span.expansion !== undefined ? [] : [replace(span, target, `write \`${target}\``, false)],
        },
      );
      spans.push(span);
      break;
    }
  }
  return spans;
}

/** The port that a pod listens on for a service port. */
function targetNumber(pod: Backend, { targetPort, protocol }: ServicePortDeclaration): readonly number[] {
  if (typeof targetPort === "number") return [targetPort];
  return pod.ports.filter((port) => port.name === targetPort && port.protocol === protocol).map((port) => port.port);
}
