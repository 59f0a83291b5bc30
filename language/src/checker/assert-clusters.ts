/** `assert` at the top of a file of several clusters: its parties name their cluster, as `west/shop/client` does. */
import type { BlockNode, NameNode, PeerNode } from "../ast/nodes.ts";
import { visit } from "../ast/visit.ts";
import type { DeclaredSymbol } from "../binder/binder.ts";
import type { AssertDeclaration, BetweenAssertion } from "../program/checked.ts";
import { assertOf } from "./assert.ts";
import type { AssertFacts, Party } from "./assert.ts";
import type { CheckContext } from "./context.ts";
import { placeOf, splitName } from "./cluster-paths.ts";
import type { Place } from "./cluster-paths.ts";
import { wrongPeer } from "./peers.ts";
import { describe } from "./structure.ts";

/** A cluster whose declarations are checked. */
export interface ClusterHome {
  readonly cluster: DeclaredSymbol;
  readonly ctx: CheckContext;
  readonly facts: AssertFacts;
}

export interface TopAssertions {
  /** Those about one cluster alone, by the cluster. */
  readonly within: ReadonlyMap<ClusterHome, readonly AssertDeclaration[]>;
  readonly between: readonly BetweenAssertion[];
}

/** @param top what is known of the whole program; its members are those at the top of files */
export function checkTopAsserts(top: CheckContext, homes: readonly ClusterHome[]): TopAssertions {
  const within = new Map<ClusterHome, AssertDeclaration[]>();
  const between: BetweenAssertion[] = [];
  for (const block of top.members) {
    if (block.keyword.value !== "assert") continue;
    const named = clustersOf(top, block, homes);
    const [home, other] = homes.filter((candidate) => named.has(candidate));
    if (home === undefined) continue;
    const several = other !== undefined;
    const party = (peer: PeerNode): Party | null => partyOf(top, peer, homes, several ? null : home);
    // What needs no party, such as the number of failures, is asked of the first cluster named.
    const namespace = (name: NameNode): { readonly ctx: CheckContext; readonly name: NameNode } | null => namespaceOf(top, name, homes, home);
    const assertion = assertOf(home.ctx, block, { ...home.facts, resolution: { party, namespace } });
    if (assertion === null) continue;
    if (several) {
      const { title, header, span, statements } = assertion;
      const texts = statements.map((statement) => top.program.textOf(statement.span.file).slice(statement.span.start, statement.span.end));
      between.push({ title, header, span, clusters: homes.filter((candidate) => named.has(candidate)).map(({ cluster }) => cluster.name), statements: texts });
    } else {
      const known = within.get(home);
      if (known === undefined) within.set(home, [assertion]);
      else known.push(assertion);
    }
  }
  return { within, between };
}

/** In what place a party has to name its cluster. */
const besideClusters = "in an assertion outside the blocks of the clusters";

/** The clusters that an assertion names; an assertion that names none is reported, as is a name that is no cluster's. */
function clustersOf(top: CheckContext, block: BlockNode, homes: readonly ClusterHome[]): ReadonlySet<ClusterHome> {
  const named = new Set<ClusterHome>();
  let unknown = false;
  const meet = (place: Pick<Place, "cluster"> | null): void => {
    if (place?.cluster == null) return;
    const home = homeOf(top, place.cluster, homes);
    if (home === null) unknown = true;
    else named.add(home);
  };
  visit(block, (node) => {
    if (node.kind === "peer") meet(placeOf(node));
    if (node.kind === "connectivity" && node.namespace !== null) meet(splitName(node.namespace));
    return true;
  });
  if (named.size === 0 && !unknown && (block.body?.members.length ?? 0) > 0) {
    const [first, second] = homes.map(({ cluster }) => cluster.name);
    top.report(
      "several-clusters",
      { what: describe(block) },
      {
        span: top.header(block),
        help: `name the cluster of its parties, as in \`${first ?? ""}/namespace/pod\`, or put it into \`cluster ${first ?? ""} { … }\` or \`cluster ${second ?? ""} { … }\``,
      },
    );
  }
  // What else is wrong with an assertion about a cluster that is not there is said once it is.
  return unknown ? new Set() : named;
}

function homeOf(top: CheckContext, name: NameNode, homes: readonly ClusterHome[]): ClusterHome | null {
  const found = homes.find(({ cluster }) => cluster.name === name.value);
  if (found !== undefined) return found;
  top.unknown(
    "cluster",
    name.value,
    top.span(name),
    homes.map(({ cluster }) => cluster.name),
  );
  return null;
}

/** @param only the cluster of the whole assertion; null: it names several */
function partyOf(top: CheckContext, peer: PeerNode, homes: readonly ClusterHome[], only: ClusterHome | null): Party | null {
  const place = placeOf(peer);
  const [first] = homes;
  const anywhere = only ?? first;
  if (anywhere === undefined) return null;
  if (place === null) return { ctx: anywhere.ctx, facts: anywhere.facts, peer };
  if (place.cluster !== null) {
    const home = homeOf(top, place.cluster, homes);
    if (home === null) return null;
    top.symbols.references.push({ symbol: home.cluster, span: top.span(place.cluster) });
    return { ctx: home.ctx, facts: home.facts, peer: place.peer };
  }
  // Sets of pods and nodes are those of the one cluster that the assertion is about.
  const isSet = peer.form === "nodes" || ((peer.form === "pods" || peer.form === "all-pods") && peer.name === null);
  if (isSet && only !== null) return { ctx: only.ctx, facts: only.facts, peer };
  return wrongPeer(
    top,
    peer,
    `\`${top.text(peer)}\``,
    besideClusters,
    only === null ? null : placed(top, peer, only.cluster.name),
    isSet ? "name the namespace with its cluster: `in cluster/namespace`" : "name the cluster: `cluster/namespace/pod`, `node cluster/name`, `in cluster/namespace`",
  );
}

/** The party with the cluster's name in front of its own. */
function placed(top: CheckContext, peer: PeerNode, cluster: string): string | null {
  const inner = peer.form === "value" || peer.form === "service" ? peer.value : peer.name;
  if (inner === null || (inner.kind === "name" && inner.quoted)) return null;
  const text = top.text(peer);
  const at = inner.start - peer.start;
  return `${text.slice(0, at)}${cluster}/${text.slice(at)}`;
}

function namespaceOf(
  top: CheckContext,
  name: NameNode,
  homes: readonly ClusterHome[],
  only: ClusterHome,
): { readonly ctx: CheckContext; readonly name: NameNode } | null {
  const split = splitName(name);
  if (split.cluster !== null) {
    const home = homeOf(top, split.cluster, homes);
    return home === null ? null : { ctx: home.ctx, name: split.name };
  }
  const instead = `${only.cluster.name}/${name.value}`;
  top.report(
    "wrong-peer",
    { peer: `\`${name.value}\``, where: besideClusters },
    { span: top.span(name), help: `did you mean \`${instead}\`?`, fixes: [{ title: `write \`${instead}\``, edits: [{ span: top.span(name), text: instead }], safe: false }] },
  );
  return null;
}
