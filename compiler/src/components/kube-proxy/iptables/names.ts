/** Hashed chain names. */
import { hash } from "node:crypto";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The first 16 characters of the base32 text (RFC 4648, upper case) of the SHA-256 of the UTF-8 text: 80 bits of it. */
export function hash16(text: string): string {
  const digest = hash("sha256", text, "buffer");
  let out = "";
  for (let group = 0; group < 2; group++) {
    // Five bytes are eight letters; 40 bits stay exact in a number.
    let bits = digest.readUIntBE(group * 5, 5);
    let letters = "";
    for (let i = 0; i < 8; i++) {
      letters = alphabet.charAt(bits % 32) + letters;
      bits = Math.floor(bits / 32);
    }
    out += letters;
  }
  return out;
}

/** `namespace/name:port`, or `namespace/name` for an unnamed port: what comments and hashes say. */
export function servicePortName(namespace: string, name: string, port: string | null): string {
  return port === null || port === "" ? `${namespace}/${name}` : `${namespace}/${name}:${port}`;
}

export interface ServiceChains {
  /** Cluster policy. */
  readonly svc: string;
  /** Local policy. */
  readonly svl: string;
  /** External traffic. */
  readonly ext: string;
  /** Load-balancer source ranges. */
  readonly fw: string;
}

export function serviceChains(name: string, protocol: string): ServiceChains {
  const suffix = hash16(name + protocol);
  return { svc: `KUBE-SVC-${suffix}`, svl: `KUBE-SVL-${suffix}`, ext: `KUBE-EXT-${suffix}`, fw: `KUBE-FW-${suffix}` };
}

/** `endpoint` is `ip:port`, IPv6 as `[ip]:port`. */
export function endpointChain(name: string, protocol: string, endpoint: string): string {
  return `KUBE-SEP-${hash16(name + protocol + endpoint)}`;
}
