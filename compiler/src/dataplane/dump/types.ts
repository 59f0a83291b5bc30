/** A difference between a live host and its compiled dataplane. */
import type { Origin } from "@knet/language";

export type Facility = "links" | "addresses" | "routes" | "rules" | "neighbours" | "fdb" | "sysctls" | "iptables" | "ip6tables" | "ipsets";

export interface Difference {
  readonly facility: Facility;
  readonly kind: "missing" | "unexpected" | "different";
  /** What should be there, as its tool writes it. Null when it should not. */
  readonly expected: string | null;
  /** What is there. Null when it is not. */
  readonly found: string | null;
  /** Who should have put it there; of something unexpected, who did as far as the dump tells. */
  readonly owner: string;
  /** The declaration behind what is expected; of something unexpected, its place in the dump. */
  readonly origin: Origin;
}
