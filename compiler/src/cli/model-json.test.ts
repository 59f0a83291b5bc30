import { readFileSync } from "node:fs";
import { blocks } from "@knet/language";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import type { ModelBlock, ModelDocument } from "./model-json.ts";
import { modelSchema } from "./model-schema.ts";
import { Shell } from "./testing.ts";

const validate = new Ajv2020({ strict: true, strictRequired: false }).compile<ModelDocument>(modelSchema);

/** Every kind of block, and a service of each type. */
const everything = `cluster demo {
  service-cidr = [172.16.0.0/16, fd00:16::/112]
  cni calico {
    pool four { cidr = 10.10.0.0/16, encapsulation = vxlan-cross-subnet, node-selector = "all()", allowed-uses = [tunnel, workload] }
    pool six { cidr = fd00:10::/64, encapsulation = vxlan, assignment-mode = automatic }
  }
  proxy iptables
  dns coredns { ttl = 5s, upstream = 192.168.1.53, forward "corp.example" to [192.168.1.54] }
}
network dc {
  subnet blue { cidr = [192.168.1.0/24, fd00:1::/64] }
  router core { joins = [blue], nat = internet }
}
node node-a in blue { address = [192.168.1.2, fd00:1::2] }
firewall edge { applies to nodes, allow ingress from anyone }
namespace shop {
  labels = { team = "shop" }
  pod web {
    labels = { app = "web" }
    port http = 8080/tcp
    dns-config { ndots = 2, rotate = true }
  }
  workload api { replicas = 2 }
  service web {
    type = load-balancer
    selects app == "web"
    port 80/tcp -> http
    external-traffic-policy = local
    session-affinity = client-ip
    traffic-distribution = prefer-close
  }
  service two { selects app == "web", family-policy = prefer-dual-stack, port 80/tcp -> http node-port 30080 }
  service alias { type = external-name, external-name = "db.example.org" }
  service db { port 5432/tcp, endpoints db { addresses = 10.20.0.5 } }
  policy only { applies to app == "web", allow ingress from all pods on http }
}
admin-policy guard { priority = 10, applies to namespaces team == "shop", allow "web" ingress from all namespaces on http, deny egress to 10.0.0.0/8 on 80/tcp }
baseline-policy closed { priority = 20, applies to all namespaces, deny ingress from all namespaces }
assert "open" {
  shop/api reaches shop/web on 8080/tcp encapsulated via router core seen as 10.10.0.1 with mtu 1400
  shop/api reaches service shop/web on 80/tcp balanced within 10 percent
  shop/api resolves "web" to service shop/web
  connectivity of namespace shop is exactly { shop/api reaches shop/web on 8080/tcp }
  while any 1 link fails { shop/api resolves "web" to 10.0.0.1 }
}
`;

async function dumped(text: string): Promise<ModelDocument> {
  using shell = new Shell({ "main.knet": text });
  const { exit, stdout, stderr } = await shell.knet(["check", "--format", "model-json", "main.knet"]);
  expect([exit, stderr]).toEqual([0, ""]);
  const document: unknown = JSON.parse(stdout);
  if (!validate(document)) throw new Error(JSON.stringify(validate.errors?.[0]));
  return document;
}

function find(within: readonly ModelBlock[], keyword: string, name: string | null): ModelBlock {
  const search = (list: readonly ModelBlock[]): ModelBlock | undefined =>
    list.find((block) => block.block === keyword && block.name === name) ?? list.map((block) => search(block.blocks)).find((found) => found !== undefined);
  const found = search(within);
  if (found === undefined) throw new Error(`no ${keyword} ${name ?? ""}`);
  return found;
}

describe("knet check --format model-json", () => {
  it.each(["journey", "shop"])("is valid for the example %s", async (name) => {
    const text = readFileSync(new URL(`../../../examples/${name}/${name}.knet`, import.meta.url), "utf8");
    const document = await dumped(text);
    expect(document).toMatchObject({ version: 1, file: "main.knet" });
  });

  it("has every attribute of every kind of block", async () => {
    const document = await dumped(everything);
    const seen = new Map<string, ReadonlySet<string>>();
    const visit = (block: ModelBlock): void => {
      seen.set(block.block, new Set(Object.keys(block.attributes)));
      block.blocks.forEach(visit);
    };
    document.blocks.forEach(visit);
    for (const row of blocks) {
      const wanted = row.attributes.filter((attribute) => !attribute.future).map((attribute) => attribute.name);
      expect([row.keyword, [...(seen.get(row.keyword) ?? [])].toSorted()]).toEqual([row.keyword, wanted.toSorted()]);
    }
  });

  it("tells what is written from what is not, and gives both their values", async () => {
    const { blocks: dump } = await dumped(everything);
    expect(find(dump, "service", "web").attributes).toMatchObject({
      type: { value: "load-balancer", explicit: true },
      "external-traffic-policy": { value: "local", explicit: true },
      "internal-traffic-policy": { value: "cluster", explicit: false },
      "session-timeout": { value: 10_800, explicit: false },
      "traffic-distribution": { value: "prefer-close", explicit: true },
      families: { value: ["ipv4"], explicit: false },
      "family-policy": { value: "single-stack", explicit: false },
    });
    expect(find(dump, "service", "two").attributes).toMatchObject({
      type: { value: "node-port", explicit: true },
      families: { value: ["ipv4", "ipv6"], explicit: false },
      "family-policy": { value: "prefer-dual-stack", explicit: true },
    });
    expect(find(dump, "service", "alias").attributes).toMatchObject({
      "external-name": { value: "db.example.org", explicit: true },
      "cluster-ip": { value: [], explicit: false },
      "family-policy": { value: null, explicit: false },
    });
    expect(find(dump, "pool", "four").attributes).toMatchObject({
      "block-size": { value: 26, explicit: false },
      "allowed-uses": { value: ["tunnel", "workload"], explicit: true },
      disabled: { value: false, explicit: false },
    });
    expect(find(dump, "dns-config", null).attributes).toMatchObject({
      ndots: { value: 2, explicit: true },
      attempts: { value: null, explicit: false },
      rotate: { value: true, explicit: true },
    });
    expect(find(dump, "dns", "coredns")).toMatchObject({
      attributes: { ttl: { value: 5, explicit: true }, cache: { value: 30, explicit: false } },
      statements: { forward: [{ zone: "corp.example", servers: ["192.168.1.54"] }] },
    });
    expect(find(dump, "workload", "api").attributes["ready"]).toEqual({ value: 2, explicit: false });
  });

  it("holds what is allocated, in its blocks and beside them", async () => {
    const { blocks: dump, allocated } = await dumped(everything);
    const tables = allocated as { readonly services: Readonly<Record<string, { readonly clusterIps: readonly string[]; readonly nodePorts: object; readonly healthCheckNodePort: number | null }>> };
    const web = tables.services["shop/web"];
    expect(find(dump, "service", "web").attributes["cluster-ip"]).toEqual({ value: web?.clusterIps, explicit: false });
    expect(web?.clusterIps).toHaveLength(1);
    expect(find(dump, "service", "web").attributes["health-check-node-port"]).toEqual({ value: web?.healthCheckNodePort, explicit: false });
    expect(web?.healthCheckNodePort).toBeGreaterThanOrEqual(30_000);
    expect(tables.services["shop/two"]?.nodePorts).toEqual({ "80/tcp": 30_080 });
    expect(tables.services["kube-system/kube-dns"]?.clusterIps).toEqual(["172.16.0.10", "fd00:16::a"]);
    expect(allocated).toMatchObject({
      nodes: { "node-a": ["192.168.1.2", "fd00:1::2"] },
      routers: { core: { blue: ["192.168.1.1", "fd00:1::1"] } },
      pods: { "shop/api-1": { node: "node-a", workload: "shop/api" } },
    });
  });

  it("holds the rules of a policy of the cluster in their order", async () => {
    const { blocks: dump } = await dumped(everything);
    expect(find(dump, "admin-policy", "guard")).toMatchObject({
      attributes: { priority: { value: 10, explicit: true } },
      statements: {
        "applies to": { namespaces: { requirements: [{ key: "team", operator: "In", values: ["shop"] }] }, pods: null },
        rules: [
          { action: "Accept", direction: "ingress", name: "web", peers: [{ kind: "pods" }], ports: [{ kind: "named", name: "http" }] },
          { action: "Deny", direction: "egress", name: null, peers: [{ kind: "cidr", cidr: "10.0.0.0/8" }], ports: [{ kind: "range", protocol: "tcp", first: 80, last: 80 }] },
        ],
      },
    });
  });

  it("holds what an assertion asks of the way, of names and of a namespace", async () => {
    const { blocks: dump } = await dumped(everything);
    expect(find(dump, "assert", "open").statements["statements"]).toMatchObject([
      {
        kind: "reach",
        path: [
          { kind: "encapsulation", encapsulated: true },
          { kind: "router", router: "core" },
          { kind: "source-seen", as: { kind: "address", address: "10.10.0.1" } },
          { kind: "mtu", bytes: 1400 },
        ],
      },
      { kind: "reach", path: [{ kind: "balance", percent: 10 }] },
      { kind: "resolve", name: "web", target: { kind: "service", namespace: "shop", name: "web" } },
      { kind: "connectivity", namespace: "shop", statements: [{ kind: "reach" }] },
      { kind: "failure", when: "while", what: "link", count: 1, statements: [{ kind: "resolve", target: { kind: "addresses", addresses: ["10.0.0.1"] } }] },
    ]);
  });

  it("is the same text each time", async () => {
    using shell = new Shell({ "main.knet": everything });
    const [one, two] = [await shell.knet(["check", "--format", "model-json", "main.knet"]), await shell.knet(["check", "--format", "model-json", "main.knet"])];
    expect(one.stdout).toBe(two.stdout);
    expect(one.stdout.endsWith("}\n")).toBe(true);
  });

  it("prints no half of a model: errors go to stderr", async () => {
    using shell = new Shell({ "main.knet": everything.replace("in blue", "in bleu") });
    const { exit, stdout, stderr } = await shell.knet(["check", "--format", "model-json", "main.knet"]);
    expect([exit, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("error[KN2001]: there is no subnet called `bleu`");
  });

  it("takes one program", async () => {
    using shell = new Shell({ "main.knet": everything });
    const { exit, stderr } = await shell.knet(["check", "--format", "model-json", "main.knet", "main.knet"]);
    expect([exit, stderr]).toEqual([2, "error[KN9004]: --format model-json takes one program\n  = help: name one file\n"]);
  });
});

describe("a program with what is not compiled yet", () => {
  const tiers = /^(?:admin|baseline)-policy .*\n/gm;
  const local = everything.replace(/ {2}service db .*\n/, "").replaceAll(tiers, "");

  it.each([
    ["compile", ["compile", "main.knet", "-o", "out"]],
    ["verify", ["verify", "main.knet"]],
    ["trace", ["trace", "main.knet", "shop/api", "shop/web", "--port", "8080"]],
    ["reach", ["reach", "main.knet"]],
  ])("is refused by %s, at each attribute", async (_, args) => {
    using shell = new Shell({ "main.knet": local });
    const { exit, stdout, stderr } = await shell.knet(args);
    expect([exit, stdout]).toEqual([1, ""]);
    const found = [...stderr.matchAll(/^error\[(KN\d+)\]: `([a-z-]+)` of (.*) is not compiled yet/gm)].map(([, code, attribute, owner]) => [code, attribute, owner]);
    expect(found).toEqual([
      ["KN6001", "external-traffic-policy", "service shop/web"],
      ["KN6001", "session-affinity", "service shop/web"],
      ["KN6001", "traffic-distribution", "service shop/web"],
    ]);
  });

  it("is refused at each policy of the cluster", async () => {
    const policies = everything.match(tiers) ?? [];
    using shell = new Shell({ "main.knet": `${local.replace(/ {2}service web \{[^}]*\}\n/, "").replace(/^assert [\s\S]*/m, "")}${policies.join("")}` });
    const { exit, stderr } = await shell.knet(["compile", "main.knet", "-o", "out"]);
    expect(exit).toBe(1);
    expect([...stderr.matchAll(/^error\[(KN\d+)\]: (.*)/gm)].map(([, code, message]) => `${code ?? ""} ${message ?? ""}`)).toEqual([
      "KN6001 `admin-policy guard` of cluster demo is not compiled yet: the tiers around the policies of namespaces are not generated",
      "KN6001 `baseline-policy closed` of cluster demo is not compiled yet: the tiers around the policies of namespaces are not generated",
    ]);
  });

  it("is fine for check and lock", async () => {
    using shell = new Shell({ "main.knet": local });
    expect((await shell.knet(["check", "main.knet"])).exit).toBe(0);
    expect((await shell.knet(["lock", "main.knet"])).exit).toBe(0);
    expect((await shell.knet(["check", "--locked", "main.knet"])).exit).toBe(0);
  });
});
