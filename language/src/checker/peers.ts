/** What the parties of rules and assertions have in common. */
import type { PeerNode } from "../ast/nodes.ts";
import { replace } from "../diagnostics/diagnostic.ts";
import type { Cidr } from "../values/index.ts";
import type { CheckContext } from "./context.ts";
import { cidrOrAddress } from "./values.ts";

/** A party as a message names it. */
export function describePeer(ctx: CheckContext, peer: PeerNode): string {
  switch (peer.form) {
    case "pods":
      return "a set of pods";
    case "namespaces":
      return "a set of namespaces";
    case "value":
    case "all-pods":
    case "all-namespaces":
    case "namespace":
    case "internet":
    case "anyone":
    case "anything":
    case "nothing":
    case "nodes":
    case "node":
    case "subnet":
    case "service":
      return `\`${ctx.text(peer)}\``;
  }
}

/** @param instead what to write in its place, when that is plain */
export function wrongPeer(ctx: CheckContext, peer: PeerNode, what: string, where: string, instead: string | null, help: string): null {
  const span = ctx.span(peer);
  ctx.report(
    "wrong-peer",
    { peer: what, where },
    {
      span,
      help: instead === null ? help : `did you mean \`${instead}\`?`,
      ...(instead === null ? {} : { fixes: [replace(span, instead, `write \`${instead}\``, false)] }),
    },
  );
  return null;
}

/**
 * The CIDR of a party that is one value. A bare word is most likely a name without its kind.
 * @param kinds kinds of names that may be meant
 */
export function scalarPeer(
  ctx: CheckContext,
  peer: PeerNode,
  where: string,
  kinds: readonly ("subnet" | "node" | "namespace")[],
): { readonly cidr: Cidr | null } | null {
  const value = peer.value;
  if (value === null || value.kind !== "scalar" || value.form === "malformed") return null;
  if (value.form === "cidr" || value.form === "address") return { cidr: cidrOrAddress(ctx, value) };
  const tables = { subnet: ctx.symbols.subnets, node: ctx.symbols.nodes, namespace: ctx.symbols.namespaces };
  const kind = kinds.find((candidate) => tables[candidate].has(value.text));
  return wrongPeer(
    ctx,
    peer,
    `\`${ctx.text(value)}\``,
    where,
    kind === undefined ? null : `${kind} ${value.text}`,
    kinds.includes("namespace")
      ? "name a kind: `pods …`, `all pods`, `namespaces …`, `namespace …`, `internet`, `anyone` or a CIDR"
      : "name a kind: `subnet …`, `nodes`, `internet`, `anyone` or a CIDR",
  );
}
