import { parse } from "yaml";
import { parseCidr, parseIp } from "@knet/language/values";
import type { Cidr, Ip } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import type { Manifest } from "../components/types.ts";
import type { IpSet } from "../dataplane/ipset/types.ts";
import type { Link } from "../dataplane/links/types.ts";
import type { IptablesFile } from "../dataplane/netfilter/types.ts";
import { printedText } from "../dataplane/printed.ts";
import type { Route } from "../dataplane/routing/types.ts";
import { emptyDataplane } from "../dataplane/types.ts";
import type { Dataplane } from "../dataplane/types.ts";
import type { Fabric, Host } from "../fabric/types.ts";
import { artifactFiles, fileLines, hostFiles, manifestFiles, nodeFiles, podFiles, printedFiles } from "./artifacts.ts";
import type { PrintedFile } from "./artifacts.ts";

const origin = { name: "node node-a", span: null };

function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`not an address: ${text}`);
  return parsed;
}

function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === null) throw new Error(`not a prefix: ${text}`);
  return parsed;
}

const texts = (files: readonly PrintedFile[]): Readonly<Record<string, string>> =>
  Object.fromEntries(files.map((file) => [file.path, printedText(fileLines(file))]));

const link = (name: string, kind: Link["kind"], mtu: number): Link => ({ name, kind, mtu, mac: null, owner: "os", origin });
const loopback = link("lo", { type: "loopback" }, 65536);

const route: Route = {
  destination: cidr("10.10.1.0/26"),
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
  owner: "felix",
  origin,
};

const rule = { priority: 100, from: null, to: null, mark: { value: 16, mask: 16 }, invert: false, table: 7, owner: "felix", origin };

const payload = (owner: string, family: 4 | 6, text: string): IptablesFile => ({
  owner,
  family,
  tables: [{ name: "filter", chains: [{ name: "X", policy: "-", origin }], rules: [{ operation: "append", chain: "X", text, origin }] }],
});

const body = (text: string): string => `*filter\n:X - [0:0]\n-A X ${text}\nCOMMIT\n`;

describe("the files of a node", () => {
  const node: Dataplane = {
    links: [
      loopback,
      link("eth0", { type: "physical" }, 1500),
      link("cali1", { type: "veth", peerHost: "pod/a/b", peerLink: "eth0" }, 1450),
      link("vxlan.calico", { type: "vxlan", id: 4096, local: ip("192.168.1.10"), parent: "eth0", port: 4789, learning: false }, 1450),
    ],
    addresses: [
      { link: "lo", address: cidr("127.0.0.1/8"), owner: "os", origin },
      { link: "lo", address: cidr("::1/128"), owner: "os", origin },
      { link: "lo", address: cidr("10.0.0.53/32"), owner: "os", origin },
      { link: "eth0", address: cidr("192.168.1.10/24"), owner: "os", origin },
    ],
    routes: [route],
    rules: [
      { ...rule, family: 4 },
      { ...rule, family: 6 },
    ],
    neighbours: [{ link: "vxlan.calico", ip: ip("10.10.9.0"), mac: "66:00:00:00:00:01", owner: "felix", origin }],
    fdb: [{ link: "vxlan.calico", mac: "66:00:00:00:00:01", destination: ip("192.168.2.10"), owner: "felix", origin }],
    sysctls: [{ key: "net/ipv4/ip_forward", value: "1", owner: "felix", origin }],
    iptables: [payload("felix", 4, "-j ACCEPT"), payload("kube-proxy", 4, "-j DROP"), payload("felix", 6, "-j RETURN")],
    ipsets: [
      { name: "s", type: "hash:net", family: 4, maxElements: 65536, members: [{ text: "10.0.0.0/8", origin }], owner: "felix", origin },
    ],
    resolver: { nameservers: [ip("10.96.0.10"), ip("fd00:96::a")], search: ["a.example", "example"], ndots: 5, origin },
  };

  it("are one per facility and owner, in the order of applying", () => {
    expect(nodeFiles(node).map((file) => file.path)).toEqual([
      "links.ip",
      "sysctl.conf",
      "addresses.ip",
      "neighbours.ip",
      "fdb.bridge",
      "routes.ip",
      "rules.ip",
      "rules.ip6",
      "ipset.restore",
      "felix.iptables",
      "kube-proxy.iptables",
      "felix.ip6tables",
      "resolv.conf",
    ]);
  });

  it("hold what the tools read, without comments", () => {
    expect(texts(nodeFiles(node))).toMatchObject({
      "links.ip": [
        "link set dev lo up",
        "link set dev eth0 mtu 1500 up",
        "link set dev cali1 mtu 1450 up",
        "link add name vxlan.calico mtu 1450 type vxlan id 4096 local 192.168.1.10 dev eth0 dstport 4789 nolearning",
        "link set dev vxlan.calico up",
        "",
      ].join("\n"),
      "routes.ip": "route add blackhole 10.10.1.0/26 proto 80\n",
      "rules.ip6": "rule add priority 100 from all fwmark 0x10/0x10 lookup 7\n",
      "sysctl.conf": "net/ipv4/ip_forward = 1\n",
      "felix.iptables": body("-j ACCEPT"),
      "felix.ip6tables": body("-j RETURN"),
      "resolv.conf": "search a.example example\nnameserver 10.96.0.10\nnameserver fd00:96::a\noptions ndots:5\n",
    });
    expect(
      nodeFiles(node)
        .flatMap(fileLines)
        .filter((line) => /^[#;]/.test(line.text)),
    ).toEqual([]);
  });

  it("leave the addresses of the loopback to the kernel, but not others on it", () => {
    expect(texts(nodeFiles(node))["addresses.ip"]).toBe("address add 10.0.0.53/32 dev lo\naddress add 192.168.1.10/24 dev eth0\n");
  });

  it("are not written when there is nothing in them", () => {
    expect(nodeFiles(emptyDataplane)).toEqual([]);
    expect(podFiles({ ...emptyDataplane, links: [loopback] }).map((file) => file.path)).toEqual(["links.ip"]);
  });

  it("join an owner's payloads that follow each other, and keep apart those that another owner's separates", () => {
    const joined = texts(
      nodeFiles({ ...emptyDataplane, iptables: [payload("a", 4, "-j ACCEPT"), payload("a", 6, "-j LOG"), payload("a", 4, "-j DROP")] }),
    );
    expect(joined).toEqual({ "a.iptables": body("-j ACCEPT") + body("-j DROP"), "a.ip6tables": body("-j LOG") });
    const apart = texts(
      nodeFiles({ ...emptyDataplane, iptables: [payload("a", 4, "-j ACCEPT"), payload("b", 4, "-j LOG"), payload("a", 4, "-j DROP")] }),
    );
    expect(Object.keys(apart)).toEqual(["a.iptables", "b.iptables", "a-2.iptables"]);
  });

  it("name a resolver without a search list plainly", () => {
    const resolver = { nameservers: [ip("192.0.2.53")], search: [], ndots: 1, origin };
    expect(texts(podFiles({ ...emptyDataplane, resolver }))).toEqual({ "resolv.conf": "nameserver 192.0.2.53\noptions ndots:1\n" });
  });
});

const manifest = (path: string, order: number, more: Partial<Manifest> = {}): Manifest => ({
  path,
  body: { spec: { a: 1 }, metadata: { name: path }, kind: "Pod", apiVersion: "v1" },
  format: "yaml",
  order,
  origin: { name: path, span: null },
  ...more,
});

describe("manifests", () => {
  it("are one object a file with the identity first", () => {
    expect(texts(manifestFiles([manifest("shop/pod-x.yaml", 30)]))["manifests/shop/pod-x.yaml"]).toBe(
      "apiVersion: v1\nkind: Pod\nmetadata:\n  name: shop/pod-x.yaml\nspec:\n  a: 1\n",
    );
  });

  it("are listed in apply order: by number, then by path", () => {
    const files = manifestFiles([
      manifest("b/service-x.yaml", 40),
      manifest("b/namespace.yaml", 0),
      manifest("a/service-x.yaml", 40),
      manifest("cni/x.conflist", 20, { format: "json" }),
    ]);
    expect(parse(texts(files)["manifests/kustomization.yaml"] ?? "")).toEqual({
      apiVersion: "kustomize.config.k8s.io/v1beta1",
      kind: "Kustomization",
      sortOptions: { order: "fifo" },
      resources: ["b/namespace.yaml", "a/service-x.yaml", "b/service-x.yaml"],
    });
    expect(files.map((file) => file.path)).toEqual([
      "manifests/b/namespace.yaml",
      "manifests/cni/x.conflist",
      "manifests/a/service-x.yaml",
      "manifests/b/service-x.yaml",
      "manifests/kustomization.yaml",
    ]);
  });

  it("may be JSON, which is put on nodes and not applied", () => {
    const json = manifest("cni/x.conflist", 20, { format: "json", body: { name: "n", plugins: [{ type: "calico" }] } });
    expect(texts(manifestFiles([json]))).toEqual({
      "manifests/cni/x.conflist": '{\n  "name": "n",\n  "plugins": [\n    {\n      "type": "calico"\n    }\n  ]\n}\n',
    });
  });

  it("keep strings strings for readers of older YAML", () => {
    const data = { a: "on", b: "no", c: "1:20", d: "1.34", e: "0o17", f: "2026-01-01", g: "y", h: "~", i: "", j: "a: b", k: "# c" };
    const text = texts(manifestFiles([manifest("x.yaml", 0, { body: { data } })]))["manifests/x.yaml"] ?? "";
    expect(parse(text, { version: "1.1" })).toEqual({ data });
    expect(parse(text, { version: "1.2" })).toEqual({ data });
  });

  it("do not break long lines or refer to each other", () => {
    const long = Array.from({ length: 60 }, (_, i) => `word${i}`).join(" ");
    const labels = { app: "x" };
    const text = texts(manifestFiles([manifest("x.yaml", 0, { body: { long, one: labels, two: labels } })]))["manifests/x.yaml"];
    expect(text).toBe(`long: ${long}\none:\n  app: x\ntwo:\n  app: x\n`);
  });

  it("cannot have one path twice", () => {
    expect(() => manifestFiles([manifest("x.yaml", 0), manifest("x.yaml", 1)])).toThrow("two manifests have the path x.yaml");
    expect(() => manifestFiles([manifest("kustomization.yaml", 0)])).toThrow("two manifests have the path kustomization.yaml");
  });
});

const host = (id: string, kind: Host["kind"], name: string, parent: string | null = null, sharesParent = false): Host => ({
  id,
  kind,
  name,
  parent,
  sharesParent,
  origin: { name: id, span: { file: "a.knet", start: 0, end: 4 } },
});

const hosts: readonly Host[] = [
  host("router/core", "router", "core"),
  host("external/internet", "external", "internet"),
  host("node/node-a", "node", "node-a"),
  host("node/node-b", "node", "node-b"),
  host("pod/shop/web", "pod", "shop/web", "node/node-a"),
  host("pod/shop/agent", "pod", "shop/agent", "node/node-b", true),
];

const fabric: Fabric = {
  hosts,
  segments: [],
  listeners: [],
  dns: [],
  host: (id) => hosts.find((candidate) => candidate.id === id),
  dataplane: (id) => ({ ...emptyDataplane, links: [{ ...loopback, origin: fabric.host(id)?.origin ?? origin }] }),
};

describe("the tree", () => {
  it("has a folder for each host, pods below their node, and none for pods on the host network", () => {
    expect([...printedFiles(fabric, [])].map((file) => file.path)).toEqual([
      "routers/core/links.ip",
      "external/internet/links.ip",
      "nodes/node-a/links.ip",
      "nodes/node-a/pods/shop.web/links.ip",
      "nodes/node-b/links.ip",
    ]);
    expect(hosts.flatMap((each) => hostFiles(fabric, each))).toHaveLength(5);
  });

  it("can be narrowed to some nodes and their pods", () => {
    expect([...printedFiles(fabric, [], { nodes: new Set(["node-b"]) })].map((file) => file.path)).toEqual([
      "routers/core/links.ip",
      "external/internet/links.ip",
      "nodes/node-b/links.ip",
    ]);
  });

  const positions = () => ({ start: { line: 2, column: 0 }, end: { line: 2, column: 4 } });

  it("has a map of the lines of what is no node's", () => {
    const files = [...artifactFiles(fabric, [], positions, { nodes: new Set() })];
    expect(files.map((file) => file.path)).toEqual(["routers/core/links.ip", "external/internet/links.ip", "knet.map.json"]);
    expect(files[0]?.text).toBe("link set dev lo up\n");
    expect(JSON.parse(files[2]?.text ?? "")).toEqual({
      version: 1,
      sources: ["a.knet"],
      origins: [
        ["router/core", 0, 3, 1, 3, 5],
        ["external/internet", 0, 3, 1, 3, 5],
      ],
      files: { "routers/core/links.ip": { lines: [1, 0] }, "external/internet/links.ip": { lines: [1, 1] } },
    });
  });

  it("has a map for each node, with the lines of its pods, whose origins are at the top", () => {
    const files = [...artifactFiles(fabric, [], positions, { nodes: new Set(["node-a"]) })].slice(2);
    expect(files.map((file) => file.path)).toEqual(["nodes/node-a/links.ip", "nodes/node-a/pods/shop.web/links.ip", "nodes/node-a/knet.map.json", "knet.map.json"]);
    expect(JSON.parse(files[2]?.text ?? "")).toEqual({
      version: 1,
      files: { "nodes/node-a/links.ip": { lines: [1, 2] }, "nodes/node-a/pods/shop.web/links.ip": { lines: [1, 3] } },
    });
    expect(JSON.parse(files[3]?.text ?? "").origins.slice(2)).toEqual([
      ["node/node-a", 0, 3, 1, 3, 5],
      ["pod/shop/web", 0, 3, 1, 3, 5],
    ]);
  });

  it("says which files repeat an earlier one, and maps those once that are large and one record", () => {
    const long = Array.from({ length: 40 }, () => "-m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment long").join(" ");
    const both = payload("kube-proxy", 4, `${long} ${long}`);
    const proxied: Fabric = { ...fabric, dataplane: (id) => ({ ...fabric.dataplane(id), iptables: id.startsWith("node/") ? [both, payload("felix", 4, `-j ${id}`)] : [] }) };
    const files = [...artifactFiles(proxied, [], positions)];
    const first = files[0]?.path;
    expect(files.filter((file) => file.sameAs !== undefined).map(({ path, sameAs }) => `${path} = ${sameAs}`)).toEqual([
      `external/internet/links.ip = ${first}`,
      `nodes/node-a/links.ip = ${first}`,
      `nodes/node-a/pods/shop.web/links.ip = ${first}`,
      `nodes/node-b/links.ip = ${first}`,
      "nodes/node-b/kube-proxy.iptables = nodes/node-a/kube-proxy.iptables",
    ]);
    const textOf = (path: string): string | undefined => files.find((file) => file.path === path)?.text;
    expect(textOf("nodes/node-b/kube-proxy.iptables")).toBe(body(`${long} ${long}`));
    expect(JSON.parse(textOf("nodes/node-b/knet.map.json") ?? "").files).toEqual({
      "nodes/node-b/links.ip": { lines: [1, 5] },
      "nodes/node-b/kube-proxy.iptables": { sameAs: "nodes/node-a/kube-proxy.iptables" },
      "nodes/node-b/felix.iptables": { lines: [4, 3] },
    });
  });

  it("gives a set of more than 500 members a file of its own, which other nodes only name", () => {
    const set = (name: string, count: number): IpSet => ({
      name,
      type: "hash:ip",
      family: 4,
      maxElements: 65536,
      members: Array.from({ length: count }, (_, index) => ({ text: `10.0.${index >> 8}.${index & 255}`, origin })),
      owner: "felix",
      origin,
    });
    const [small, large] = [set("cali40s:few", 500), set("cali40n:Many_-1", 501)];
    const full: Fabric = { ...fabric, dataplane: (id) => ({ ...emptyDataplane, ipsets: id.startsWith("node/") ? [small, large] : [] }) };
    const files = [...artifactFiles(full, [], positions)];
    expect(files.map(({ path, sameAs }) => (sameAs === undefined ? path : `${path} = ${sameAs}`))).toEqual([
      "nodes/node-a/ipset.restore",
      "nodes/node-a/cali40n.Many_-1.ipset",
      "nodes/node-a/knet.map.json",
      "nodes/node-b/ipset.restore = nodes/node-a/ipset.restore",
      "nodes/node-b/cali40n.Many_-1.ipset = nodes/node-a/cali40n.Many_-1.ipset",
      "nodes/node-b/knet.map.json",
      "knet.map.json",
    ]);
    const lines = files[1]?.text.split("\n") ?? [];
    expect([lines[0], lines[1], lines[501], lines.length]).toEqual([
      "create cali40n:Many_-1 hash:ip family inet maxelem 65536",
      "add cali40n:Many_-1 10.0.0.0",
      "add cali40n:Many_-1 10.0.1.244",
      503,
    ]);
  });

  it("asks no dataplane of a node that is not wanted, nor of its pods", () => {
    const asked: string[] = [];
    const watched: Fabric = {
      ...fabric,
      dataplane: (id) => {
        asked.push(id);
        return fabric.dataplane(id);
      },
    };
    const done: string[] = [];
    const options = { nodes: new Set(["node-b"]), progress: (count: number, total: number): void => void done.push(`${count}/${total}`) };
    expect([...artifactFiles(watched, [], positions, options)]).toHaveLength(5);
    expect(asked).toEqual(["router/core", "external/internet", "node/node-b"]);
    expect(done).toEqual(["0/1", "1/1"]);
  });

  it("refuses a pod on a node that is not there", () => {
    expect(() => hostFiles(fabric, host("pod/shop/lost", "pod", "shop/lost", "node/node-z"))).toThrow(
      "pod shop/lost is on no host of the fabric",
    );
  });
});
