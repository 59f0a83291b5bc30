/** Address families of services: `families`, `family-policy`, pinned cluster IPs and what the cluster offers. */
import type { BlockNode } from "../ast/nodes.ts";
import { nameOf } from "../binder/binder.ts";
import type { ServiceDeclaration } from "../program/checked.ts";
import { formatIp } from "../values/index.ts";
import type { Family } from "../values/index.ts";
import type { ClusterFacts } from "./cluster.ts";
import type { CheckContext } from "./context.ts";
import { familyPolicies } from "./service-settings.ts";
import type { CompleteSettings, ServiceSettings } from "./service-settings.ts";
import { nodeOfAddress } from "./values.ts";

/** Each family needs a service range, a pinned address needs its family, and the policy must allow as many as there are. */
export function checkFamilies(ctx: CheckContext, block: BlockNode, settings: ServiceSettings, cluster: ClusterFacts): void {
  const { families, familyPolicy, clusterIps } = settings;
  if (families === null || familyPolicy === null || clusterIps === null) return;
  const service = nameOf(block);
  const ranges = cluster.serviceCidrs;
  const isServed = (family: Family): boolean => ranges === null || ranges.some((cidr) => cidr.ip.family === family);
  for (const family of families.value) {
    if (!isServed(family))
      ctx.report("service-family", { service, family, reason: "the cluster has no such service range" }, { span: families.span });
  }
  if (families.value.length > 0 && (familyPolicy.value ?? "SingleStack") === "SingleStack") {
    for (const address of clusterIps.value) {
      if (families.value.includes(address.family)) continue;
      const span = ctx.span(nodeOfAddress(block, "cluster-ip", address) ?? block);
      ctx.report(
        "service-family",
        { service, family: address.family, reason: `\`families\` leaves out that of \`${formatIp(address)}\`` },
        { span, related: [{ span: families.span, text: "its families" }] },
      );
    }
  }
  if (familyPolicy.value === null) return;
  const policy = Object.keys(familyPolicies).find((word) => familyPolicies[word] === familyPolicy.value) ?? "";
  if (familyPolicy.value === "SingleStack") {
    for (const [name, asked] of [["families", families] as const, ["cluster-ip", clusterIps] as const]) {
      if (asked.value.length < 2) continue;
      ctx.report(
        "family-policy",
        { policy, reason: `\`${name}\` names two families` },
        { span: familyPolicy.span, related: [{ span: asked.span, text: "two families" }] },
      );
    }
  } else if (familyPolicy.value === "RequireDualStack") {
    const missing = ([4, 6] as const).find((family) => !isServed(family));
    if (missing !== undefined && !families.value.includes(missing)) {
      ctx.report("family-policy", { policy, reason: `the cluster has no IPv${missing} service range` }, { span: familyPolicy.span });
    }
  }
}

/**
 * The families of a sound service, primary first. A headless service that selects nothing and says nothing has both, even where the cluster
 * has one: the API server cannot know what its endpoints will be.
 */
export function familiesIn(
  service: Pick<ServiceDeclaration, "selector"> | { readonly selector: ServiceDeclaration["selector"] | null },
  settings: CompleteSettings,
  cluster: ClusterFacts,
): readonly Family[] {
  const offered = (cluster.serviceCidrs ?? []).map((cidr) => cidr.ip.family);
  const pinned = settings.clusterIps.value.map((ip) => ip.family);
  const asked = settings.families.value.length > 0 ? settings.families.value : pinned;
  const first = asked.length > 0 ? asked : offered.slice(0, 1);
  const policy = settings.familyPolicy.value;
  const both = first[0] === 6 ? ([6, 4] as const) : ([4, 6] as const);
  if (policy === "RequireDualStack") return both;
  if (policy === "PreferDualStack") return offered.length > 1 ? both : first;
  const isOpen = settings.headless.value && service.selector?.value == null && policy === null && asked.length === 0;
  return isOpen ? both : first;
}
