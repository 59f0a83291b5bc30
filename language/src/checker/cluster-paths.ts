/** Names with their cluster in front: `west/shop/client`, `node west/node-a`, `in west/shop`. */
import type { NameNode, NodeBase, PeerNode, ScalarNode } from "../ast/nodes.ts";
import type { CheckContext } from "./context.ts";
import { wrongPeer } from "./peers.ts";

/** What a party of an assertion names. */
export interface Place {
  /** Null: it does not say. */
  readonly cluster: NameNode | null;
  /** The party as the block of the cluster would name it. */
  readonly peer: PeerNode;
}

/** Null: it is in no cluster, as addresses, `internet` and `anything` are. */
export function placeOf(peer: PeerNode): Place | null {
  switch (peer.form) {
    case "value":
    case "service": {
      const { value } = peer;
      if (value?.kind !== "scalar" || (value.form !== "path" && value.form !== "dotted")) return null;
      const split = value.form === "path" ? null : splitPath(value);
      return { cluster: split?.cluster ?? null, peer: { ...peer, value: split?.rest ?? value } };
    }
    case "node":
    case "pods":
    case "all-pods": {
      if (peer.name === null) return peer.form === "node" ? null : { cluster: null, peer };
      const { cluster, name } = splitName(peer.name);
      return { cluster, peer: { ...peer, name } };
    }
    case "nodes":
      return { cluster: null, peer };
    default:
      return null;
  }
}

function splitPath(value: ScalarNode): { readonly cluster: NameNode; readonly rest: ScalarNode } | null {
  const [cluster = "", namespace = "", name = "", ...more] = value.text.split("/");
  if (cluster === "" || namespace === "" || name === "" || more.length > 0) return null;
  const rest: ScalarNode = { ...value, form: "path", text: `${namespace}/${name}`, start: within(value, value.start + cluster.length + 1) };
  return { cluster: nameAt(value, cluster), rest };
}

/** Neither nodes nor namespaces have a slash in their names, so that of a name in quotes is behind a cluster's, too. */
export function splitName(name: NameNode): { readonly cluster: NameNode | null; readonly name: NameNode } {
  const slash = name.value.indexOf("/");
  if (slash < 0) return { cluster: null, name };
  return { cluster: nameAt(name, name.value.slice(0, slash)), name: { ...name, value: name.value.slice(slash + 1), start: within(name, name.start + slash + 1) } };
}

function nameAt(node: ScalarNode | NameNode, value: string): NameNode {
  return { kind: "name", start: node.start, end: within(node, node.start + value.length), source: node.source, value, quoted: false, parts: null };
}

/** What is computed may be longer than what is written. */
function within(node: NodeBase, at: number): number {
  return Math.min(at, node.end);
}

/** Reports a party that names its cluster where the assertion is about the cluster that is checked; null for any other. */
export function misplacedCluster(ctx: CheckContext, peer: PeerNode): "reported" | null {
  const place = placeOf(peer);
  if (place === null || place.cluster === null) return null;
  const { value } = place.cluster;
  const text = ctx.text(peer);
  if (value === ctx.cluster?.name) {
    const at = place.cluster.start - peer.start;
    wrongPeer(ctx, peer, `\`${text}\``, "where only one cluster is meant", text.slice(0, at) + text.slice(at + value.length + 1), "");
  } else unknownCluster(ctx, peer, place.cluster);
  return "reported";
}

/** Reports a namespace that names its cluster, as {@link misplacedCluster} does. */
export function misplacedNamespace(ctx: CheckContext, name: NameNode): "reported" | null {
  const { cluster, name: rest } = splitName(name);
  if (cluster === null) return null;
  if (cluster.value !== ctx.cluster?.name) unknownCluster(ctx, name, cluster);
  else {
    const span = ctx.span(name);
    const fix = { title: `write \`${rest.value}\``, edits: [{ span, text: rest.value }], safe: false };
    ctx.report("wrong-peer", { peer: `\`${name.value}\``, where: "where only one cluster is meant" }, { span, help: `did you mean \`${rest.value}\`?`, fixes: [fix] });
  }
  return "reported";
}

function unknownCluster(ctx: CheckContext, party: PeerNode | NameNode, cluster: NameNode): void {
  const names = ctx.symbols.clusters.map(({ name }) => name);
  if (!names.includes(cluster.value)) {
    ctx.unknown("cluster", cluster.value, ctx.span(cluster), names);
    return;
  }
  ctx.report(
    "wrong-peer",
    { peer: `\`${ctx.text(party)}\``, where: `in the block of cluster \`${ctx.cluster?.name ?? ""}\`` },
    { span: ctx.span(party), help: "an assertion between clusters stands outside their blocks" },
  );
}
