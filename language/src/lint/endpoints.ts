/** Services that select pods, none of which is ready. */
import type { LintContext } from "./context.ts";

export function lintEndpoints(ctx: LintContext): void {
  for (const service of ctx.program.namespaces.flatMap((namespace) => namespace.services)) {
    if (service.publishNotReady.value) continue;
    const { value, span } = service.selector;
    if (value === null) continue;
    const requirements = Object.entries(value).map(([key, wanted]) => ({ key, operator: "In" as const, values: [wanted] }));
    const selected = ctx.pods.select(service.namespace, { requirements, span });
    // A service that selects nothing at all has been told.
    if (selected.length === 0 || selected.some((pod) => pod.ready > 0)) continue;
    // kube-proxy falls back to pods that end and still serve; the DNS records of a headless service leave them out.
    if (!service.headless.value && selected.some((pod) => pod.serving > 0)) continue;
    const pods = selected.reduce((sum, pod) => sum + pod.pods, 0);
    ctx.report(
      "no-ready-endpoints",
      { service: `${service.namespace}/${service.name}`, pods },
      {
        span: service.header,
        related: selected.slice(0, 4).map((pod) => ({ span: pod.header, text: pod.pods === 0 ? "has no replicas" : pod.serving > 0 ? "is terminating" : "not ready" })),
        help: "clients are refused at once; `publish-not-ready = true` counts pods that are not ready",
      },
    );
  }
}
