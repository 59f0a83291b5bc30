import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkProgram } from "../program/check.ts";
import type { ClusterProgram } from "../program/checked.ts";
import { withoutPlaces } from "../testing/expressions.ts";
import { anyText, inCluster, messages } from "../testing/fixtures.ts";
import { formatCidr, formatIp } from "../values/index.ts";
import { loadProgram } from "../program/load.ts";
import { expandProgram } from "./expand.ts";
import type { ParameterArgument } from "./types.ts";

function program(text: string): ClusterProgram {
  const { program: checked, diagnostics } = checkProgram("t.knet", text);
  expect(diagnostics.filter((diagnostic) => diagnostic.severity === "error").map((diagnostic) => diagnostic.message)).toEqual([]);
  const [only] = checked?.clusters ?? [];
  if (only === undefined) throw new Error("no program");
  return only;
}

/** Two programs that mean the same, wherever their parts stand. */
function same(written: string, unrolled: string): void {
  // What the unrolled program leaves out stands behind both.
  const rest = inCluster(unrolled).slice(unrolled.length);
  expect(withoutPlaces(program(written + rest))).toEqual(withoutPlaces(program(unrolled + rest)));
}

const networks = `network dc {
  subnet west { cidr = 192.168.1.0/24 }
  subnet east { cidr = 192.168.2.0/24 }
}
`;

describe("a program without directives", () => {
  it("is not copied", () => {
    const loaded = loadProgram("t.knet", inCluster('namespace a { pod p { labels = { app = "x" } } }'), null);
    const expanded = expandProgram(loaded, new Map());
    expect(expanded.root).toBe(loaded.files.get("t.knet")?.tree.root);
    expect(expanded.copies).toBe(0);
  });

  it("keeps the nodes that nothing changes beside those that change", () => {
    const loaded = loadProgram("t.knet", 'const n = 2\nnamespace a { pod p }\nnamespace "b-${n}" {}\n', null);
    const { root } = expandProgram(loaded, new Map());
    expect(root.members[0]).toBe(loaded.files.get("t.knet")?.tree.root.members[1]);
    expect(root.members[1]).toMatchObject({ name: { form: "string", text: "b-2" } });
  });
});

describe("loops", () => {
  it("stand for their members, once for each turn", () => {
    same(
      `${networks}for i in 1..3, zone in [west, east] if not (i == 2 and zone == "east") {
  node "w-\${zone}-\${i}" in zone { labels = { "topology.kubernetes.io/zone" = zone } }
}`,
      `${networks}node w-west-1 in west { labels = { "topology.kubernetes.io/zone" = "west" } }
node w-east-1 in east { labels = { "topology.kubernetes.io/zone" = "east" } }
node w-west-2 in west { labels = { "topology.kubernetes.io/zone" = "west" } }
node w-west-3 in west { labels = { "topology.kubernetes.io/zone" = "west" } }
node w-east-3 in east { labels = { "topology.kubernetes.io/zone" = "east" } }`,
    );
  });

  it("run over maps by keys, or by keys and values, and over lists by items, or by indexes and items", () => {
    same(
      `const sites = { west = 192.168.1.0/24, east = 192.168.2.0/24 }
network dc { for name, cidr in sites { subnet "\${name}" { cidr = cidr } } }
for site in sites { node "first-\${site}" in site }
for i, site in keys(sites) { node "more-\${i}" in site }`,
      `network dc {
  subnet west { cidr = 192.168.1.0/24 }
  subnet east { cidr = 192.168.2.0/24 }
}
node first-west in west
node first-east in east
node more-0 in west
node more-1 in east`,
    );
  });

  it("run no turn over an empty range, list or map", () => {
    same(
      'node a in blue\nfor i in 1..0 { node "x-${i}" in blue }\nfor i in [] { node "x-${i}" in blue }\nfor k in {} { node k in blue }',
      "node a in blue",
    );
  });

  it("stand in blocks, maps, lists, assertions and failure blocks", () => {
    same(
      `namespace shop {
  for team in [a, b] { pod "client-\${team}" { labels = { app = "client", for k in [x, y] { "\${k}-\${team}" = team } } } }
  workload web { replicas = 2, labels = { app = "web" }, spread over ["node-\${z}" for z in [a, b]], for p in [80, 443] { port "p-\${p}" = port(p, tcp) } }
  policy p {
    applies to app == "web"
    for team in [a, b] { allow ingress from pods app == "client" and has "x-\${team}" on 80/tcp }
  }
}
assert "every team" {
  for team in [a, b] {
    "shop/client-\${team}" reaches shop/web on 80/tcp
    after any (1 + 0) node fails { for p in [80, 443] { "shop/client-\${team}" reaches shop/web on port(p, tcp) } }
  }
}`,
      `namespace shop {
  pod client-a { labels = { app = "client", x-a = "a", y-a = "a" } }
  pod client-b { labels = { app = "client", x-b = "b", y-b = "b" } }
  workload web { replicas = 2, labels = { app = "web" }, spread over [node-a, node-b], port p-80 = 80/tcp, port p-443 = 443/tcp }
  policy p {
    applies to app == "web"
    allow ingress from pods app == "client" and has x-a on 80/tcp
    allow ingress from pods app == "client" and has x-b on 80/tcp
  }
}
assert "every team" {
  shop/client-a reaches shop/web on 80/tcp
  after any 1 node fails {
    shop/client-a reaches shop/web on 80/tcp
    shop/client-a reaches shop/web on 443/tcp
  }
  shop/client-b reaches shop/web on 80/tcp
  after any 1 node fails {
    shop/client-b reaches shop/web on 80/tcp
    shop/client-b reaches shop/web on 443/tcp
  }
}`,
    );
  });

  it("mean what they mean unrolled, whatever the numbers", () => {
    const shape = fc.record({
      first: fc.integer({ min: 0, max: 5 }),
      turns: fc.integer({ min: 0, max: 6 }),
      skip: fc.integer({ min: 0, max: 12 }),
      teams: fc.uniqueArray(fc.constantFrom("a", "b", "c", "d"), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(shape, ({ first, turns, skip, teams }) => {
        const last = first + turns - 1;
        const loop = `for i in ${first}..${last} if i != ${skip} { node "n-\${i}" in blue { labels = { id = "\${i}" } } }
namespace shop { for team in [${teams.join(", ")}], i in 1..2 { pod "\${team}-\${i}" { labels = { team = team } } } }`;
        const nodes = Array.from({ length: turns }, (_, i) => first + i).filter((i) => i !== skip);
        const unrolled = [
          ...nodes.map((i) => `node n-${i} in blue { labels = { id = "${i}" } }`),
          "namespace shop {",
          ...teams.flatMap((team) => [1, 2].map((i) => `  pod ${team}-${i} { labels = { team = "${team}" } }`)),
          "}",
        ].join("\n");
        same(`node node-x in blue\n${loop}`, `node node-x in blue\n${unrolled}`);
      }),
      { seed: 20261122, numRuns: 60 },
    );
  });
});

describe("conditionals", () => {
  it("take the first branch whose condition holds", () => {
    for (const [size, name] of [
      ["large", "a"],
      ["small", "b"],
      ["tiny", "c"],
    ]) {
      same(
        `const size = ${size}\nif size == large { node a in blue } else if size == "small" { node b in blue } else { node c in blue }\nnamespace x { workload w { replicas = if size == large then 9 else 2 } }`,
        `node ${name} in blue\nnamespace x { workload w { replicas = ${size === "large" ? 9 : 2} } }`,
      );
    }
  });

  it("leave their one member, where there are as many members before and after", () => {
    same(
      `namespace a {
  pod web { labels = { app = "web" }, if true { port http = 80/tcp } }
  service web { selects app == "web", if true { port 80/tcp -> http } }
}`,
      `namespace a {
  pod web { labels = { app = "web" }, port http = 80/tcp }
  service web { selects app == "web", port 80/tcp -> http }
}`,
    );
  });

  it("look at no branch that is not taken", () => {
    expect(messages(inCluster("if false { node n in nowhere { address = host(10.0.0.0/30, 99) } }"))).toEqual([]);
  });
});

describe("constants and words", () => {
  it("stand in any order, and stand for their values where something is referred to", () => {
    const checked = program(
      `network dc { subnet blue { cidr = range-of-blue } }
node n in zone { address = host(range-of-blue, 10) }
const zone = blue
const range-of-blue = subnet(base, 8, 7)
const base = 10.0.0.0/16
${inCluster("network x {}\nnode y in blue").split("\n").slice(2).join("\n")}`.replace("network x {}\n", ""),
    );
    expect(checked.networks[0]?.subnets[0]?.cidrs.value.map(formatCidr)).toEqual(["10.0.7.0/24"]);
    expect(checked.nodes.map((node) => [node.name, node.subnet.value, node.addresses.value.map(formatIp)])).toEqual([
      ["n", "blue", ["10.0.7.10"]],
    ]);
  });

  it("leave alone what declares: names of blocks and attributes, and keys of labels", () => {
    const { namespaces } = program(
      inCluster(
        'const web = "x"\nconst app = "y"\nconst replicas = 3\nnamespace a { workload web { replicas = replicas, labels = { app = web, "${app}" = app } } }',
      ),
    );
    expect(namespaces[0]?.workloads.map(({ name, replicas, labels }) => [name, replicas.value, labels.value])).toEqual([
      ["web", 3, { app: "x", y: "y" }],
    ]);
  });

  it("shadow each other from the inside", () => {
    const { nodes } = program(inCluster('const i = 9\nfor i in [1] { const j = i + 1\n node "a-${j}" in blue }\nnode "b-${i}" in blue'));
    expect(nodes.map((node) => node.name)).toEqual(["a-2", "b-9"]);
  });

  it("name parties, ports and lists of both", () => {
    same(
      `const client = "shop/client"
const web-ports = [80/tcp, 443/tcp]
const offices = [10.1.0.0/16, 10.2.0.0/16]
const home = shop
namespace shop {
  pod client
  pod web { labels = { app = "web" }, port http = 80/tcp, port https = 443/tcp }
  policy p { applies to app == "web", allow ingress from offices on web-ports, allow ingress from namespace home on 80/tcp }
}
assert "it works" { client never reaches "\${home}/web" on web-ports }`,
      `namespace shop {
  pod client
  pod web { labels = { app = "web" }, port http = 80/tcp, port https = 443/tcp }
  policy p { applies to app == "web", allow ingress from 10.1.0.0/16, 10.2.0.0/16 on 80/tcp, 443/tcp, allow ingress from namespace shop on 80/tcp }
}
assert "it works" { shop/client never reaches shop/web on 80/tcp, 443/tcp }`,
    );
  });
});

describe("templates", () => {
  it("stand for their members, with their parameters", () => {
    same(
      `const base = 10.64.0.0/10
template rack {
  param index integer where index >= 0
  param cidr  cidr = subnet(base, 14, index)
  param size  one of [small, large] = small
  network "rack-\${index}" { subnet "rack-\${index}" { cidr = cidr } }
  for i in 1..(if size == large then 3 else 1) { node "rack-\${index}-\${i}" in "rack-\${index}" { address = host(cidr, i + 9) } }
}
use rack { index = 0 }
use rack { index = 1, size = large, cidr = 192.168.9.0/24 }`,
      `network rack-0 { subnet rack-0 { cidr = 10.64.0.0/24 } }
node rack-0-1 in rack-0 { address = 10.64.0.10 }
network rack-1 { subnet rack-1 { cidr = 192.168.9.0/24 } }
node rack-1-1 in rack-1 { address = 192.168.9.10 }
node rack-1-2 in rack-1 { address = 192.168.9.11 }
node rack-1-3 in rack-1 { address = 192.168.9.12 }
`,
    );
  });

  it("see what their file declares, not what their user does", () => {
    const { nodes } = program(
      inCluster(
        'node y in blue\nconst name = "outer"\ntemplate t { node "${name}" in blue }\nfor name in ["inner"] { use t\n node "${name}" in blue }',
      ),
    );
    expect(nodes.map((node) => node.name)).toEqual(["y", "outer", "inner"]);
  });

  it("stand among the members of a block, among labels, and in each other", () => {
    same(
      `template common-labels { param app string, app = app, part-of = "shop" }
template web { param n integer, pod "web-\${n}" { labels = { use common-labels { app = "web" } } } }
namespace shop { for n in 1..2 { use web { n = n } } }`,
      `namespace shop {
  pod web-1 { labels = { app = "web", part-of = "shop" } }
  pod web-2 { labels = { app = "web", part-of = "shop" } }
}`,
    );
  });

  it("take arguments out of loops and conditionals", () => {
    same(
      `template t { param a integer, param b integer = 0, node "n-\${a}-\${b}" in blue }
use t { for k in ["a"] { "\${k}" = 3 }, if 1 < 2 { b = 4 } }`,
      "node n-3-4 in blue",
    );
  });
});

describe("parameters of the program", () => {
  const text = `param workers integer = 3 where workers in 1..40
param zones list of name = [blue, green]
param name string = "w"
for zone in zones, i in 1..workers { node "\${name}-\${zone}-\${i}" in zone }
${inCluster("node x in blue").replace("node x in blue", "")}`;
  const names = (args: Readonly<Record<string, string>>, data: Readonly<Record<string, unknown>> = {}): readonly string[] => {
    const parameters = new Map<string, ParameterArgument>([
      ...Object.entries(data).map(([key, value]) => [key, { kind: "data" as const, data: value, from: "p.yaml" }] as const),
      ...Object.entries(args).map(
        ([key, value]) => [key, { kind: "text" as const, text: value, from: `--param ${key}=${value}` }] as const,
      ),
    ]);
    const result = checkProgram("t.knet", text, { parameters });
    return (
      result.program?.clusters[0]?.nodes.map((node) => node.name) ??
      result.diagnostics.map(({ code, message, notes }) => [code, message, ...notes].join(" | "))
    );
  };

  it("have defaults", () => {
    expect(names({ zones: "blue" })).toEqual(["w-blue-1", "w-blue-2", "w-blue-3"]);
  });

  it("are read by their types: texts without quotes, lists with and without brackets", () => {
    expect(names({ workers: "1", zones: "[blue, green]", name: "x y" }).map((name) => name.slice(0, 6))).toEqual(["KN2006"]);
    expect(names({ workers: "1", zones: "green,blue", name: "n" })).toEqual(["n-green-1", "n-blue-1"]);
    expect(names({}, { workers: 1, zones: ["green"], name: "n" })).toEqual(["n-green-1"]);
  });

  it("are told when they do not fit", () => {
    expect(names({ workers: "50" })).toEqual(["KN3016 | workers is 50, and 1..40 was asked | given by --param workers=50"]);
    expect(names({ workers: "x" })).toEqual(["KN3001 | `workers` wants a whole number, not `x` | given by --param workers=x"]);
    expect(names({ workers: "1 +" })).toEqual(["KN3001 | `workers` wants a whole number, not `1 +` | given by --param workers=1 +"]);
    expect(names({ worker: "3" })).toEqual(["KN2019 | this program has no parameter `worker` | given by --param worker=3"]);
    expect(names({}, { workers: 1.5 })).toEqual(["KN3001 | `workers` wants a whole number, not the number 1.5 | given by p.yaml"]);
    expect(names({}, { zones: "blue" })).toEqual([
      'KN3001 | `zones` wants a list of which each item is a name, not the string "blue" | given by p.yaml',
    ]);
    expect(names({}, { zones: null })).toEqual([
      "KN3001 | `zones` wants a list of which each item is a name, not nothing | given by p.yaml",
    ]);
  });

  it("know every type", () => {
    const accepts = (type: string, text: string): boolean => {
      const source = inCluster(`param p ${type}\nconst _p = p\nif false { node "\${p}" in blue }`);
      return checkProgram("t.knet", source, { parameters: new Map([["p", { kind: "text", text, from: "test" }]]) }).program !== null;
    };
    const rows: readonly (readonly [string, readonly string[], readonly string[]])[] = [
      ["integer", ["0", "-3", "2 * 3"], ["1.5", "x", ""]],
      ["string", ["x", "", "a b"], []],
      ["boolean", ["true", "1 < 2"], ["yes"]],
      ["name", ["west"], []],
      ["ip", ["10.0.0.1", "fd00::1"], ["10.0.0.0/8"]],
      ["ip4", ["10.0.0.1"], ["fd00::1"]],
      ["ip6", ["fd00::1"], ["10.0.0.1"]],
      ["cidr", ["10.0.0.0/8", "fd00::/8"], ["10.0.0.1/8", "10.0.0.1"]],
      ["cidr4", ["10.0.0.0/8"], ["fd00::/8"]],
      ["cidr6", ["fd00::/8"], ["10.0.0.0/8"]],
      ["port", ["80/tcp"], ["80", "80/icmp"]],
      ["port-range", ["80/tcp", "80..90/tcp", "80..90"], ["80"]],
      ["protocol", ["tcp", "sctp"], ["icmp"]],
      ["duration", ["30s", "1h30m"], ["30"]],
      ["size", ["64KiB"], ["64"]],
      ["mac", ["02:00:00:00:00:01"], ["02:00:00:00:00"]],
      ["asn", ["64512", "AS64512", "4294967295"], ["0", "4294967296", "AS0", "x"]],
      ["list of cidr4", ["[10.0.0.0/8]", "10.0.0.0/8, 11.0.0.0/8", ""], ["[fd00::/8]"]],
      ["map of integer", ["{ a = 1, b = 2 }", "{}"], ["{ a = x }", "1"]],
      ["one of [small, large]", ["small"], ["tiny"]],
      ["node", ["node-a"], []],
    ];
    for (const [type, good, bad] of rows) {
      expect([type, good.filter((text) => !accepts(type, text))]).toEqual([type, []]);
      expect([type, bad.filter((text) => accepts(type, text))]).toEqual([type, []]);
    }
  });
});

describe("any text", () => {
  it("is expanded without being thrown at", () => {
    const words = [
      "for",
      "if",
      "else",
      "in",
      "const",
      "param",
      "template",
      "use",
      "import",
      "then",
      "where",
      "i",
      "n",
      "=",
      "{",
      "}",
      "(",
      ")",
      "[",
      "]",
      "..",
      "1",
      "3",
      "+",
      "-",
      "*",
      '"${i}"',
      '"x"',
      "10.0.0.0/8",
      "node",
      "blue",
      "subnet",
      ",",
      ".",
      "\n",
      "a.b",
      "not",
      "and",
      "==",
      "list",
      "of",
      "integer",
      "with",
      "as",
    ];
    const soup = fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((parts) => parts.join(" "));
    fc.assert(
      fc.property(fc.oneof(soup, anyText), (text) => {
        const { diagnostics } = checkProgram("t.knet", text);
        for (const { span, related } of diagnostics)
          for (const { start, end } of [span, ...related.map((label) => label.span)])
            expect(0 <= start && start <= end && end <= text.length).toBe(true);
      }),
      { seed: 20261122, numRuns: 500 },
    );
  });
});
