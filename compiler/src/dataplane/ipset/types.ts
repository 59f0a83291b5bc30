/** IP sets of one Linux host. */
import type { Origin } from "@knet/language";

export interface IpSet {
  /** At most 31 characters. */
  readonly name: string;
  readonly type: "hash:net" | "hash:ip" | "hash:ip,port";
  readonly family: 4 | 6;
  readonly maxElements: number;
  readonly members: readonly IpSetMember[];
  readonly owner: string;
  readonly origin: Origin;
}

export interface IpSetMember {
  /** As `ipset add` takes it: `10.0.0.1`, `10.0.0.0/8`, `10.0.0.1,tcp:80`. */
  readonly text: string;
  readonly origin: Origin;
}
