import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkProgram } from "../program/check.ts";
import { applyEdits } from "../text/edit.ts";
import { annotated, inCluster, messages, messagesOf } from "../testing/fixtures.ts";
import { labelKeyFault, labelValueFault, nameFault, portNameFault, repairedName } from "../binder/names.ts";

const folder = new URL("./fixtures/", import.meta.url);

describe("fixtures: the markers under each line are exactly what is found there", () => {
  it.each(readdirSync(folder).sort())("%s", (name) => {
    const marked = readFileSync(new URL(name, folder), "utf8");
    expect(annotated(marked)).toBe(marked);
  });
});

describe("help and fixes", () => {
  /** The program after the first fix of its only finding. */
  function repaired(snippet: string): string {
    const text = inCluster(snippet);
    const { diagnostics } = checkProgram("t.knet", text);
    expect(diagnostics).toHaveLength(1);
    return applyEdits(text, diagnostics[0]?.fixes[0]?.edits ?? []).split("\n")[0] ?? "";
  }

  it.each([
    ["node n in bule", "node n in blue"],
    ["node n in blue { adress = 192.168.1.9 }", "node n in blue { address = 192.168.1.9 }"],
    ["node n in blue { address = 192.168.1.9/24 }", "node n in blue { address = 192.168.1.9 }"],
    ['node n in blue { address = "192.168.1.9" }', "node n in blue { address = 192.168.1.9 }"],
    ["node n in blue { labels = { zone = a } }", 'node n in blue { labels = { zone = "a" } }'],
    ["node N1 in blue", "node n1 in blue"],
    ["firewall f { applies to nodes, allow ingress to nodes }", "firewall f { applies to nodes, allow ingress from nodes }"],
    ["firewall f { applies to nodes, allow ingress from blue }", "firewall f { applies to nodes, allow ingress from subnet blue }"],
    [
      "firewall f { applies to nodes, allow ingress from nodes on 22 }",
      "firewall f { applies to nodes, allow ingress from nodes on 22/tcp }",
    ],
    ["namespace a { pod p { ready = False } }", "namespace a { pod p { ready = false } }"],
    ["namespace a { pod p { redy = false } }", "namespace a { pod p { ready = false } }"],
    ["namespace a { pod p on node-x { } }", "namespace a { pod p on node-a { } }"],
    ["namespace a { pdo p {} }", "namespace a { pod p {} }"],
    ['assert "x" { node-a reaches nodes }', 'assert "x" { node node-a reaches nodes }'],
    ['assert "x" { anyone reaches nodes }', 'assert "x" { anything reaches nodes }'],
    [
      'namespace a { pod x { labels = { b = "c" }, port 80/tcp }, service s { select b == "c", port 80/tcp } }',
      'namespace a { pod x { labels = { b = "c" }, port 80/tcp }, service s { selects b == "c", port 80/tcp } }',
    ],
    [
      'namespace a { pod x { labels = { b = "c" } }, policy p { apply to b == "c", allow ingress } }',
      'namespace a { pod x { labels = { b = "c" } }, policy p { applies to b == "c", allow ingress } }',
    ],
    [
      "firewall f { applies to nodes, alow ingress from subnet blue, subnet green on 22/tcp }",
      "firewall f { applies to nodes, allow ingress from subnet blue, subnet green on 22/tcp }",
    ],
    ["firewall f { applies to nodes, allow ingres from nodes }", "firewall f { applies to nodes, allow ingress from nodes }"],
    ["firewall f { applies to nodes, allow ingress form nodes }", "firewall f { applies to nodes, allow ingress from nodes }"],
    ["firewall f { applies ot nodes, allow ingress from nodes }", "firewall f { applies to nodes, allow ingress from nodes }"],
    [
      "firewall f { applies to nodes, allow ingress from nodes onn 22/tcp }",
      "firewall f { applies to nodes, allow ingress from nodes on 22/tcp }",
    ],
    ['assert "x" { nodes reach nodes }', 'assert "x" { nodes reaches nodes }'],
    ['assert "x" { nodes nevr reaches internet }', 'assert "x" { nodes never reaches internet }'],
    ['assert "x" { anything exept nodes reaches nodes }', 'assert "x" { anything except nodes reaches nodes }'],
    ['assert "x" { afer any 1 node fails { nodes reaches nodes } }', 'assert "x" { after any 1 node fails { nodes reaches nodes } }'],
    ['assert "x" { after any 1 node falls { nodes reaches nodes } }', 'assert "x" { after any 1 node fails { nodes reaches nodes } }'],
    ["node n blue { address = 192.168.1.9 }", "node n in blue { address = 192.168.1.9 }"],
    ["namespace a { pod p node-a }", "namespace a { pod p on node-a }"],
    ["namespace a { pod p in node-a }", "namespace a { pod p on node-a }"],
    ["namespace a { pod p { prt http = 80/tcp } }", "namespace a { pod p { port http = 80/tcp } }"],
    ["network n { subnet blue { cdir 192.168.1.0/24 } }\nnode a in blue", "network n { subnet blue { cidr = 192.168.1.0/24 } }"],
  ])("repairs `%s`", (before, after) => {
    expect(repaired(before)).toBe(after);
  });

  it("repairs an unknown name in all its places at once", () => {
    const text = inCluster("node a in bleu\nnode b in bleu\nnode c in blue");
    const { diagnostics } = checkProgram("t.knet", text);
    expect(diagnostics.map((diagnostic) => diagnostic.message)).toEqual(["there is no subnet called `bleu`"]);
    const after = applyEdits(text, diagnostics[0]?.fixes[0]?.edits ?? []);
    expect(after.startsWith("node a in blue\nnode b in blue\n")).toBe(true);
    expect(messages(after)).toEqual([]);
  });

  it("tells what begins a member where the first word of a sentence is like none", () => {
    const { diagnostics } = checkProgram("t.knet", inCluster('namespace a { policy p { xyz to app == "x", allow ingress } }'));
    expect(diagnostics.map((diagnostic) => [diagnostic.message, diagnostic.help])).toEqual([
      ["`xyz` is not a kind of declaration", "in a policy stand `applies`, `isolates` or `allow`"],
    ]);
  });

  it("asks for `=` behind the name of an attribute", () => {
    expect(messagesOf("network n { subnet blue { cidr == 192.168.1.0/24 } }\nnode a in blue")).toEqual(["KN1005 expected `=`, found `==`"]);
  });

  describe("a name that Kubernetes does not allow", () => {
    const shop = (declared: string, used: string): string =>
      inCluster(
        `namespace ${declared} { pod web }\nassert "x" { ${used}/web reaches nodes, pods a == "b" in namespace ${used} reaches nodes }`,
      );

    it("is found by those who use the repaired spelling", () => {
      const { diagnostics } = checkProgram("t.knet", shop("Shop", "shop"));
      expect(diagnostics.filter((diagnostic) => diagnostic.severity === "error").map((diagnostic) => diagnostic.code)).toEqual(["KN2006"]);
    });

    it("is repaired wherever it is used", () => {
      const text = inCluster('namespace Shop { pod web }\nassert "x" { Shop/web reaches nodes, nodes reaches Shop/* }');
      const { diagnostics } = checkProgram("t.knet", text);
      expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual(["KN2006"]);
      const after = applyEdits(text, diagnostics[0]?.fixes[0]?.edits ?? []);
      expect(after.split("\n").slice(0, 2)).toEqual([
        "namespace shop { pod web }",
        'assert "x" { shop/web reaches nodes, nodes reaches shop/* }',
      ]);
      expect(messages(after)).toEqual([]);
    });

    it("keeps its quotes", () => {
      const text = inCluster('node "Node_C" in blue\nnamespace a { pod p on "Node_C" }\nnode node-a in blue');
      const { diagnostics } = checkProgram("t.knet", text);
      expect(diagnostics.map((diagnostic) => diagnostic.code)).toEqual(["KN2006"]);
      expect(
        applyEdits(text, diagnostics[0]?.fixes[0]?.edits ?? [])
          .split("\n")
          .slice(0, 2),
      ).toEqual(['node "node-c" in blue', 'namespace a { pod p on "node-c" }']);
    });

    it("is not declared twice when the repaired name is", () => {
      expect(checkProgram("t.knet", inCluster("node Web in blue\nnode web in blue")).diagnostics.map((d) => d.code)).toEqual(["KN2006"]);
    });
  });

  it("tells which namespace has the pods that a policy's own has not", () => {
    const { diagnostics } = checkProgram(
      "t.knet",
      inCluster(
        'namespace a {\n  pod x\n  policy p { applies to all pods, allow ingress from pods app == "y" }\n}\nnamespace b { pod y { labels = { app = "y" } } }',
      ),
    );
    expect(diagnostics.map((diagnostic) => diagnostic.help)).toEqual(["such pods are in namespace `b`: add `in namespace b`"]);
  });
});

describe("one mistake gives one message", () => {
  it.each([
    ["a malformed address", "node n in blue { address = 192.168.1.999 }"],
    [
      "a malformed pool leaves the pods in it alone",
      "cluster demo {\n  service-cidr = 172.16.0.0/16\n  cni calico { pool p { cidr = 10.10.0.0/99, encapsulation = vxlan } }\n}\nnamespace a { pod x { address = 10.10.0.1 } }",
    ],
    [
      "a malformed service range leaves the cluster IPs alone",
      'cluster demo {\n  service-cidr = 172.16.0/16\n  cni calico { pool p { cidr = 10.10.0.0/16, encapsulation = vxlan } }\n}\nnamespace a {\n  pod x { labels = { a = "b" }, port 80/tcp }\n  service s { selects a == "b", cluster-ip = 10.0.0.1, port 80/tcp }\n}',
    ],
    [
      "a label that cannot be read leaves selectors alone",
      'namespace a {\n  pod x { labels = { a = b }, port 80/tcp }\n  service s { selects a == "b", port 80/tcp }\n}',
    ],
    [
      "a port that cannot be read leaves targets alone",
      'namespace a {\n  pod x { labels = { a = "b" }, port http = 80 }\n  service s { selects a == "b", port 80/tcp -> http }\n}',
    ],
    ["a misspelt keyword leaves its users alone", 'namespace a { pdo x {} }\nassert "t" { a/x reaches nodes }'],
    ["a misplaced block leaves its users alone", 'pod x {}\nassert "t" { a/x reaches nodes }\nnamespace a {}'],
    ["a nameless block leaves its users alone", "network n { subnet { cidr = 10.1.0.0/24 } }\nnode a in blue"],
    [
      "a service range in the wrong place",
      'cluster demo {\n  service-cidr = 172.30.0.0/16\n  cni calico { pool p { cidr = 10.10.0.0/16, encapsulation = vxlan } }\n  dns coredns { address = 172.16.0.10 }\n}\nnamespace a {\n  pod x { labels = { a = "b" }, port 80/tcp }\n  service s { selects a == "b", cluster-ip = 172.16.0.9, port 80/tcp }\n}',
    ],
    [
      "subnets that overlap leave the nodes in them alone",
      "network n {\n  subnet blue { cidr = 192.168.1.0/24 }\n  subnet green { cidr = 192.168.1.0/24 }\n}\nnode a in green { address = 192.168.2.1 }",
    ],
    ["a misspelt required attribute", "network n { subnet blue { cdir = 192.168.1.0/24 } }\nnode a in blue { address = 192.168.1.9 }"],
    [
      "a second cluster",
      "cluster a {\n  service-cidr = 172.16.0.0/16\n  cni calico { pool p { cidr = 10.10.0.0/16, encapsulation = vxlan } }\n}\ncluster b {\n  service-cidr = 172.16.0.0/16\n  cni calico { pool p { cidr = 10.10.0.0/16, encapsulation = vxlan } }\n}",
    ],
    ["an unsupported plug-in", "cluster a {\n  service-cidr = 172.16.0.0/16\n  cni cilium { tunnel = geneve }\n}"],
  ])("%s", (_, snippet) => {
    expect(messagesOf(snippet)).toHaveLength(1);
  });

  it("says nothing about an empty pair of namespaces or unused things", () => {
    expect(messagesOf("namespace a {}\nnamespace b {}")).toEqual([]);
    expect(messagesOf("network n { subnet lone { cidr = 10.9.0.0/24 } }\nnode a in lone")).toEqual([]);
  });
});

describe("policies of the cluster", () => {
  const policy = (name: string, priority: number, rest: string): string => `admin-policy ${name} { priority = ${priority}, ${rest} }\n`;
  const pods = 'namespace a { pod x { labels = { app = "x" } } }\nnamespace b { pod y { labels = { app = "y" } } }\n';

  it("may share a priority where they are about different pods or directions", () => {
    const deny = "deny ingress from all namespaces";
    expect(messagesOf(`${pods}${policy("one", 1, `applies to namespace a, ${deny}`)}${policy("two", 1, `applies to namespace b, ${deny}`)}`)).toEqual([]);
    expect(messagesOf(`${pods}${policy("one", 1, `applies to namespace a, ${deny}`)}${policy("two", 1, "applies to all namespaces, deny egress to internet")}`)).toEqual([]);
    expect(messagesOf(`${pods}${policy("one", 1, `applies to namespace a, ${deny}`)}${policy("two", 1, `applies to pods app == "x" in all namespaces, ${deny}`)}`)).toEqual([
      "KN8006 policies `one` and `two` have the priority 1: which of them is asked first is left open",
    ]);
  });

  it("have 25 rules in each direction, 25 parties and 25 ports at most", () => {
    const many = (count: number, item: (i: number) => string): string => Array.from({ length: count }, (_, i) => item(i)).join(", ");
    const all = (rules: string): readonly string[] => messagesOf(`${pods}${policy("one", 1, `applies to all namespaces, ${rules}`)}`);
    expect(all(`${many(25, () => "deny ingress from all namespaces")}, ${many(25, () => "deny egress to all namespaces")}`)).toEqual([]);
    expect(all(many(26, () => "deny ingress from all namespaces"))).toEqual(["KN3031 `ingress` has 26 entries, and 25 are allowed"]);
    expect(all(`deny ingress from ${many(26, () => "namespace a")}`)).toEqual(["KN3031 `from` has 26 entries, and 25 are allowed"]);
    // 25 CIDRs are one party of the API.
    expect(all(`deny egress to ${many(600, (i) => `10.${Math.floor(i / 256)}.${i % 256}.0/24`)}`)).toEqual([]);
    expect(all(`deny egress to ${many(626, (i) => `10.${Math.floor(i / 256)}.${i % 256}.0/24`)}`)).toEqual(["KN3031 `to` has 26 entries, and 25 are allowed"]);
    expect(all(`deny egress to internet on ${many(26, (i) => `${i + 1}/tcp`)}`)).toEqual(["KN3031 `on` has 26 entries, and 25 are allowed"]);
    expect(all(`allow "${"x".repeat(101)}" ingress from all namespaces`)).toEqual([
      `KN2006 \`${"x".repeat(101)}\` cannot be the name of a rule: it has 101 characters, 100 are allowed`,
    ]);
  });

  it("can be made by loops, with names and parties that loops give", () => {
    expect(
      messagesOf(
        `${pods}for team in [a, b] { admin-policy "guard-\${team}" { priority = if team == "a" then 1 else 2, applies to namespace team, allow "to \${team}" ingress from pods app == "x" in namespace team } }`,
      ),
    ).toEqual(['KN8001 this selects no pod of namespace `b`']);
  });

  it.each([
    ["admin-policy p { priority = 1, applies to all pods, deny ingress from all namespaces }", "`all pods` cannot stand in a policy of the cluster", "write `all namespaces`"],
    ["admin-policy p { priority = 1, applies to all namespaces, deny egress to anyone }", "`anyone` cannot stand in a policy of the cluster", "did you mean `0.0.0.0/0, ::/0`?"],
  ])("say what to write instead: %s", (snippet, message, help) => {
    const { diagnostics } = checkProgram("t.knet", inCluster(snippet));
    expect(diagnostics.map((diagnostic) => [diagnostic.message, diagnostic.help])).toContainEqual([message, help]);
  });

  it("repairs a policy that says `pods` before its selector", () => {
    const text = inCluster('namespace a { pod x { labels = { app = "x" } }, policy p { applies to pods app == "x", allow ingress } }');
    const { diagnostics } = checkProgram("t.knet", text);
    const repaired = applyEdits(text, diagnostics[0]?.fixes[0]?.edits ?? []);
    expect(repaired.split("\n")[0]).toBe('namespace a { pod x { labels = { app = "x" } }, policy p { applies to app == "x", allow ingress } }');
    expect(messages(repaired)).toEqual([]);
  });
});

describe("what assertions ask, in loops", () => {
  it("takes names, numbers and addresses from what is bound", () => {
    const { program, diagnostics } = checkProgram(
      "t.knet",
      inCluster(`namespace shop {
  pod client
  for app in ["web", "api"] {
    pod "\${app}"     { labels = { app = app }, port http = 8080/tcp }
    service "\${app}" { selects app == app, port 80/tcp -> http }
  }
}
const space = shop
for app, hop in { web = core, api = core } {
  assert "\${app}" {
    shop/client reaches service "shop/\${app}" on 80/tcp via router hop seen as node node-a with mtu (1400 + 50) balanced within (5 * 2) percent
    shop/client resolves "\${app}.shop" to service "shop/\${app}"
    connectivity of namespace space is exactly { for i in 1..2 { shop/client reaches "shop/\${app}" on (8079 + i)/tcp } }
  }
}`).replace("(8079 + i)/tcp", "port(8079 + i, tcp)"),
    );
    expect(diagnostics.map(({ message }) => message)).toEqual([]);
    expect(program?.clusters[0]?.assertions.map(({ statements }) => statements)).toMatchObject(
      ["web", "api"].map((app) => [
        {
          target: { kind: "service", name: app },
          path: [{ kind: "router", router: "core" }, { as: { kind: "node", node: "node-a" } }, { kind: "mtu", bytes: 1450 }, { kind: "balance", percent: 10 }],
        },
        { kind: "resolve", name: `${app}.shop`, target: { kind: "service", name: app } },
        { kind: "connectivity", namespace: "shop", statements: [{ ports: [{ first: 8080 }] }, { ports: [{ first: 8081 }] }] },
      ]),
    );
  });
});

describe("assertions about links", () => {
  const text = (count: number): string =>
    `node node-a in blue\nnode node-b in green\nnetwork dc {\n  subnet blue { cidr = 192.168.1.0/24 }\n  subnet green { cidr = 192.168.2.0/24 }\n  router core { joins = [blue, green] }\n}\nassert "x" { while any ${count} links fail { nodes reaches nodes } }`;

  it("count one for each node and for each subnet of a router, and leave one", () => {
    expect(messagesOf(text(3))).toEqual([]);
    expect(messagesOf(text(4))).toEqual(["KN4016 4 links cannot fail and leave something to ask: there are 4"]);
  });
});

describe("what every cluster has", () => {
  it("knows the API server's and the DNS service, and both built-in namespaces", () => {
    expect(
      messagesOf(
        'assert "x" { nodes reaches service default/kubernetes on 443/tcp, nodes reaches service kube-system/kube-dns on 53/udp }\nnamespace kube-system { pod extra }\nnamespace default { pod web }',
      ),
    ).toEqual([]);
  });

  it("knows the label that names a namespace", () => {
    expect(
      messagesOf(
        'namespace a {\n  pod x\n  policy p { applies to all pods, allow ingress from namespaces "kubernetes.io/metadata.name" == "kube-system" }\n}',
      ),
    ).toEqual([]);
  });
});

describe("names", () => {
  it.each([
    ["web", "label", true],
    ["3scale", "label", true],
    ["web.shop", "label", false],
    ["web.shop", "subdomain", true],
    ["web..shop", "subdomain", false],
    ["-web", "label", false],
    ["web-", "label", false],
    ["Web", "label", false],
    ["a".repeat(63), "label", true],
    ["a".repeat(64), "label", false],
    ["a".repeat(64), "subdomain", true],
    ["3scale", "service-label", false],
    ["scale3", "service-label", true],
  ] as const)("%s as %s: %s", (name, rule, good) => {
    expect(nameFault(name, rule) === null).toBe(good);
  });

  it("repairs what can be repaired", () => {
    expect(repairedName("My_App", "label")).toBe("my-app");
    expect(repairedName("Web.Shop", "subdomain")).toBe("web.shop");
    expect(repairedName("---", "label")).toBeNull();
  });

  it("label keys and values keep Kubernetes' rules", () => {
    for (const key of ["app", "app.kubernetes.io/part-of", "A_b.c-1", "x/Y"]) expect(labelKeyFault(key)).toBeNull();
    for (const key of ["", "/a", "a/", "A.B/c", "a/b/c", "-a", "a-", "ä", "a".repeat(64)]) expect(labelKeyFault(key)).not.toBeNull();
    for (const value of ["", "web", "A_b.c-1", "a".repeat(63)]) expect(labelValueFault(value)).toBeNull();
    for (const value of ["a b", "-a", "a.", "a".repeat(64)]) expect(labelValueFault(value)).not.toBeNull();
  });

  it("port names keep the rules of IANA", () => {
    for (const name of ["http", "dns-tcp", "a", "web-8080"]) expect(portNameFault(name)).toBeNull();
    for (const name of ["HTTP", "a--b", "-a", "80", "sixteen-letters-", "averyverylongname"]) expect(portNameFault(name)).not.toBeNull();
  });
});
