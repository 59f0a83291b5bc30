/** The two chains of one pod: what may come to it and what may leave it. */
import type { Origin } from "@knet/language";
import { accept, clearMark, markClear, markSet, pass, verdict } from "./marks.ts";
import { chainName } from "./object-names.ts";
import { endpointChainName } from "./dispatch-chains.ts";
import type { EndpointDirection } from "./dispatch-chains.ts";
import type { FelixChain, FelixRule } from "./rule.ts";

/** Goes to the chain of a policy or of a group of policies. */
export interface PolicyJump {
  readonly chain: string;
  readonly origin: Origin;
}

export interface EndpointChainOptions {
  readonly direction: EndpointDirection;
  readonly device: string;
  /** Chains of the policies and groups of the default tier, in order; empty when none applies in this direction. */
  readonly policies: readonly PolicyJump[];
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
  const add = (match: string, action: string, comment?: string, cause: Origin = origin): void => {
    rules.push({ match, action, origin: cause, ...(comment === undefined ? {} : { comments: [comment] }) });
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
  const [first] = options.policies;
  if (first !== undefined) {
    // Whoever is stopped here is stopped by the policies that isolate the pod, not by the pod.
    const isolating = joinedOrigin(options.policies, first.origin);
    add("", clearMark(pass), "Start of tier default", isolating);
    for (const policy of options.policies) {
      add(markClear(pass), `--jump ${policy.chain}`, undefined, policy.origin);
      add(markSet(accept), "--jump RETURN", "Return if policy accepted", policy.origin);
    }
    add(markClear(pass), "--jump DROP", "End of tier default. Drop if no policies passed packet", isolating);
  }
  for (const profile of options.profiles) {
    add("", `--jump ${profileChainName(direction, profile)}`);
    add(markSet(accept), "--jump RETURN", "Return if profile accepted");
  }
  add("", "--jump DROP", "Drop if no profiles matched");
  return { name: endpointChainName(direction, options.device), rules, origin };
}

const joinedOrigins = new WeakMap<readonly PolicyJump[], Origin>();

/** All policies by name, at the place of the first; made once for all pods that have the very same list. */
function joinedOrigin(policies: readonly PolicyJump[], first: Origin): Origin {
  let joined = joinedOrigins.get(policies);
  if (joined === undefined) {
    joined = { ...first, name: policies.map((policy) => policy.origin.name).join(" and ") };
    joinedOrigins.set(policies, joined);
  }
  return joined;
}
