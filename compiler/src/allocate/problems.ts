/** What can go wrong when names get addresses and ports; the caller makes diagnostics of it. */
import type { Cidr, Ip } from "@knet/language/values";

export type AddressProblem =
  /** No free address is left for `key`. */
  | { readonly kind: "range-full"; readonly key: string; readonly range: Cidr }
  /** A pinned address that the range does not offer: outside it, or its network or broadcast address. */
  | { readonly kind: "outside-range"; readonly key: string; readonly address: Ip; readonly range: Cidr }
  /** A pinned address of two names; `holder` is null for a reserved one (a router's). */
  | { readonly kind: "already-taken"; readonly key: string; readonly address: Ip; readonly holder: string | null };

export interface PortBand {
  readonly first: number;
  readonly last: number;
}

export type PortProblem =
  | { readonly kind: "range-full"; readonly key: string; readonly range: PortBand }
  | { readonly kind: "outside-range"; readonly key: string; readonly port: number; readonly range: PortBand }
  | { readonly kind: "already-taken"; readonly key: string; readonly port: number; readonly holder: string | null };
