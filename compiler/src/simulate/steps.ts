/** What the simulator reports: steps, ends and verdicts. */
import type { Ip } from "@knet/language/values";
import type { Hook, MatchedRule } from "./netfilter.ts";
import type { IcmpErrorKind, Packet } from "./packet.ts";

export type Layer = "send" | "track" | "nat" | "filter" | "route" | "encapsulate" | "wire" | "decapsulate" | "deliver" | "error";

/**
 * What a step did to the packet: it goes on as it came, it goes on as another one (translated, wrapped or unwrapped),
 * or it goes no further. What follows a stop is the host's answer about it.
 */
export type Outcome = "passed" | "changed" | "stopped";

export interface Step {
  /** Host id. */
  readonly host: string;
  readonly layer: Layer;
  readonly hook: Hook | null;
  readonly link: string | null;
  readonly outcome: Outcome;
  /** What happened, in the words of the field; starts in lower case and has no full stop. */
  readonly did: string;
  /** The packet after this step. */
  readonly packet: Packet;
  /** The dataplane's own objects that decided, most telling first: rule lines, routes, neighbours, FDB entries, links. */
  readonly items: readonly object[];
  /** Every rule that matched during the step, in order. */
  readonly matched: readonly MatchedRule[];
}

/** Where a packet's way ended. */
export type End =
  | { readonly kind: "delivered"; readonly host: string; readonly packet: Packet }
  | { readonly kind: "dropped"; readonly host: string; readonly reason: DropReason; readonly by: MatchedRule | null; readonly items: readonly object[] }
  /** The host sent an ICMP error (or a reset) about it; `notice` tells whether that reached the sender. */
  | {
      readonly kind: "error";
      readonly host: string;
      readonly error: IcmpErrorKind | "tcp-reset";
      readonly by: MatchedRule | null;
      readonly items: readonly object[];
      readonly noticed: boolean;
    }
  /** The sending host refused before any packet left. */
  | { readonly kind: "local-error"; readonly host: string; readonly error: "net-unreachable" | "host-unreachable" | "too-big" | "invalid"; readonly by: MatchedRule | null };

export type DropReason =
  | "rule"
  | "policy"
  | "blackhole"
  | "not-forwarding"
  | "martian"
  | "broadcast"
  | "reverse-path"
  | "no-fdb-entry"
  | "no-neighbour"
  | "wrong-mac"
  | "no-tunnel"
  | "host-down"
  | "link-mtu"
  | "too-many-hops";

export type Verdict =
  | "delivered"
  | "refused"
  | "rejected"
  | "dropped"
  | "no-route"
  | "unreachable"
  | "ttl-exceeded"
  | "too-big"
  | "reply-lost";

/** What the program that sent the request sees. */
export type Observation = "ok" | "refused" | "hostunreach" | "netunreach" | "msgsize" | "invalid" | "not-permitted" | "timeout";

export interface Choice {
  readonly matched: boolean;
  readonly probability: number;
}

export interface Journey {
  readonly verdict: Verdict;
  readonly observed: Observation;
  readonly request: readonly Step[];
  readonly reply: readonly Step[];
  readonly requestEnd: End;
  readonly replyEnd: End | null;
  /**
   * Host id of what received the request: of the listener that answers, which on a node may be a pod on the host network,
   * and where nobody listens, of the pod or machine whose network namespace it came to. Null when it never arrived.
   */
  readonly server: string | null;
  readonly serverPort: number | null;
  /** The source address that the server saw. */
  readonly sourceSeen: Ip | null;
  /** The product of the probabilities of the random choices on the way. */
  readonly probability: number;
  readonly choices: readonly Choice[];
}
