import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import type { ModelDocument } from "./model-json.ts";
import { modelSchema } from "./model-schema.ts";
import { Shell } from "./testing.ts";

/** Two clusters on one network, both with a `node-a`, a `shop/client` and the same service range. */
const two = `network dc {
  subnet blue { cidr = 192.168.1.0/29 }
  subnet green { cidr = 192.168.2.0/24 }
  router core { joins = [blue, green], nat = internet }
}
cluster west {
  service-cidr = 172.16.0.0/16
  cni calico { pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan } }
  node node-a in blue
  node node-b in green
  namespace shop {
    pod client on node-a
    pod web on node-b { labels = { app = "web" }, port 80/tcp }
    service web { selects app == "web", cluster-ip = 172.16.9.9, port 80/tcp }
  }
  assert "the west works" { shop/client reaches service shop/web }
}
cluster east {
  service-cidr = 172.16.0.0/16
  cni calico { pool pods { cidr = 10.20.0.0/16, encapsulation = vxlan } }
  node node-a in blue
  node node-c in blue { address = 192.168.1.3 }
  namespace shop {
    pod client on node-a
    pod web on node-c { labels = { app = "web" }, port 80/tcp }
    policy closed { applies to app == "web", isolates ingress }
  }
}
assert "the east is closed" { east/shop/client never reaches east/shop/web on 80/tcp }
`;

const undecided = `assert "apart" { west/shop/client never reaches east/shop/client }
assert "outside" { internet never reaches west/shop/* }
assert "any" { nothing reaches east/shop/web }
assert "foreign" { west/shop/client never reaches 10.20.0.0/24 }
assert "own" { west/shop/client never reaches 203.0.113.7 on 1/sctp }
`;

async function knet(args: readonly string[], text = two): Promise<{ readonly exit: number; readonly stdout: string; readonly stderr: string }> {
  using shell = new Shell({ "two.knet": text });
  return await shell.knet(args);
}

const validate = new Ajv2020({ strict: true, strictRequired: false }).compile<ModelDocument>(modelSchema);

async function model(text: string): Promise<ModelDocument> {
  const { stdout } = await knet(["check", "--format", "model-json", "two.knet"], text);
  const document: unknown = JSON.parse(stdout);
  if (!validate(document)) throw new Error(JSON.stringify(validate.errors));
  return document;
}

interface Allocated {
  readonly nodes: Readonly<Record<string, readonly string[]>>;
}

describe("a program of several clusters", () => {
  it("has nothing wrong with it", async () => {
    expect(await knet(["check", "two.knet"])).toEqual({ exit: 0, stdout: "no problems in 1 file\n", stderr: "" });
  });

  it("is shown by model-json cluster by cluster", async () => {
    const document = await model(`${two}${undecided.split("\n")[0] ?? ""}`);
    expect(document.blocks.map((block) => [block.block, block.name, block.blocks.map((inner) => `${inner.block} ${inner.name ?? ""}`)])).toEqual([
      ["cluster", "west", ["cni calico", "proxy iptables", "dns coredns", "node node-a", "node node-b", "namespace shop", "assert the west works"]],
      ["cluster", "east", ["cni calico", "proxy iptables", "dns coredns", "node node-a", "node node-c", "namespace shop", "assert the east is closed"]],
      ["network", "dc", ["subnet blue", "subnet green", "router core"]],
      ["assert", "apart", []],
    ]);
    expect(document.blocks[3]?.statements).toEqual({ clusters: ["west", "east"], statements: ["west/shop/client never reaches east/shop/client"] });
    expect(Object.keys(document.allocated ?? {})).toEqual(["west", "east"]);
  });

  it("gives no two nodes one address, not even in a subnet that they fill", async () => {
    // Of the six addresses of a /29 the router has the first.
    const full = two
      .replace("node node-a in blue\n  node node-b in green", "node node-a in blue\n  node node-b in blue")
      .replace("node node-a in blue\n  node node-c", "node node-a in blue\n  node node-d in blue\n  node node-c");
    const { west, east } = (await model(full)).allocated as unknown as Readonly<Record<"west" | "east", Allocated>>;
    const all = [west, east].flatMap(({ nodes }) => Object.values(nodes).flat());
    expect(all.toSorted()).toEqual(["192.168.1.2", "192.168.1.3", "192.168.1.4", "192.168.1.5", "192.168.1.6"]);
    expect(east.nodes["node-c"]).toEqual(["192.168.1.3"]);
  });

  it("says when a subnet has no address left for the nodes of all clusters", async () => {
    const more = ["d", "e", "f"].map((name) => `  node node-${name} in blue\n`).join("");
    const { exit, stdout } = await knet(["check", "two.knet"], two.replace("  node node-b in green", "  node node-b in blue").replace("  node node-c in blue", `${more}  node node-c in blue`));
    expect([exit, /error\[(KN\d+)\]/.exec(stdout)?.[1]]).toEqual([1, "KN5001"]);
  });

  it("is compiled into a folder for each, with a source map of its own", async () => {
    using shell = new Shell({ "two.knet": two });
    expect(await shell.knet(["compile", "two.knet", "-o", "out"])).toMatchObject({ exit: 0, stderr: "" });
    const paths = shell.tree("out").map(([path]) => path);
    expect([...new Set(paths.map((path) => path.split("/").slice(0, 2).join("/")))].filter((path) => !path.startsWith("."))).toEqual(
      ["east", "west"].flatMap((name) => [`${name}/external`, `${name}/knet.map.json`, `${name}/manifests`, `${name}/nodes`, `${name}/routers`]),
    );
    expect(shell.read("out/west/nodes/node-a/kube-proxy.iptables")).toContain("-d 172.16.9.9 ");
    expect(shell.read("out/east/nodes/node-a/kube-proxy.iptables")).not.toContain("-d 172.16.9.9 ");
    const map = JSON.parse(shell.read("out/east/nodes/node-a/knet.map.json")) as { readonly files: object };
    expect(Object.keys(map.files).every((path) => path.startsWith("nodes/node-a/"))).toBe(true);
  });

  it("is compiled as each cluster alone would be, but for its place", async () => {
    using shell = new Shell({
      "two.knet": two,
      // What is not east's is gone, and west's node keeps its address.
      "east.knet": two.slice(0, two.indexOf("cluster west")) + two.slice(two.indexOf("cluster east"), two.indexOf("assert \"the east")),
    });
    const pinned = two.replace("node node-a in blue\n  node node-c", "node node-a in blue { address = 192.168.1.6 }\n  node node-c");
    shell.write("two.knet", pinned);
    shell.write("east.knet", shell.read("east.knet").replace("node node-a in blue\n", "node node-a in blue { address = 192.168.1.6 }\n"));
    await shell.knet(["compile", "two.knet", "-o", "out"]);
    await shell.knet(["compile", "east.knet", "-o", "alone"]);
    const files = (folder: string): readonly (readonly [string, string])[] => shell.tree(folder).filter(([path]) => !path.endsWith("knet.map.json") && !path.startsWith("."));
    expect(files("out/east")).toEqual(files("alone"));
  });

  it("names nodes with their cluster in --node", async () => {
    using shell = new Shell({ "two.knet": two });
    expect((await shell.knet(["compile", "two.knet", "-o", "out", "--node", "west/node-a"])).exit).toBe(0);
    expect([...new Set(shell.tree("out").flatMap(([path]) => /^\w+\/nodes\/[^/]+/.exec(path) ?? []))]).toEqual(["west/nodes/node-a"]);
    expect(await shell.knet(["compile", "two.knet", "-o", "out", "--node", "node-a"])).toMatchObject({ exit: 2 });
  });

  it("is verified cluster by cluster", async () => {
    const { exit, stdout } = await knet(["verify", "two.knet"]);
    expect([exit, stdout.split("\n").filter((line) => line.startsWith("✓"))]).toEqual([
      0,
      ["✓ holds  the west works (enumerated, 1 flow)", "✓ holds  the east is closed (enumerated, 1 flow)"],
    ]);
  });

  it("leaves undecided what is also about other clusters, and says why", async () => {
    const { exit, stdout } = await knet(["verify", "--format", "json", "two.knet"], two + undecided);
    const { assertions } = JSON.parse(stdout) as { readonly assertions: readonly { readonly assertion: string; readonly verdict: string; readonly reason?: string }[] };
    expect(exit).toBe(6);
    expect(assertions.map(({ assertion, verdict, reason }) => [assertion, verdict, reason?.split(", and")[0]])).toEqual([
      ["the west works", "holds", undefined],
      ["the east is closed", "holds", undefined],
      ["apart", "unknown", "it is about the clusters west and east"],
      ["outside", "unknown", "`internet` is what is outside every cluster"],
      ["any", "unknown", "`anything` and `nothing` also mean the pods of the other clusters"],
      ["foreign", "unknown", "addresses of 10.20.0.0/24 are another cluster's"],
      ["own", "holds", undefined],
    ]);
  });

  it("is traced inside the cluster that the parties name, with files where compile writes them", async () => {
    const { exit, stdout } = await knet(["trace", "two.knet", "west/shop/client", "svc:west/shop/web"]);
    expect([exit, stdout.split("\n")[0]]).toEqual([0, "shop/client → svc:shop/web  80/tcp"]);
    expect(stdout).toContain("west/nodes/node-a/kube-proxy.iptables:");
    expect(await knet(["trace", "two.knet", "node:east/node-a", "east/shop/web", "--port", "80"])).toMatchObject({ exit: 0 });
    expect(await knet(["trace", "two.knet", "east/shop/client", "internet"])).toMatchObject({ exit: 0 });
  });

  it.each([
    [["shop/client", "shop/web"], "error[KN9003]: the program has several clusters, and neither FROM nor TO names one\n  = help: write west/namespace/pod or east/namespace/pod\n"],
    [["west/shop/client", "shop/web"], "error[KN9003]: shop/web names no cluster\n  = help: write west/shop/web\n"],
    [["west/shop/client", "svc:shop/web"], "error[KN9003]: svc:shop/web names no cluster\n  = help: write svc:west/shop/web\n"],
    [["west/shop/client", "east/shop/web"], "error[KN9003]: west/shop/client and east/shop/web are in different clusters, and a trace follows packets in one\n  = help: name two parties of one cluster\n"],
    [["wset/shop/client", "internet"], "error[KN9003]: no cluster is called wset\n  = help: did you mean west?\n"],
    [["west/shop/client", "192.168.1.3"], "error[KN9003]: 192.168.1.3 is an address of cluster east, and a trace follows packets in one cluster\n  = help: name two parties of one cluster\n"],
  ])("is not traced from and to %j", async (parties, stderr) => {
    expect(await knet(["trace", "two.knet", ...parties])).toEqual({ exit: 2, stdout: "", stderr });
  });

  it.each(["reach", "lock"])("is refused by %s", async (command) => {
    const { exit, stderr } = await knet([command, "two.knet"]);
    expect([exit, stderr.split("\n")[0]]).toEqual([1, "error[KN6001]: `cluster east` of a program of several clusters is not compiled yet: this command takes a program of one cluster"]);
  });

  it("has no lock", async () => {
    using shell = new Shell({ "two.knet": two });
    expect(await shell.knet(["check", "two.knet", "--locked"])).toMatchObject({ exit: 5, stderr: "error[KN5011]: the program has several clusters, and knet.lock holds the addresses of one\n  = help: leave --locked out\n" });
  });
});
