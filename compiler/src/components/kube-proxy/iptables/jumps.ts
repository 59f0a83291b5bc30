/** The jumps from built-in chains, and the empty chains, that are not part of the payload. */
import type { Origin } from "@knet/language";
import type { ChainLine, IptablesFile, IptablesTable, RuleLine, TableName } from "../../../dataplane/netfilter/types.ts";

interface Jump {
  readonly table: TableName;
  readonly from: readonly string[];
  /** Only the first packet of a connection. */
  readonly isNew: boolean;
  readonly comment: string;
  readonly to: string;
}

/** In the order in which kube-proxy ensures them. Each is inserted at the top, so the built-in chains show them reversed. */
const jumps: readonly Jump[] = [
  {
    table: "filter",
    from: ["INPUT", "FORWARD"],
    isNew: true,
    comment: "kubernetes externally-visible service portals",
    to: "KUBE-EXTERNAL-SERVICES",
  },
  { table: "filter", from: ["INPUT"], isNew: false, comment: "kubernetes health check service ports", to: "KUBE-NODEPORTS" },
  { table: "filter", from: ["FORWARD", "OUTPUT"], isNew: true, comment: "kubernetes service portals", to: "KUBE-SERVICES" },
  { table: "filter", from: ["FORWARD"], isNew: false, comment: "kubernetes forwarding rules", to: "KUBE-FORWARD" },
  {
    table: "filter",
    from: ["INPUT", "OUTPUT", "FORWARD"],
    isNew: true,
    comment: "kubernetes load balancer firewall",
    to: "KUBE-PROXY-FIREWALL",
  },
  { table: "nat", from: ["OUTPUT", "PREROUTING"], isNew: false, comment: "kubernetes service portals", to: "KUBE-SERVICES" },
  { table: "nat", from: ["POSTROUTING"], isNew: false, comment: "kubernetes postrouting rules", to: "KUBE-POSTROUTING" },
];

function jumpRules(table: TableName, origin: Origin): readonly RuleLine[] {
  return jumps
    .filter((jump) => jump.table === table)
    .flatMap((jump) =>
      jump.from.map((chain): RuleLine => {
        const state = jump.isNew ? "-m conntrack --ctstate NEW " : "";
        return { operation: "insert", chain, text: `${state}-m comment --comment "${jump.comment}" -j ${jump.to}`, origin };
      }),
    );
}

/** Its disappearance tells kube-proxy that someone emptied the tables. */
const canary = "KUBE-PROXY-CANARY";

/**
 * The payload with what kube-proxy ensures around it on a node that kubelet has prepared: the jumps behind each table's
 * rules, the canary chains, and the mangle table, which has nothing else. kubelet's jumps to `KUBE-FIREWALL` are there
 * already, so kube-proxy adds none.
 */
export function withJumps(payload: IptablesFile, origin: Origin): IptablesFile {
  const canaryLine: ChainLine = { name: canary, policy: "-", origin };
  const tables = payload.tables.map((table): IptablesTable => ({
    name: table.name,
    chains: [...table.chains, canaryLine],
    rules: [...table.rules, ...jumpRules(table.name, origin)],
  }));
  return { ...payload, tables: [...tables, { name: "mangle", chains: [canaryLine], rules: [] }] };
}
