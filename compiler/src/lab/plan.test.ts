import { parseCidr, parseIp } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import { emptyDataplane } from "../dataplane/types.ts";
import type { Dataplane } from "../dataplane/types.ts";
import type { Link } from "../dataplane/links/types.ts";
import type { Fabric, Host, Segment } from "../fabric/types.ts";
import { LabError } from "./errors.ts";
import { labPlan, namespacesOf } from "./plan.ts";

const origin = { name: "written by hand", span: null };

function link(name: string, type: "loopback" | "physical" | "veth", mac: string | null = null): Link {
  const kind = type === "veth" ? ({ type, peerHost: "", peerLink: "" } as const) : ({ type } as const);
  return { name, kind, mtu: 1500, mac, owner: "os", origin };
}

function segment(id: string, kind: Segment["kind"], ...attachments: readonly string[]): Segment {
  const ends = attachments.map((text) => {
    const [host = "", device = ""] = text.split(" ");
    return { host, link: device };
  });
  return { id, name: id, kind, mtu: 1500, attachments: ends, origin };
}

function fabric(machines: Readonly<Record<string, readonly Link[]>>, segments: readonly Segment[], more: Partial<Fabric> = {}): Fabric {
  const dataplanes = new Map(Object.entries(machines).map(([id, links]): [string, Dataplane] => [id, { ...emptyDataplane, links }]));
  const hosts = [...dataplanes.keys()].map((id): Host => ({
    id,
    kind: id.startsWith("pod") ? "pod" : "node",
    name: id.slice(id.indexOf("/") + 1),
    parent: id.startsWith("pod") ? "node/a" : null,
    sharesParent: false,
    origin,
  }));
  return {
    hosts,
    segments,
    listeners: [],
    dns: [],
    host: (id) => hosts.find((host) => host.id === id),
    dataplane: (id) => dataplanes.get(id) ?? emptyDataplane,
    ...more,
  };
}

const calico = "ee:ee:ee:ee:ee:ee";
const small = fabric(
  {
    "node/a": [link("lo", "loopback"), link("cali1", "veth", calico), link("eth0", "physical")],
    "node/b": [link("lo", "loopback"), link("eth0", "physical")],
    "pod/x/p": [link("lo", "loopback"), link("eth0", "veth")],
  },
  [segment("subnet/blue", "subnet", "node/a eth0", "node/b eth0"), segment("veth/p", "veth", "node/a cali1", "pod/x/p eth0")],
);

describe("the plan of a laboratory", () => {
  it("makes a namespace for each host and one for each subnet", () => {
    expect(labPlan(small).create).toBe("netns add ns0\nnetns add ns1\nnetns add ns2\nnetns add wire0\n");
    expect(labPlan(small).namespaces.map(({ name, hosts, wire }) => [name, hosts, wire])).toEqual([
      ["ns0", ["node/a"], false],
      ["ns1", ["node/b"], false],
      ["ns2", ["pod/x/p"], false],
      ["wire0", [], true],
    ]);
  });

  it("registers a node's own devices before those of its pods, gives fixed addresses at once and never one index to both ends", () => {
    expect(labPlan(small).wires.split("\n")).toEqual([
      "link add name eth0 index 2 address 02:6b:6e:00:00:01 netns ns0 type veth peer name p0 index 100000 netns wire0",
      "link add name eth0 index 2 address 02:6b:6e:00:00:03 netns ns1 type veth peer name p1 index 100001 netns wire0",
      "link add name cali1 index 3 address ee:ee:ee:ee:ee:ee netns ns0 type veth peer name eth0 index 2 address 02:6b:6e:00:00:04 netns ns2",
      "",
    ]);
  });

  it("moves one index out of the way when both ends would have the same", () => {
    const plan = labPlan(
      fabric({ "node/a": [link("cali1", "veth", calico)], "pod/x/p": [link("eth0", "veth")] }, [
        segment("veth/p", "veth", "node/a cali1", "pod/x/p eth0"),
      ]),
    );
    expect(plan.wires).toContain("name cali1 index 2 ");
    expect(plan.wires).toContain("name eth0 index 100002 ");
  });

  it("joins a subnet by a bridge that passes every frame from the first on", () => {
    const wire = labPlan(small).namespaces.find(({ wire }) => wire);
    expect(wire?.files.map(({ text }) => text)).toEqual([
      "link add name br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0\n" +
        "link set dev p0 mtu 1500 master br0 up\nlink set dev p1 mtu 1500 master br0 up\nlink set dev br0 mtu 1500 up\n",
    ]);
  });

  it("plugs a device that no segment joins into a far end without a bridge, so that it has a carrier", () => {
    const plan = labPlan(fabric({ "node/a": [link("eth0", "physical")] }, []));
    expect(plan.namespaces.find(({ wire }) => wire)?.files.map(({ text }) => text)).toEqual(["link set dev p0 mtu 1500 up\n"]);
  });

  it("puts a host-network pod into its node's namespace, and its listeners too", () => {
    const shared: Host = { id: "pod/x/agent", kind: "pod", name: "agent", parent: "node/b", sharesParent: true, origin };
    const plan = labPlan({
      ...small,
      hosts: [...small.hosts, shared],
      listeners: [{ host: "pod/x/agent", protocol: "udp", port: 53, address: parseIp("fd00::1"), origin }],
    });
    expect(namespacesOf(plan).get("pod/x/agent")).toBe("ns1");
    expect(plan.listeners).toEqual([{ namespace: "ns1", host: "pod/x/agent", protocol: "udp", port: 53, address: "fd00::1" }]);
  });

  it("loads the files of the artifact tree in their order: devices first, sets before the rules that name them", () => {
    const destination = parseCidr("10.0.0.0/8");
    const address = parseCidr("192.168.1.10/24");
    if (destination === null || address === null) throw new Error("ranges are written right");
    const route = {
      destination,
      type: "blackhole",
      via: null,
      link: null,
      protocol: 80,
      scope: "global",
      metric: 0,
      onlink: false,
      mtu: null,
      source: null,
      table: 254,
    } as const;
    const dataplane: Dataplane = {
      ...emptyDataplane,
      links: [link("eth0", "physical")],
      addresses: [{ link: "eth0", address, owner: "os", origin }],
      routes: [{ ...route, owner: "felix", origin }],
      rules: [{ priority: 100, family: 6, from: null, to: null, mark: null, invert: false, table: 7, owner: "os", origin }],
      sysctls: [{ key: "net/ipv4/ip_forward", value: "1", owner: "os", origin }],
      resolver: { nameservers: [], search: [], ndots: 5, origin },
      ipsets: [{ name: "s", type: "hash:ip", family: 4, maxElements: 16, members: [], owner: "felix", origin }],
      iptables: ([4, 6] as const).map((family) => ({ owner: "felix", family, tables: [{ name: "filter", chains: [], rules: [] }] })),
    };
    const plan = labPlan({ ...fabric({ "node/a": [] }, []), dataplane: () => dataplane });
    expect(plan.namespaces[0]?.files.map(({ name, loader }) => `${name} by ${loader}`)).toEqual([
      "nodes/a/links.ip by ip",
      "nodes/a/sysctl.conf by sysctl",
      "nodes/a/addresses.ip by ip",
      "nodes/a/routes.ip by ip",
      "nodes/a/rules.ip6 by ip6",
      "nodes/a/ipset.restore by ipset",
      "nodes/a/felix.iptables by iptables",
      "nodes/a/felix.ip6tables by ip6tables",
    ]);
  });

  it("keeps the laboratory's own parameters apart from the files", () => {
    const [node] = labPlan(small).namespaces;
    expect(node?.settings.find(({ key }) => key === "net/ipv4/icmp_ratelimit")).toEqual({
      key: "net/ipv4/icmp_ratelimit",
      value: "0",
      stage: "before",
      optional: false,
    });
    expect(node?.settings.filter(({ stage }) => stage === "after").map(({ key }) => key)).toEqual(
      expect.arrayContaining([
        "net/ipv4/neigh/cali1/proxy_delay",
        "net/ipv4/neigh/cali1/retrans_time_ms",
        "net/ipv6/neigh/cali1/retrans_time_ms",
      ]),
    );
    expect(node?.files.map(({ name }) => name)).toEqual(["nodes/a/links.ip"]);
  });

  it("sets neighbours by hand in a laboratory that would overflow the kernel's table of learnt ones", () => {
    const pods = Array.from({ length: 400 }, (_, at) => at);
    const machines = Object.fromEntries([
      ["node/a", pods.map((at) => link(`cali${at}`, "veth", calico))],
      ...pods.map((at) => [`pod/x/p${at}`, [link("eth0", "veth")]] as const),
    ]);
    const large = fabric(
      machines,
      pods.map((at) => segment(`veth/${at}`, "veth", `node/a cali${at}`, `pod/x/p${at} eth0`)),
    );
    const address = parseCidr("10.10.0.5/32");
    const gateway = parseIp("169.254.1.1");
    const all = parseCidr("0.0.0.0/0");
    if (address === null || gateway === null || all === null) throw new Error("addresses are written right");
    const route = {
      type: "unicast",
      protocol: 3,
      scope: "global",
      metric: 0,
      onlink: false,
      mtu: null,
      source: null,
      table: 254,
      owner: "cni",
      origin,
    } as const;
    const plan = labPlan({
      ...large,
      dataplane: (id) =>
        id === "pod/x/p5"
          ? {
              ...large.dataplane(id),
              addresses: [{ link: "eth0", address, owner: "cni", origin }],
              routes: [{ ...route, destination: all, via: gateway, link: "eth0" }],
            }
          : large.dataplane(id),
    });
    const neighbours = (host: string) =>
      plan.namespaces.find(({ hosts }) => hosts.includes(host))?.files.find(({ name }) => name === "neighbours of the laboratory")?.text;
    // The device of p5 is numbered behind the 400 of the node and those of p0 to p4: 406 is 0x196.
    expect(neighbours("node/a")).toBe("neighbour replace 10.10.0.5 lladdr 02:6b:6e:00:01:96 dev cali5 nud permanent\n");
    expect(neighbours("pod/x/p5")).toBe("neighbour replace 169.254.1.1 lladdr ee:ee:ee:ee:ee:ee dev eth0 nud permanent\n");
  });
});

describe("a fabric that cannot be wired", () => {
  const problem = (
    machines: Readonly<Record<string, readonly Link[]>>,
    segments: readonly Segment[],
    more: Partial<Fabric> = {},
  ): string => {
    try {
      labPlan(fabric(machines, segments, more));
    } catch (error) {
      if (error instanceof LabError && error.kind === "plan") return error.message;
      throw error;
    }
    return "";
  };

  it.each([
    [
      "a host that is not there",
      {},
      [segment("s", "subnet", "node/x eth0")],
      "the segment s names the host node/x, which the fabric does not have",
    ],
    [
      "a device that is not there",
      { "node/a": [link("eth0", "physical")] },
      [segment("s", "subnet", "node/a eth1")],
      "the segment s joins node/a eth1, which is no device that can be wired",
    ],
    [
      "a device joined twice",
      { "node/a": [link("eth0", "physical")] },
      [segment("s", "subnet", "node/a eth0"), segment("t", "subnet", "node/a eth0")],
      "node/a eth0 is joined by both s and t",
    ],
    [
      "a pair with three ends",
      { "node/a": [link("a", "veth"), link("b", "veth"), link("c", "veth")] },
      [segment("v", "veth", "node/a a", "node/a b", "node/a c")],
      "the veth pair v has 3 ends",
    ],
    [
      "a device name that would break a batch file",
      { "node/a": [link("a b", "physical")] },
      [],
      'node/a has a device with the impossible name "a b"',
    ],
    [
      "a device name that is too long",
      { "node/a": [link("a123456789012345", "physical")] },
      [],
      'node/a has a device with the impossible name "a123456789012345"',
    ],
  ])("names %s", (_, machines, segments, message) => {
    expect(problem(machines, segments)).toBe(message);
  });

  it("names the pod whose node has no namespace", () => {
    const lost: Host = { id: "pod/x/agent", kind: "pod", name: "agent", parent: "node/gone", sharesParent: true, origin };
    expect(problem({}, [], { hosts: [lost] })).toBe("pod/x/agent shares the namespace of node/gone, which has none");
  });
});
