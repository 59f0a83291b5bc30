/** `dns-policy` and `dns-config` of pods and workloads. */
import type { BlockNode } from "../ast/nodes.ts";
import { blocksOf } from "../binder/binder.ts";
import type { DnsConfigDeclaration, DnsPolicy, ResolverSwitch, Sourced } from "../program/checked.ts";
import type { CheckContext } from "./context.ts";
import { secondsOf } from "./durations.ts";
import { addressListOf, domainListOf } from "./lists.ts";
import { booleanOf, choiceOf, integerOf, read } from "./values.ts";

export interface DnsSettings {
  readonly dnsPolicy: Sourced<DnsPolicy>;
  readonly dnsConfig: DnsConfigDeclaration | null;
}

const policies: Readonly<Record<string, DnsPolicy>> = {
  "cluster-first": "ClusterFirst",
  "cluster-first-with-host-net": "ClusterFirstWithHostNet",
  default: "Default",
  none: "None",
};

/** What the API server allows; search domains also have a limit of characters together. */
const mostServers = 3;
const mostSearches = 32;
const mostSearchCharacters = 2048;

/** Null when a part of it is wrong. */
export function dnsSettings(ctx: CheckContext, block: BlockNode): DnsSettings | null {
  const policy = read<DnsPolicy>(ctx, block, "dns-policy", choiceOf(policies), "ClusterFirst");
  const blocks = blocksOf(block.body?.members, block.keyword.value).filter((inner) => inner.keyword.value === "dns-config");
  const [first, second] = blocks;
  if (first !== undefined && second !== undefined) {
    ctx.report(
      "duplicate-attribute",
      { name: "dns-config" },
      { span: ctx.header(second), related: [{ span: ctx.header(first), text: "first here" }] },
    );
  }
  const config = first === undefined ? null : configOf(ctx, first);
  if (policy?.value === "None" && (first === undefined || config?.nameservers.value.length === 0)) {
    ctx.report(
      "no-nameserver",
      {},
      {
        span: policy.span,
        help: "say `dns-config { nameservers = […] }`",
        related: first === undefined ? [] : [{ span: ctx.header(first), text: "there is none here" }],
      },
    );
  }
  return policy === null || (first !== undefined && config === null) ? null : { dnsPolicy: policy, dnsConfig: config };
}

/** What a pod without any of it has. */
export function defaultDns(ctx: CheckContext, block: BlockNode): DnsSettings {
  return { dnsPolicy: { value: "ClusterFirst", span: ctx.header(block), explicit: false }, dnsConfig: null };
}

function configOf(ctx: CheckContext, block: BlockNode): DnsConfigDeclaration | null {
  const nameservers = read(ctx, block, "nameservers", addressListOf(mostServers), []);
  const searches = read(ctx, block, "searches", domainListOf(mostSearches), []);
  const characters = (searches?.value ?? []).join(" ").length;
  if (searches !== null && characters > mostSearchCharacters) {
    ctx.report(
      "out-of-range",
      { what: "the length of all search domains together", value: String(characters), first: 0, last: mostSearchCharacters },
      { span: searches.span },
    );
  }
  const ndots = read<number | null>(ctx, block, "ndots", integerOf, null);
  const timeout = read<number | null>(ctx, block, "timeout", secondsOf, null);
  const attempts = read<number | null>(ctx, block, "attempts", integerOf, null);
  const flag = (name: ResolverSwitch): Sourced<boolean> | null => read(ctx, block, name, booleanOf, false);
  const rotate = flag("rotate");
  const useVc = flag("use-vc");
  const edns0 = flag("edns0");
  const single = flag("single-request");
  const reopen = flag("single-request-reopen");
  const trustAd = flag("trust-ad");
  if (nameservers === null || searches === null || ndots === null || timeout === null || attempts === null) return null;
  if (rotate === null || useVc === null || edns0 === null || single === null || reopen === null || trustAd === null) return null;
  return {
    name: "dns-config",
    header: ctx.header(block),
    span: ctx.span(block),
    nameservers,
    searches,
    ndots,
    timeout,
    attempts,
    switches: { rotate, "use-vc": useVc, edns0, "single-request": single, "single-request-reopen": reopen, "trust-ad": trustAd },
  };
}
