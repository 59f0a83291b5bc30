/** Addresses that stand for no machine on a wire. */
import type { BlockNode } from "../ast/nodes.ts";
import { formatIp, isSpecial } from "../values/index.ts";
import type { Ip } from "../values/index.ts";
import type { CheckContext } from "./context.ts";
import { nodeOfAddress } from "./values.ts";

/** What kind of special address it is, for a message. */
function kindOf(ip: Ip): string {
  if (ip.family === 4) {
    const first = ip.d >>> 24;
    if (first === 127) return "a loopback address";
    if (first === 169) return "a link-local address";
    if (first === 0) return "the unspecified network";
    return first < 240 ? "a multicast address" : "a reserved address";
  }
  if (ip.a === 0) return ip.d === 1 ? "a loopback address" : "the unspecified address";
  return ip.a >>> 24 === 0xff ? "a multicast address" : "a link-local address";
}

/** Reports an address of an attribute that cannot be a machine's, and gives false then. */
export function checkUsable(ctx: CheckContext, block: BlockNode, attribute: string, ip: Ip): boolean {
  if (!isSpecial(ip)) return true;
  const span = ctx.span(nodeOfAddress(block, attribute, ip) ?? block);
  ctx.report("special-address", { attribute, address: formatIp(ip), reason: `it is ${kindOf(ip)}` }, { span });
  return false;
}
