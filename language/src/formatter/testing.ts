/** Texts for the formatter's tests: small programs with every construct, random ones, and the same ones spaced differently. */
import fc from "fast-check";
import { tokenize } from "../lexer/lexer.ts";

/** Small files that together hold every form of member; each line stands for something that can go wrong. */
export const samples: readonly string[] = [
  `cluster demo {
  service-cidr = [172.16.0.0/16, fd00:16::/112]
  cni calico { pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan } }
  proxy iptables
  dns coredns { forward "corp.example" to [192.168.1.53, 192.168.1.54] }
}
`,
  `firewall edge {
  applies to node node-a, node-b
  allow ingress from subnet blue, nodes, 10.0.0.0/8 on 4789/udp, 30000..32767/tcp
}
`,
  `namespace "shop" {
  labels = { "team" = "shop", "a.b/c" = "d" }
  pod web on node-a { labels = { app = "web" }, port "http" = 8080/tcp, port 53/udp }
  workload crawler {
    spread over [node-a, node-b]
  }
  service web { selects app == "web" and tier == "x", port http = 80/tcp -> http node-port 30000 }
}
`,
  `namespace shop {
  policy front {
    applies to app == "web" and not has beta
    isolates ingress, egress
    allow ingress from pods app == "c" and env in ["a", "b"] in namespaces team == "x", all pods in all namespaces on http, tcp
    allow egress to 10.0.0.0/8 except [10.1.0.0/16] on 443/tcp
  }
}
`,
  `assert "one" {
  nothing except shop/client, nodes reaches pods app == "web" in shop
  internet, 10.99.0.0/16 never reaches shop/*
  shop/client reaches some backend of service shop/web on 80/tcp, 81/tcp
  after any 1 node fails { shop/client reaches service shop/web }
  shop/client reaches service shop/web on 80/tcp encapsulated via router core seen as node node-a with mtu 1400
  all pods except shop/web resolves "web.shop" to 10.0.0.1, fd00::1
  connectivity of namespace shop is exactly { shop/client reaches shop/web on 8080/tcp seen as 10.0.0.1 balanced within 10 percent }
}
`,
  `admin-policy guard {
  priority = 10
  applies to pods app == "web" and has tier in namespaces team == "shop"
  allow "metrics" ingress from pods app == "prometheus" in namespace monitoring, namespaces team == "shop" on metrics, 9100/tcp
  pass egress to all namespaces
  deny egress to internet, 169.254.169.254
}
`,
  `import "lib/racks.knet" as racks with { count = 3 }
param workers integer = 3 where workers in 1..40 and workers != 2
param zones list of name = [west, east]
param size one of [small, large] = small
const base = 10.0.0.0/8
const sites = { west = 192.168.1.0/24, east = 192.168.2.0/24 }
template rack {
  param index integer
  for i in 1..workers, j in zones if not (i == 2 and j == "east") { node "r-\${index}-\${i}" in "r" { address = host(base, i + 9) } }
}
use racks.pair { index = 0 - 1, cidr = subnet(base, 16, 0) }
`,
  `if size == large {
  namespace a {}
} else if size in [small] { namespace b {} } else { namespace c {} }
namespace shop {
  labels = { app = "x", for k in ["x", "y"] { "\${k}" = team } }
  workload web { replicas = if size == large then 9 else -2, spread over ["w-\${z}-1" for z in zones if z != "west"], ready = min(2, sites[0].a) }
  policy p { allow ingress from "shop/\${team}" on (8000 + i), http }
}
`,
];

const name = fc.constantFrom("a", "web", "node-a", "a-rather-long-name-of-something", '"quoted"', '"with.dots/and-slash"', "in", "port");
const blockName = fc.constantFrom("a", "web", "node-a", "a-rather-long-name-of-something", '"quoted"', '"with.dots/and-slash"');
const scalar = fc.constantFrom("1", "true", "10.0.0.0/8", "fd00::1", '"text"', '"äöü 日本"', "80/tcp", "30000..32767/tcp", "word");
const list = (item: fc.Arbitrary<string>, most = 4): fc.Arbitrary<string> =>
  fc.array(item, { maxLength: most }).map((items) => `[${items.join(", ")}]`);
const some = (item: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(item, { minLength: 1, maxLength: 9 }).map((items) => items.join(", "));
const label = fc.constantFrom("app", "tier", '"app.kubernetes.io/part-of"', "environment-of-the-thing");
const requirement = fc.oneof(
  fc.tuple(label, fc.constantFrom("==", "!=")).map(([key, operator]) => `${key} ${operator} "value"`),
  fc
    .tuple(label, fc.constantFrom("in", "not in"), list(fc.constantFrom('"one"', '"a somewhat longer value"'), 9))
    .map((parts) => parts.join(" ")),
  fc.tuple(fc.constantFrom("has", "not has"), label).map((parts) => parts.join(" ")),
);
const selector = fc.array(requirement, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(" and "));
const scope = fc.oneof(
  fc.constant(""),
  fc.constant(" in shop"),
  fc.constant(" in all namespaces"),
  selector.map((text) => ` in namespaces ${text}`),
);
const peer = fc.oneof(
  fc.constantFrom("nodes", "internet", "anyone", "subnet blue", "node node-a", "10.0.0.0/8", "namespace shop"),
  fc.tuple(selector, scope).map(([pods, where]) => `pods ${pods}${where}`),
  scope.map((where) => `all pods${where}`),
);
const ports = some(fc.constantFrom("80/tcp", "http", "30000..32767/tcp", "udp"));
const on = fc.option(ports, { nil: "" }).map((text) => (text === "" ? "" : ` on ${text}`));
const party = fc.constantFrom(
  "shop/client",
  "shop/*",
  "nodes",
  "internet",
  '"shop/a-pod-with-a-rather-long-name"',
  'pods app == "x" in shop',
);
const path = fc
  .subarray([" encapsulated", " via router core", " seen as node node-a", " with mtu 1400", " balanced within 10 percent"])
  .map((clauses) => clauses.join(""));
const statement = fc.oneof(
  fc
    .tuple(fc.constantFrom("allow", "deny", 'pass "a rule with a name"'), some(peer), on)
    .map(([action, peers, ends]) => `${action} ingress from ${peers}${ends}`),
  fc.constantFrom("namespaces", "pods").chain((kind) => selector.map((text) => `applies to ${kind} ${text}${kind === "pods" ? " in all namespaces" : ""}`)),
  on.map((ends) => `allow egress${ends}`),
  selector.map((text) => `selects ${text}`),
  selector.map((text) => `applies to ${text}`),
  some(fc.constantFrom("node-a", "node-b")).map((nodes) => `applies to node ${nodes}`),
  fc.constantFrom("applies to all pods", "isolates ingress, egress", "port 80/tcp -> http", "port 80/tcp node-port 30000"),
  fc.tuple(name, fc.constantFrom("80/tcp -> http", "81/udp node-port 30001")).map(([called, port]) => `port ${called} = ${port}`),
  list(fc.constantFrom("node-a", "a-rather-long-name-of-a-node"), 9).map((nodes) => `spread over ${nodes}`),
);

const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    scalar,
    fc.constantFrom("size", "sites.west", "30s", "1h30m", "64KiB", "AS64512", '"worker-${i}-of-${total}"'),
    fc
      .tuple(tie("value"), fc.constantFrom("+", "-", "*", "and", "or"))
      .chain(([left, operator]) => tie("value").map((right) => `(${left}) ${operator} (${right})`)),
    fc
      .tuple(fc.constantFrom("subnet", "merge", "a-function-of-much"), fc.array(tie("value"), { maxLength: 4 }))
      .map(([called, given]) => `${called}(${given.join(", ")})`),
    fc.tuple(tie("value"), tie("value")).map(([then, otherwise]) => `if size == large then ${then} else ${otherwise}`),
    tie("value").map((item) => `[${item} for i in 1..3, zone in zones if i != 2]`),
    list(tie("value"), 6),
    tie("value").map((index) => `racks[${index}].cidr`),
    tie("value").map((operand) => `not (${operand})`),
    tie("value").map((operand) => `-(${operand})`),
  ),
}));
const loop = fc.constantFrom(
  "for i in 1..3",
  "for name, cidr in sites",
  'for i in [1, 2, 3], zone in zones if not (i == 2 and zone == "east")',
);
const condition = fc.constantFrom("if size == large", "if production", "if a in [small, large] or b and not (c)");
const directive = fc.oneof(
  fc.tuple(name, value).map(([called, given]) => `const ${called.startsWith('"') ? "base" : called} = ${given}`),
  fc
    .tuple(
      fc.constantFrom("workers", "a-long-name-of-it"),
      fc.constantFrom("integer", "list of name", "one of [small, large]", "map of list of cidr"),
      fc.constantFrom(
        "",
        " = 3",
        " = 3 where workers in 1..40",
        " = 3 where workers in 1..40 and workers != 12 or workers == the-number-of-all-the-machines",
      ),
    )
    .map(([called, type, rest]) => `param ${called} ${type}${rest}`),
  fc.constantFrom('import "network.knet"', 'import "lib/racks.knet" as racks', 'import "tenants.knet" with { count = 3 }'),
);

const { member } = fc.letrec<{ member: string; body: string; map: string }>((tie) => ({
  map: fc
    .array(fc.tuple(fc.oneof(name, label), scalar), { maxLength: 4 })
    .chain((entries) => braces(entries.map((entry) => entry.join(" = ")))),
  body: fc.array(tie("member"), { maxLength: 5 }).chain(braces),
  member: fc.oneof(
    { depthSize: "small" },
    { arbitrary: fc.tuple(name, fc.oneof(scalar, list(scalar, 12), tie("map"))).map(([key, value]) => `${key} = ${value}`), weight: 4 },
    { arbitrary: statement, weight: 4 },
    { arbitrary: fc.tuple(name, value).map(([key, given]) => `${key} = ${given}`), weight: 3 },
    { arbitrary: directive, weight: 2 },
    {
      arbitrary: fc
        .tuple(fc.oneof(loop, condition, fc.constantFrom("template rack", "use rack", "use racks.pair")), tie("body"))
        .map((parts) => parts.join(" ")),
      weight: 2,
    },
    {
      arbitrary: fc
        .tuple(condition, tie("body"), condition, tie("body"), tie("body"))
        .map(([one, then, two, or, otherwise]) => `${one} ${then} else ${two} ${or} else ${otherwise}`),
      weight: 1,
    },
    {
      arbitrary: fc
        .tuple(
          fc.constantFrom("pod", "node", "subnet", "namespace"),
          blockName,
          fc.constantFrom("", " in blue", " on node-a"),
          fc.option(tie("body"), { nil: "" }),
        )
        .map(([keyword, called, clause, body]) => `${keyword} ${called}${clause} ${body}`.trimEnd()),
      weight: 3,
    },
    {
      arbitrary: fc
        .array(
          fc.oneof(
            fc
              .tuple(some(party), fc.constantFrom(" reaches ", " never reaches ", " reaches some backend of "), some(party), on, path)
              .map((parts) => parts.join("")),
            fc.tuple(some(party), some(fc.constantFrom("10.0.0.1", "fd00::1"))).map(([who, to]) => `${who} resolves "db.example.org" to ${to}`),
            fc.tuple(some(party), on).map(([who, ends]) => `connectivity of namespace shop is exactly { shop/a reaches ${who}${ends} }`),
            fc.tuple(some(party), on).map(([who, ends]) => `after any 1 node fails { nothing except shop/a reaches ${who}${ends} }`),
          ),
          { maxLength: 3 },
        )
        .map((statements) => `assert "what holds" {\n${statements.join("\n")}\n}`),
      weight: 1,
    },
  ),
}));

/** Members in braces, on one line or on several, with remarks among them. */
function braces(members: readonly string[]): fc.Arbitrary<string> {
  const lines = fc
    .array(fc.constantFrom("\n", "\n", ",\n", "\n\n", " // remark\n", ", // remark\n", "\n// remark\n", "\n\n/// says what\n"), {
      minLength: members.length + 1,
      maxLength: members.length + 1,
    })
    .map((breaks) => `{${(breaks[0] ?? "\n").replace(",", "")}${members.map((text, i) => text + (breaks[i + 1] ?? "\n")).join("")}}`);
  const line = members.some((text) => text.includes("\n")) ? lines : fc.constant(`{ ${members.join(", ")} }`);
  return fc.oneof(lines, line);
}

/** Programs that mean nothing and hold everything. Some do not parse, where a comma joins what it should part. */
export const anyProgram: fc.Arbitrary<string> = fc
  .array(member, { minLength: 1, maxLength: 5 })
  .map((members) => `${members.join("\n")}\n`);

/**
 * The text with other white space: what is on one line stays on one line, one empty line may become several. Commas in front of line
 * breaks come and go. `choose` gives a number from 0 to 3.
 */
export function respaced(text: string, choose: () => number): string {
  const { tokens, trivia } = tokenize("", text);
  const parts = [...tokens, ...trivia].sort((x, y) => x.start - y.start);
  let out = "";
  for (const [i, part] of parts.entries()) {
    const next = parts[i + 1];
    if (part.kind !== "space") {
      out += part.text;
      const adjoins = next !== undefined && next.kind !== "space" && /^[[{},]/.test(part.text) && !part.text.startsWith("//");
      if (adjoins) out += ["", " ", "\t", "  "][choose()] ?? "";
      continue;
    }
    const breaks = part.text.split("\n").length - 1;
    if (breaks === 0) out += (["", " ", "\t", "   "][choose()] ?? "").padEnd(1);
    else {
      const empty = breaks === 1 ? "" : "\n".repeat(1 + choose());
      out += `${["", " ", "\t ", ""][choose()] ?? ""}\n${empty}${["", "  ", "\t", "         "][choose()] ?? ""}`;
    }
  }
  return out;
}
