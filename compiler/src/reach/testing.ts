/** Programs and their reachability as text. For tests. */
import { checkSource } from "../compilation/compilation.ts";
import type { Compilation } from "../compilation/compilation.ts";
import { reachTxt } from "../report/reach-txt.ts";
import { reach } from "./reach.ts";
import { select } from "./select.ts";
import type { Selection } from "./select.ts";
import type { ReachReport } from "./types.ts";

const cluster = `cluster demo {
  service-cidr = 10.96.0.0/16
  cni calico {
    pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan, nat-outgoing = true }
  }
}
network dc {
  subnet lan { cidr = 192.168.1.0/24 }
  router core { joins = [lan], nat = internet }
}
node n-1 in lan { address = 192.168.1.11 }
node n-2 in lan { address = 192.168.1.12 }
`;

/** The snippet in a cluster of two nodes, unless it brings its own. */
export function compile(snippet: string): Compilation {
  const text = snippet.includes("cluster ") ? snippet : cluster + snippet;
  const { compilation, diagnostics } = checkSource("t.knet", text, null);
  if (compilation === null) throw new Error(diagnostics.map((diagnostic) => diagnostic.message).join("; "));
  return compilation;
}

export function selected(compilation: Compilation, text: string): Selection {
  const found = select(compilation.model, text);
  if (!found.ok) throw new Error(found.message);
  return found.selection;
}

export interface Asked {
  readonly from?: string;
  readonly to?: string;
  readonly explain?: boolean;
}

/** @throws Error when the two judges disagree. */
export function reachReport(compilation: Compilation, asked: Asked = {}): ReachReport {
  const report = reach(compilation.scenario, {
    from: asked.from === undefined ? null : selected(compilation, asked.from),
    to: asked.to === undefined ? null : selected(compilation, asked.to),
    explain:
      asked.explain === true
        ? {
            intent: compilation.scenario.intent,
            place: (span) => `${span.file}:${compilation.source.text.slice(0, span.start).split("\n").length}`,
          }
        : null,
  });
  const [first] = report.disagreements;
  if (first !== undefined)
    throw new Error(
      `${first.flow.from.name} → ${first.flow.to.name} ${first.flow.port}/${first.flow.protocol}: ${first.simulated} / ${first.intended}`,
    );
  return report;
}

/** The lines of `--format txt`. */
export function lines(compilation: Compilation, asked: Asked = {}): readonly string[] {
  return reachTxt(reachReport(compilation, asked)).trimEnd().split("\n");
}
