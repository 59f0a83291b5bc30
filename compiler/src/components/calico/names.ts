/** Names and addresses that Calico derives from names. */
import { hash } from "node:crypto";
import { ip6 } from "@knet/language/values";
import type { Family, Ip } from "@knet/language/values";

/** Every pod's device on its node begins so; Felix's rules match `cali+`. */
export const workloadPrefix = "cali";

/** The node's side of every pod's veth pair. */
export const hostSideMac = "ee:ee:ee:ee:ee:ee";

/** What that MAC makes of the node's link-local address: the pod's IPv6 gateway. */
export const hostSideLinkLocal: Ip = ip6(0xfe800000, 0, 0xecee_eeff, 0xfeee_eeee);

/** The node's device of a pod: `cali` and the first eleven hex digits of SHA-1 of `<namespace>.<pod>`. */
export function workloadInterface(namespace: string, pod: string): string {
  return `${workloadPrefix}${hash("sha1", `${namespace}.${pod}`, "hex").slice(0, 11)}`;
}

export function vxlanDevice(family: Family): "vxlan.calico" | "vxlan-v6.calico" {
  return family === 4 ? "vxlan.calico" : "vxlan-v6.calico";
}

/** MAC of a node's VXLAN device: `66:` and the first five bytes of SHA-1 of the node's name (with `-v6` behind it for IPv6). */
export function vtepMac(node: string, family: Family): string {
  const digest = hash("sha1", family === 4 ? node : `${node}-v6`, "buffer");
  return ["66", ...[...digest.subarray(0, 5)].map((byte) => byte.toString(16).padStart(2, "0"))].join(":");
}
