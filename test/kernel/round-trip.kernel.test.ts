/** What is printed for a host, loaded into a kernel and read back, is what was compiled: every facility of every host. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkSource, differences, labSupport, openLab, parseDump } from "@knet/compiler";
import type { Difference, DumpedHost, Fabric, HostDump, Lab } from "@knet/compiler";
import { formatCidrShort } from "@knet/language/values";

const support = labSupport();

const journey = readFileSync(fileURLToPath(new URL("../../examples/journey/journey.knet", import.meta.url)), "utf8");

/** Everything in both families: subnets, a translating router, pools of which one always tunnels, services, policy, firewall. */
const dualStack = `
cluster demo {
  service-cidr = [172.16.0.0/16, fd00:172::/112]
  cni calico {
    pool pods  { cidr = 10.10.0.0/16, block-size = 26, encapsulation = vxlan-cross-subnet, nat-outgoing = true }
    pool pods6 { cidr = fd00:10::/64, block-size = 122, encapsulation = vxlan, nat-outgoing = true }
  }
  proxy iptables
  dns coredns { address = [172.16.0.10, fd00:172::a] }
}

network dc {
  subnet blue  { cidr = [192.168.1.0/24, fd00:1::/64] }
  subnet green { cidr = [192.168.2.0/24, fd00:2::/64], mtu = 9000 }
  router core  { joins = [blue, green], nat = internet }
}

node node-a in blue  { address = [192.168.1.10, fd00:1::10] }
node node-b in green {}
node node-c in green {}

firewall nodes {
  applies to nodes
  allow ingress from subnet blue, subnet green on 4789/udp, 10250/tcp
  allow ingress from internet on 30000..32767/tcp
}

namespace shop {
  labels = { team = "shop" }
  pod client on node-a { labels = { app = "client" } }
  pod agent on node-b { labels = { app = "agent" }, host-network = true, port metrics = 9100/tcp }
  pod web-0 on node-b { labels = { app = "web" }, port http = 8080/tcp, port dns = 5353/udp }
  pod web-1 on node-c { labels = { app = "web" }, port http = 8080/tcp, port dns = 5353/udp }

  service web {
    selects app == "web"
    type = node-port
    port http = 80/tcp -> http
    port dns  = 53/udp -> dns
  }
  service nobody {
    selects app == "nobody"
    port http = 80/tcp -> 8080
  }

  policy only-the-client {
    applies to app == "web"
    allow ingress from pods app == "client" in namespaces team == "shop" on 8080/tcp
    allow ingress from 192.168.0.0/16, fd00:1::/64 on 5353/udp
  }
  policy nothing-out {
    applies to app == "client"
    allow egress to pods app == "web" on 8080/tcp
  }
}
`;

function compile(name: string, text: string): Fabric {
  const { compilation, diagnostics } = checkSource(name, text, null);
  if (compilation === null) throw new Error(`${name} does not compile: ${diagnostics.map(({ message }) => message).join("; ")}`);
  return compilation.fabric;
}

function dumpOf(saved: HostDump): DumpedHost {
  const { routes, routes6, rules, rules6, ipset, ...rest } = saved;
  return parseDump({ ...rest, routes4: routes, routes6, rules4: rules, rules6, ipsets: ipset });
}

function describeAll(found: readonly Difference[]): readonly string[] {
  return found.map(
    ({ facility, kind, expected, found: there, origin }) => `${facility} ${kind}: ${expected ?? "-"} | ${there ?? "-"} (${origin.name})`,
  );
}

/** Hosts with a network namespace of their own. */
function hostsOf(fabric: Fabric): readonly string[] {
  return fabric.hosts.filter(({ sharesParent }) => !sharesParent).map(({ id }) => id);
}

/** The entries of a dumped list without those that `isGone`. */
function without(source: string, isGone: (entry: Readonly<Record<string, unknown>>) => boolean): string {
  const entries = JSON.parse(source) as readonly Readonly<Record<string, unknown>>[];
  return JSON.stringify(entries.filter((entry) => !isGone(entry)));
}

const variants = [
  { program: "examples/journey", text: journey, families: [4], variant: "legacy" },
  { program: "a program of two families", text: dualStack, families: [4, 6], variant: "legacy" },
  { program: "a program of two families", text: dualStack, families: [4, 6], variant: "nft" },
] as const;

describe.each(variants)("$program through the kernel and back, rules by iptables-$variant", ({ program, text, families, variant }) => {
  const reason = support.available ? (variant === "nft" && !support.tracing.available ? support.tracing.reason : null) : support.reason;

  describe.skipIf(reason !== null)(reason === null ? "on this machine" : `skipped: ${reason}`, () => {
    const fabric = compile(program, text);
    let lab: Lab;
    beforeAll(async () => {
      lab = await openLab(fabric, { variant });
    });
    afterAll(() => lab.close());

    it.each(hostsOf(fabric))("should bring back %s as it was compiled", async (host) => {
      expect(describeAll(differences(fabric.dataplane(host), dumpOf(await lab.save(host))))).toEqual([]);
    });

    it("should have put every facility to the test", () => {
      const node = fabric.dataplane("node/node-a");
      for (const family of families) {
        expect(node.addresses.filter(({ address }) => address.ip.family === family).length).toBeGreaterThan(1);
        expect(new Set(node.routes.filter(({ destination }) => destination.ip.family === family).map(({ type }) => type))).toEqual(
          new Set(["unicast", "blackhole"]),
        );
        expect(node.neighbours.some(({ ip }) => ip.family === family)).toBe(true);
        expect(node.fdb.some(({ destination }) => destination.family === family)).toBe(true);
        expect(node.ipsets.some((set) => set.family === family && set.members.length > 0)).toBe(true);
        expect(node.iptables.filter((file) => file.family === family).map(({ owner }) => owner)).toEqual(
          expect.arrayContaining(["kube-proxy", "felix", "node-firewall"]),
        );
      }
    });

    it("should name the one route that a node has lost, with the declaration behind it", async () => {
      const node = fabric.dataplane("node/node-a");
      const saved = await lab.save("node/node-a");
      for (const route of node.routes) {
        const { ip, prefix } = route.destination;
        const dst = prefix === 0 ? "default" : formatCidrShort(route.destination);
        const file = ip.family === 4 ? "routes" : "routes6";
        const lost = without(
          saved[file],
          (entry) => entry["dst"] === dst && entry["protocol"] !== "kernel" && (entry["type"] ?? "unicast") === route.type,
        );
        const [difference, ...more] = differences(node, dumpOf({ ...saved, [file]: lost }));
        expect(more).toEqual([]);
        expect(difference).toMatchObject({ facility: "routes", kind: "missing", found: null, owner: route.owner, origin: route.origin });
      }
    });

    it("should name the one rule that was changed, and what it was changed to", async () => {
      const node = fabric.dataplane("node/node-a");
      const saved = await lab.save("node/node-a");
      for (const family of families) {
        const file = family === 4 ? "iptables" : "ip6tables";
        const lines = saved[file].split("\n");
        const at = lines.findIndex((line) => line.startsWith("-A KNET-NODE-FIREWALL") && line.includes("4789"));
        const rule = lines[at] ?? "";
        const changed = rule.replace("4789", "4790");
        const [missing, unexpected, ...more] = differences(node, dumpOf({ ...saved, [file]: lines.with(at, changed).join("\n") }));
        expect(more).toEqual([]);
        expect(missing).toMatchObject({
          facility: file,
          kind: "missing",
          expected: `-t mangle ${rule}`,
          found: null,
          owner: "node-firewall",
          origin: { name: "firewall nodes" },
        });
        expect(unexpected).toMatchObject({
          facility: file,
          kind: "unexpected",
          expected: null,
          found: `-t mangle ${changed}`,
          owner: "unknown",
        });
      }
    });
  });
});
