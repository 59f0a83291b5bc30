import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import type { NetworkModel, NetworkPolicy } from "../../../model/types.ts";
import { calico } from "../component.ts";
import { block, labels, model, nodeOf, pods, policy, pool, port, rule } from "../testing/model.ts";
import { restoreText, setText } from "../testing/print.ts";

/** Runs commands as root of their own user, network, mount and process namespaces, with files in /run. */
function contained(
  commands: readonly string[],
  files: Readonly<Record<string, string>> = {},
): { readonly status: number | null; readonly out: string } {
  const flags = "--user --map-root-user --net --mount --pid --fork --kill-child --mount-proc --propagation private";
  // By way of standard input: a payload is longer than an argument may be.
  const input = [
    "mount -t tmpfs tmpfs /run",
    "mkdir -p /run/netns /run/lock",
    "ip netns add n",
    ...Object.entries(files).map(([name, text]) => `cat > /run/${name} <<'END OF FILE'\n${text}END OF FILE`),
    ...commands,
  ].join("\n");
  const run = spawnSync("unshare", [...flags.split(" "), "sh", "-eu"], { input, encoding: "utf8", timeout: 60_000 });
  return { status: run.status, out: `${run.stdout}${run.stderr}` };
}

const inside = "ip netns exec n";
const probes: readonly (readonly [what: string, script: string])[] = [
  ["unprivileged namespaces", "true"],
  ["iptables-legacy", `${inside} iptables-legacy -S`],
  ["ip6tables-legacy", `${inside} ip6tables-legacy -S`],
  ["ipset", `${inside} ipset create probe hash:net`],
];
const missing = probes.find(([, script]) => contained([script]).status !== 0)?.[0] ?? null;

function policies(): readonly NetworkPolicy[] {
  const manyPorts = Array.from({ length: 20 }, (_, i) => port("tcp", 1000 + 2 * i));
  return [
    policy("shop/a", labels(["app", "api"]), {
      ingress: [
        rule(
          [pods(labels(["app", "web"]), labels()), block("10.0.0.0/8", "10.1.0.0/16"), block("fd00::/8", "fd00:1::/32")],
          [port("tcp", "http"), port("tcp", 443), port("udp", 53), port("sctp", null)],
        ),
        rule([], manyPorts),
      ],
      egress: [
        rule(
          [pods(null, labels(["team", "shop"])), block("0.0.0.0/0", "10.0.0.0/8"), block("::/0", "fd00::/8")],
          [port("tcp", 8000, 8080), port("tcp", "http")],
        ),
      ],
    }),
    ...["b", "c", "d", "e", "f", "g"].map((name) => policy(`shop/${name}`, labels(["app", "api"]), { ingress: [rule([pods(labels())])] })),
    policy("shop/deny", labels(), { ingress: [], egress: [] }),
  ];
}

const dualStack: NetworkModel = model({
  pools: [pool("10.10.0.0/16", 26, "vxlan-cross-subnet"), pool("fd00:10::/64", 122, "vxlan")],
  subnets: { blue: ["10.0.1.0/24", "fd01:1::/64"], green: ["10.0.2.0/24", "fd01:2::/64"] },
  nodes: { a: "blue 10.0.1.11 fd01:1::11", b: "green 10.0.2.12 fd01:2::12" },
  namespaces: { shop: { team: "shop" } },
  pods: [
    ...Array.from({ length: 30 }, (_, i) => ({
      key: `shop/api-${i}`,
      node: "a",
      labels: { app: "api" },
      ports: ["http=8080/tcp", "dns=53/udp"],
    })),
    { key: "shop/web-0", node: "b", labels: { app: "web" }, serviceAccount: "a-service-account-with-a-long-name" },
  ],
  policies: policies(),
});

describe.skipIf(missing !== null)(
  `the kernel takes what Felix writes${missing === null ? "" : ` (skipped: ${missing} does not work here)`}`,
  () => {
    it.each(["a", "b"])("on node %s: sets, then both families' payloads, with every rule in place", (name) => {
      const { iptables = [], ipsets = [] } = calico.local(dualStack, nodeOf(dualStack, name));
      const sets = [...(calico.shared(dualStack).ipsets ?? []), ...ipsets];
      const files = Object.fromEntries(iptables.map((file) => [`v${file.family}`, restoreText(file)]));
      const { status, out } = contained(
        [
          `${inside} ipset restore < /run/sets`,
          `${inside} iptables-legacy-restore --noflush < /run/v4`,
          `${inside} ip6tables-legacy-restore --noflush < /run/v6`,
          `${inside} iptables-legacy-save`,
          "echo =====",
          `${inside} ip6tables-legacy-save`,
          "echo =====",
          `${inside} ipset save`,
        ],
        { sets: setText(sets), ...files },
      );
      expect(status, out).toBe(0);
      const [v4 = "", v6 = "", saved = ""] = out.split("=====\n");
      for (const [i, text] of [v4, v6].entries()) {
        // Rules keep their order in each chain, and their ids show that none is missing or added.
        const ids = (lines: readonly string[]): readonly string[] => lines.flatMap((line) => /"cali:([^"]{16})"/.exec(line)?.[1] ?? []);
        const dumped = text.split("\n").filter((line) => line.startsWith("-A"));
        const byTable = iptables[i]?.tables ?? [];
        expect(ids(dumped).toSorted()).toEqual(ids(byTable.flatMap(({ rules }) => rules.map((line) => line.text))).toSorted());
        for (const { chains, rules } of byTable) {
          for (const chain of chains) {
            const written = ids(rules.filter((line) => line.chain === chain.name).map((line) => line.text));
            const held = ids(dumped.filter((line) => line.startsWith(`-A ${chain.name} `)));
            expect(held.join(" ")).toContain(written.join(" "));
          }
        }
      }
      const members = (text: string): readonly string[] =>
        text
          .split("\n")
          .filter((line) => line.startsWith("add"))
          .toSorted();
      expect(members(saved)).toEqual(members(setText(sets)));
    });

    it("can be loaded a second time over itself", () => {
      const { iptables = [], ipsets = [] } = calico.local(dualStack, nodeOf(dualStack, "a"));
      const sets = [...(calico.shared(dualStack).ipsets ?? []), ...ipsets];
      const [file] = iptables;
      const load = `${inside} iptables-legacy-restore --noflush < /run/v4`;
      const { status, out } = contained([`${inside} ipset restore < /run/sets`, load, load, `${inside} iptables-legacy-save -t filter`], {
        sets: setText(sets),
        v4: file === undefined ? "" : restoreText(file),
      });
      expect(status, out).toBe(0);
      const own = out.split("\n").filter((line) => line.startsWith("-A cali-"));
      const written = file?.tables.find(({ name }) => name === "filter")?.rules.filter(({ chain }) => chain.startsWith("cali-")).length;
      expect(own.length).toBe(written);
    });
  },
);
