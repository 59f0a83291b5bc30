/** What is legal and most likely does not work as it is meant. Asked of programs without errors only. */
import { compareDiagnostics } from "../diagnostics/diagnostic.ts";
import type { Diagnostic, Label } from "../diagnostics/diagnostic.ts";
import { count } from "../diagnostics/suggest.ts";
import type { CheckedProgram, ClusterProgram } from "../program/checked.ts";
import { lintCapacity } from "./capacity.ts";
import { LintContext } from "./context.ts";
import { lintDnsEgress } from "./dns-egress.ts";
import { lintEndpoints } from "./endpoints.ts";
import { lintFirewalls } from "./firewalls.ts";
import { lintMtu } from "./mtu.ts";
import { lintPolicyPorts } from "./policy-ports.ts";
import { lintRanges } from "./ranges.ts";

/**
 * All findings about a program, in order of their places: those that the checker had, less those that say the same less exactly, and the
 * lints' own.
 */
export function lint({ clusters }: CheckedProgram, found: readonly Diagnostic[], textOf: (path: string) => string): readonly Diagnostic[] {
  const all = clusters.reduce((sum, cluster) => lintCluster(cluster, sum, textOf), found);
  return clusters.length === 1 ? all : distinct(all);
}

/** What is wrong with a network is wrong for each cluster that has it: it is told once. */
function distinct(findings: readonly Diagnostic[]): readonly Diagnostic[] {
  const out = new Map<string, Diagnostic>();
  for (const finding of findings) {
    const { code, message, span } = finding;
    const key = JSON.stringify([code, message, span]);
    if (!out.has(key)) out.set(key, finding);
  }
  return [...out.values()];
}

function lintCluster(program: ClusterProgram, found: readonly Diagnostic[], textOf: (path: string) => string): readonly Diagnostic[] {
  const ctx = new LintContext(program, textOf);
  lintRanges(ctx);
  lintCapacity(ctx);
  lintMtu(ctx);
  lintFirewalls(ctx);
  lintDnsEgress(ctx, found);
  lintEndpoints(ctx);
  const explained = new Set(lintPolicyPorts(ctx).map(({ file, start }) => `${file}\n${start}`));
  const kept = found.filter(({ name, span }) => name !== "policy-port-unoffered" || !explained.has(`${span.file}\n${span.start}`));
  return [...kept, ...ctx.diagnostics].sort(compareDiagnostics);
}

/**
 * A label that is misspelt once makes every selector of it match nothing: one message for those that are written alike. Comments have silenced
 * theirs before, because each speaks of its own line only.
 */
export function mergeSelectors(found: readonly Diagnostic[], textOf: (path: string) => string): readonly Diagnostic[] {
  const first = new Map<string, Diagnostic>();
  const others = new Map<Diagnostic, Label[]>();
  const kept: Diagnostic[] = [];
  for (const diagnostic of found) {
    if (diagnostic.name !== "selects-nothing") {
      kept.push(diagnostic);
      continue;
    }
    const { file, start, end } = diagnostic.span;
    const key = `${diagnostic.message}\n${textOf(file).slice(start, end)}`;
    const earlier = first.get(key);
    if (earlier === undefined) {
      kept.push(diagnostic);
      first.set(key, diagnostic);
    } else others.set(earlier, [...(others.get(earlier) ?? []), { span: diagnostic.span, text: "and here" }]);
  }
  return kept.map((diagnostic) => {
    const same = others.get(diagnostic);
    if (same === undefined) return diagnostic;
    const shown = same.slice(0, 8);
    const notes = same.length > shown.length ? [`and in ${count(same.length - shown.length, "more place")}`] : [];
    return { ...diagnostic, related: [...diagnostic.related, ...shown], notes: [...diagnostic.notes, ...notes] };
  });
}
