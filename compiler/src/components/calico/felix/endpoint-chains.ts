/** The two chains of one pod: what may come to it and what may leave it. */
import type { Origin } from "@knet/language";
import { accept, clearMark, markClear, markSet, pass, verdict } from "./marks.ts";
import { chainName } from "./object-names.ts";
import { endpointChainName } from "./dispatch-chains.ts";
import type { EndpointDirection } from "./dispatch-chains.ts";
import type { FelixChain, FelixRule } from "./rule.ts";

export interface EndpointChainOptions {
  readonly direction: EndpointDirection;
  readonly device: string;
  /** Chains of the policies and groups of the default tier, in order; empty when none applies in this direction. */
  readonly policies: readonly string[];
  /** Profile names in order: `kns.<namespace>`, `ksa.<namespace>.<service account>`. */
  readonly profiles: readonly string[];
  readonly vxlanPort: number;
  readonly origin: Origin;
}

export function profileChainName(direction: EndpointDirection, profile: string): string {
  return chainName(direction === "to" ? "cali-pri-" : "cali-pro-", profile);
}

export function endpointChain(options: EndpointChainOptions): FelixChain {
  const { direction, origin } = options;
  const rules: FelixRule[] = [];
  const add = (match: string, action: string, comment?: string): void => {
    rules.push({ match, action, origin, ...(comment === undefined ? {} : { comments: [comment] }) });
  };
  add("-m conntrack --ctstate RELATED,ESTABLISHED", "--jump ACCEPT");
  add("-m conntrack --ctstate INVALID", "--jump DROP");
  add("", clearMark(verdict));
  if (direction === "from") {
    add(
      `-p 17 -m multiport --destination-ports ${options.vxlanPort}`,
      "--jump DROP",
      "Drop VXLAN encapped packets originating in workloads",
    );
    add("-p 4", "--jump DROP", "Drop IPinIP encapped packets originating in workloads");
  }
  if (options.policies.length > 0) {
    add("", clearMark(pass), "Start of tier default");
    for (const chain of options.policies) {
      add(markClear(pass), `--jump ${chain}`);
      add(markSet(accept), "--jump RETURN", "Return if policy accepted");
    }
    add(markClear(pass), "--jump DROP", "End of tier default. Drop if no policies passed packet");
  }
  for (const profile of options.profiles) {
    add("", `--jump ${profileChainName(direction, profile)}`);
    add(markSet(accept), "--jump RETURN", "Return if profile accepted");
  }
  add("", "--jump DROP", "Drop if no profiles matched");
  return { name: endpointChainName(direction, options.device), rules, origin };
}
