/** Random programs as trees, of every form that the language has. They read well; what they say need not make sense. */
import fc from "fast-check";
import type * as ast from "../ast/nodes.ts";
import { blockKeywords } from "../schema/blocks.ts";
import { print, printProgram } from "./print.ts";

const nowhere: ast.NodeBase = { start: 0, end: 0, source: { path: "", expansion: null } };

const name = (value: string, quoted = false, parts: ast.NameNode["parts"] = null): ast.NameNode => ({
  kind: "name",
  ...nowhere,
  value,
  quoted,
  parts,
});
const scalar = (form: ast.ScalarForm, text: string): ast.ScalarNode => ({ kind: "scalar", ...nowhere, form, text });
const body = (members: readonly ast.MemberNode[]): ast.BodyNode => ({ kind: "body", ...nowhere, members });
const group = (value: ast.ValueNode): ast.GroupNode => ({ kind: "group", ...nowhere, value });

/** How tight a value holds together; the numbers of the grammar page. */
function tightness(value: ast.ValueNode): number {
  switch (value.kind) {
    case "conditional":
      return 0;
    case "binary":
      if (value.operator === "or") return 1;
      if (value.operator === "and") return 2;
      return value.operator === "+" || value.operator === "-" ? 6 : value.operator === "*" ? 7 : 4;
    case "unary":
      return value.operator === "not" ? 3 : 8;
    case "range":
      return 5;
    default:
      return 9;
  }
}

const atLeast = (least: number, value: ast.ValueNode): ast.ValueNode => (tightness(value) < least ? group(value) : value);
const choiceFree = (value: ast.ValueNode): ast.ValueNode => atLeast(1, value);

const words = ["a", "b2", "web", "node-a", "x_y", "true", "tcp"];
/** Words with a meaning elsewhere, where they are names all the same. */
const awkward = [
  "for",
  "if",
  "in",
  "not",
  "and",
  "or",
  "then",
  "else",
  "use",
  "const",
  "param",
  "import",
  "on",
  "port",
  "where",
  "with",
  "as",
];
const plainName = fc.constantFrom(...words, "AS64512").map((value) => name(value));
const anyName = fc.oneof(
  plainName,
  fc.constantFrom(...awkward).map((value) => name(value)),
  fc.constantFrom("app.kubernetes.io/name", "with space", "ü", 'quo"te', "a$b", "${no}", "").map((value) => name(value, true)),
);

const literal = fc.constantFrom(
  scalar("number", "0"),
  scalar("number", "42"),
  scalar("port", "80/tcp"),
  scalar("address", "10.0.0.1"),
  scalar("address", "fd00::1"),
  scalar("cidr", "10.0.0.0/8"),
  scalar("cidr", "fd00::/64"),
  scalar("mac", "02:42:ac:11:00:02"),
  scalar("duration", "1h30m"),
  scalar("duration", "500ms"),
  scalar("size", "64KiB"),
  scalar("path", "shop/web"),
  scalar("dotted", "racks.cidr"),
);
const word = fc.constantFrom(...words).map((text) => scalar("word", text));
const text = fc
  .oneof(fc.constantFrom("", "a", "two words", 'q"\\', "$", "${x}", "line\nbreak", "😀"), fc.string({ maxLength: 6 }))
  .map((value) => scalar("string", value));

const operators = ["or", "and", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "+", "-", "*"] as const;

function binary(operator: ast.BinaryOperator, left: ast.ValueNode, right: ast.ValueNode): ast.BinaryNode {
  const at = tightness({ kind: "binary", ...nowhere, operator, left, right });
  // Comparisons are not chained: both their sides are tighter.
  return { kind: "binary", ...nowhere, operator, left: atLeast(at === 4 ? 5 : at, left), right: atLeast(at + 1, right) };
}

// A type and not an interface: the recursion is typed only for what extends a record.
type Values = {
  readonly value: ast.ValueNode;
  readonly binding: ast.BindingNode;
};

/** What values are made of. Inside `${…}` stand no strings and no maps. */
function valuesOf(leaf: fc.Arbitrary<ast.ValueNode>, map: fc.Arbitrary<ast.MapNode> | null): fc.LetrecValue<Values> {
  return fc.letrec<Values>((tie) => {
    const value = tie("value");
    const call = fc
      .record({ at: plainName, values: fc.array(value, { maxLength: 3 }) })
      .map(({ at, values }): ast.CallNode => ({ kind: "call", ...nowhere, function: at, arguments: values }));
    const bracketed = fc.oneof(
      call,
      value.map(group),
      fc.array(value, { maxLength: 3 }).map((items): ast.ListNode => ({ kind: "list", ...nowhere, items })),
    );
    return {
      value: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        { weight: 6, arbitrary: leaf },
        { weight: 2, arbitrary: bracketed },
        { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...operators), value, value).map((parts) => binary(...parts)) },
        {
          weight: 1,
          arbitrary: fc.tuple(value, value).map(([first, last]): ast.RangeNode => ({
            kind: "range",
            ...nowhere,
            first: atLeast(6, first),
            last: atLeast(6, last),
          })),
        },
        {
          weight: 1,
          arbitrary: value.map((operand): ast.UnaryNode => ({ kind: "unary", ...nowhere, operator: "not", operand: atLeast(3, operand) })),
        },
        {
          weight: 1,
          arbitrary: value.map((operand): ast.UnaryNode => ({ kind: "unary", ...nowhere, operator: "-", operand: atLeast(8, operand) })),
        },
        {
          weight: 1,
          arbitrary: fc
            .tuple(fc.oneof(bracketed, word), value)
            .map(([of, index]): ast.IndexNode => ({ kind: "index", ...nowhere, of, index })),
        },
        {
          weight: 1,
          arbitrary: fc.tuple(bracketed, plainName).map(([of, field]): ast.FieldNode => ({ kind: "field", ...nowhere, of, name: field })),
        },
        {
          weight: 1,
          arbitrary: fc.tuple(value, value, value).map(([condition, then, otherwise]): ast.ConditionalNode => ({
            kind: "conditional",
            ...nowhere,
            condition: choiceFree(condition),
            then,
            otherwise,
          })),
        },
        {
          weight: 1,
          arbitrary: fc
            .record({ value, bindings: fc.array(tie("binding"), { minLength: 1, maxLength: 2 }), condition: fc.option(value) })
            .map((parts): ast.ComprehensionNode => ({
              kind: "comprehension",
              ...nowhere,
              ...parts,
              condition: parts.condition === null ? null : choiceFree(parts.condition),
            })),
        },
        ...(map === null ? [] : [{ weight: 1, arbitrary: map }]),
      ),
      binding: fc
        .tuple(fc.array(plainName, { minLength: 1, maxLength: 2 }), value)
        .map(([names, values]): ast.BindingNode => ({ kind: "binding", ...nowhere, names, values: choiceFree(values) })),
    };
  });
}

const inString = valuesOf(fc.oneof(word, literal), null).value;

/** Pieces in turn, at least one of them a value. */
const parts = fc
  .array(fc.tuple(fc.constantFrom("", "-", "rack-", "$", 'q"', "/"), inString), { minLength: 1, maxLength: 2 })
  .map((pairs): readonly ast.TextPart[] => pairs.flatMap(([before, value]) => (before === "" ? [value] : [before, value])));
const interpolated = parts.map((pieces): ast.TextNode => ({ kind: "text", ...nowhere, parts: pieces }));

type Members = {
  readonly value: ast.ValueNode;
  /** Of a map. */
  readonly entry: ast.MemberNode;
  readonly map: ast.MapNode;
  readonly member: ast.MemberNode;
  /** Of an assertion. */
  readonly claim: ast.MemberNode;
};

const deep = fc.letrec<Members>((tie) => {
  const leaf = fc.oneof({ weight: 3, arbitrary: word }, { weight: 3, arbitrary: literal }, { weight: 2, arbitrary: text }, interpolated);
  const { value, binding } = valuesOf(leaf, tie("map"));
  // A brace in a sentence opens a body, and a line that begins with one goes on with the line above it.
  const operand = value.map((inner) => (startsWithMap(inner) ? group(inner) : atLeast(9, inner)));
  // What the parser takes apart again is compared with the text as written.
  const nameNode = fc.oneof(
    { weight: 4, arbitrary: plainName },
    fc.constantFrom("with space", "b").map((at) => name(at, true)),
  );
  const blockName = fc.oneof({ weight: 4, arbitrary: word }, text, interpolated);

  const entries = fc.array(tie("entry"), { maxLength: 3 }).map(body);
  const members = fc.array(tie("member"), { maxLength: 3 }).map(body);
  const claims = fc.array(tie("claim"), { maxLength: 3 }).map(body);

  const loop = (inside: fc.Arbitrary<ast.BodyNode>): fc.Arbitrary<ast.ForNode> =>
    fc
      .record({ bindings: fc.array(binding, { minLength: 1, maxLength: 2 }), condition: fc.option(value), body: inside })
      .map((made) => ({
        kind: "for",
        ...nowhere,
        ...made,
        condition: made.condition === null ? null : choiceFree(made.condition),
        damaged: false,
      }));
  const choice = (inside: fc.Arbitrary<ast.BodyNode>): fc.Arbitrary<ast.IfNode> =>
    fc
      .record({ heads: fc.array(fc.tuple(value, inside), { minLength: 1, maxLength: 2 }), last: fc.option(inside) })
      .map(({ heads, last }) => {
        const [first, ...more] = heads.toReversed();
        const make = (head: (typeof heads)[number] | undefined, otherwise: ast.IfNode["otherwise"]): ast.IfNode => ({
          kind: "if",
          ...nowhere,
          condition: head === undefined ? null : conditionOf(head[0]),
          body: head?.[1] ?? null,
          otherwise,
          damaged: false,
        });
        return more.reduce((inner, head) => make(head, inner), make(first, last));
      });
  const constant = fc
    .tuple(plainName, value)
    .map(([at, made]): ast.ConstNode => ({ kind: "const", ...nowhere, name: at, value: made, damaged: false }));
  const use = fc
    .tuple(fc.constantFrom(scalar("word", "rack"), scalar("dotted", "racks.pair")), fc.option(entries))
    .map(([template, values]): ast.UseNode => ({ kind: "use", ...nowhere, template, arguments: values, damaged: false }));
  const directive = (inside: fc.Arbitrary<ast.BodyNode>): fc.Arbitrary<ast.MemberNode> =>
    fc.oneof<fc.Arbitrary<ast.MemberNode>[]>(loop(inside), choice(inside), constant, use);

  const type = fc.oneof(
    fc.constantFrom("integer", "cidr4", "port-range", "node").map((at) => typeNode(at)),
    fc.tuple(fc.constantFrom("list", "map"), fc.constantFrom("ip", "string")).map(([outer, at]) => typeNode(outer, typeNode(at))),
    fc.array(word, { maxLength: 2 }).map((items) => typeNode("one", null, { kind: "list", ...nowhere, items })),
  );
  const parameter = fc
    .record({ name: plainName, type, fallback: fc.option(value), condition: fc.option(value) })
    .map((made): ast.ParamNode => ({ kind: "param", ...nowhere, ...made, damaged: false }));
  const template = fc
    .tuple(plainName, members)
    .map(([at, inside]): ast.TemplateNode => ({ kind: "template", ...nowhere, name: at, body: inside, damaged: false }));
  const imported = fc
    .record({ path: fc.constantFrom("a.knet", "lib/b.knet"), alias: fc.option(plainName), arguments: fc.option(entries) })
    .map((made): ast.ImportNode => ({ kind: "import", ...nowhere, ...made, path: scalar("string", made.path), damaged: false }));

  const port = operand.chain((first) =>
    fc.option(operand).map((last): ast.ValueNode => (last === null ? first : { kind: "range", ...nowhere, first, last })),
  );
  const ports = fc.array(port, { maxLength: 2 });
  const requirement = fc.oneof(
    fc.tuple(nameNode, fc.constantFrom("==" as const, "!=" as const), operand),
    fc.tuple(
      nameNode,
      fc.constantFrom("in" as const, "not in" as const),
      fc.array(value, { maxLength: 2 }).map((items): ast.ListNode => ({ kind: "list", ...nowhere, items })),
    ),
    fc.tuple(nameNode, fc.constantFrom("has" as const, "not has" as const), fc.constant(null)),
  );
  const selector = fc.array(requirement, { minLength: 1, maxLength: 2 }).map((rows): ast.SelectorNode => ({
    kind: "selector",
    ...nowhere,
    requirements: rows.map(([key, operator, of]): ast.RequirementNode => ({ kind: "requirement", ...nowhere, key, operator, value: of })),
  }));
  const scope: fc.Arbitrary<Partial<ast.PeerNode>> = fc.oneof(
    fc.constant({}),
    nameNode.map((at) => ({ name: at })),
    selector.map((namespaces) => ({ namespaces })),
    fc.constant({ everywhere: true }),
  );
  const subject = fc.oneof(
    fc.tuple(selector, scope).map(([of, at]) => peerNode({ form: "pods", selector: of, ...at })),
    selector.map((namespaces) => peerNode({ form: "namespaces", namespaces })),
    nameNode.map((at) => peerNode({ form: "namespace", name: at })),
    fc.constant(peerNode({ form: "all-namespaces" })),
  );
  const peer = fc.oneof(
    scope.map((at) => peerNode({ form: "all-pods", ...at })),
    fc.tuple(selector, scope).map(([of, at]) => peerNode({ form: "pods", selector: of, ...at })),
    selector.map((namespaces) => peerNode({ form: "namespaces", namespaces })),
    fc
      .constantFrom(
        "all-namespaces" as const,
        "internet" as const,
        "anyone" as const,
        "anything" as const,
        "nothing" as const,
        "nodes" as const,
      )
      .map((form) => peerNode({ form })),
    fc
      .tuple(fc.constantFrom("namespace" as const, "node" as const, "subnet" as const), nameNode)
      .map(([form, at]) => peerNode({ form, name: at })),
    fc.oneof(operand, interpolated).map((at) => peerNode({ form: "service", value: at })),
    operand.map((at) => peerNode({ form: "value", value: at })),
  );
  const peers = fc.array(peer, { minLength: 1, maxLength: 2 });
  const guarded = fc.tuple(operand, operand).map(([at, except]) => peerNode({ form: "value", value: at, except }));

  const statement = fc.oneof<fc.Arbitrary<ast.MemberNode>[]>(
    fc.record({ name: fc.option(nameNode), port: value, target: fc.option(value), nodePort: fc.option(value) }).map(portNode),
    fc.constantFrom("nodes" as const, "all-pods" as const).map((to) => appliesNode({ to })),
    fc.array(nameNode, { minLength: 1, maxLength: 2 }).map((nodes) => appliesNode({ to: "node", nodes })),
    selector.map((of) => appliesNode({ to: "selector", selector: of })),
    subject.map((of) => appliesNode({ to: "subject", subject: of })),
    selector.map((of): ast.SelectsNode => ({ kind: "selects", ...nowhere, selector: of, damaged: false })),
    fc.constantFrom(["ingress"], ["egress", "ingress"]).map((directions): ast.IsolatesNode => ({
      kind: "isolates",
      ...nowhere,
      directions: directions.map((at) => name(at)),
      damaged: false,
    })),
    fc
      .record({
        kind: fc.constantFrom("allow" as const, "deny" as const, "pass" as const),
        name: fc.option(text),
        to: fc.constantFrom("from", "to"),
        peers: fc.array(fc.oneof(peer, guarded), { maxLength: 2 }),
        ports,
      })
      .map((made): ast.RuleNode => ({
        kind: made.kind,
        ...nowhere,
        name: made.name === null ? null : name(made.name.text, true),
        direction: name("ingress"),
        preposition: made.peers.length === 0 ? null : name(made.to),
        peers: made.peers,
        ports: made.ports,
        damaged: false,
      })),
    fc
      .tuple(text, value)
      .map(([zone, servers]): ast.ForwardNode => ({ kind: "forward", ...nowhere, zone: name(zone.text, true), servers, damaged: false })),
    value.map((nodes): ast.SpreadNode => ({ kind: "spread", ...nowhere, nodes, damaged: false })),
  );
  const clause = fc
    .tuple(fc.constantFrom("in", "on"), operand)
    .map(([keyword, at]): ast.ClauseNode => ({ kind: "clause", ...nowhere, keyword: name(keyword), value: at }));
  const block = fc
    .record({
      keyword: fc.constantFrom(...[...blockKeywords].filter((at) => at !== "assert" && at !== "port")),
      name: blockName,
      clauses: fc.array(clause, { maxLength: 1 }),
      body: fc.option(members),
    })
    .map((made): ast.BlockNode => ({ kind: "block", ...nowhere, ...made, keyword: name(made.keyword), damaged: false }));
  const assert = fc
    .tuple(text, claims)
    .map(([title, inside]): ast.BlockNode => ({
      kind: "block",
      ...nowhere,
      keyword: name("assert"),
      name: title,
      clauses: [],
      body: inside,
      damaged: false,
    }));
  const pathClause = fc.oneof(
    fc.constantFrom("encapsulated" as const, "unencapsulated" as const).map((form) => pathNode({ form })),
    nameNode.map((at) => pathNode({ form: "via", holder: "router", name: at })),
    fc
      .tuple(fc.constantFrom("node" as const, "router" as const), nameNode)
      .map(([holder, at]) => pathNode({ form: "seen-as", holder, name: at })),
    fc
      .tuple(fc.constantFrom("seen-as" as const, "mtu" as const, "balanced" as const), operand)
      .map(([form, at]) => pathNode({ form, value: at })),
  );
  const resolve = fc
    .record({ sources: peers, except: fc.oneof(fc.constant([]), peers), name: text.map((at) => name(at.text, true)), targets: peers })
    .map((made): ast.ResolveNode => ({ kind: "resolve", ...nowhere, ...made, damaged: false }));
  const reach = fc
    .record({
      sources: peers,
      except: fc.oneof(fc.constant([]), peers),
      never: fc.boolean(),
      someBackend: fc.boolean(),
      targets: peers,
      ports,
      path: fc.array(pathClause, { maxLength: 2 }),
    })
    .map((made): ast.ReachNode => ({
      kind: "reach",
      ...nowhere,
      ...made,
      ports: made.ports.length === 0 ? null : made.ports,
      damaged: false,
    }));
  const connectivity = fc
    .tuple(nameNode, fc.array(reach, { maxLength: 2 }))
    .map(([namespace, inside]): ast.ConnectivityNode => ({
      kind: "connectivity",
      ...nowhere,
      namespace,
      body: body(inside),
      damaged: false,
    }));
  const failure = fc
    .record({
      when: fc.constantFrom("after" as const, "while" as const),
      count: operand,
      what: fc.constantFrom("node" as const, "pod" as const, "link" as const),
      body: claims,
    })
    .map((made): ast.FailureNode => ({ kind: "failure", ...nowhere, ...made, damaged: false }));

  const attribute = fc
    .tuple(
      fc.oneof({ weight: 3, arbitrary: anyName }, parts.map(interpolatedName)),
      fc.oneof(
        { weight: 4, arbitrary: value },
        fc.constantFrom(...awkward).map((at) => scalar("word", at)),
      ),
    )
    .map(([at, made]): ast.AttributeNode => ({ kind: "attribute", ...nowhere, name: at, value: made, damaged: false }));
  return {
    value,
    entry: fc.oneof(
      { weight: 6, arbitrary: attribute },
      { weight: 1, arbitrary: loop(entries) },
      { weight: 1, arbitrary: choice(entries) },
    ),
    map: fc.array(tie("entry"), { maxLength: 3 }).map((made): ast.MapNode => ({ kind: "map", ...nowhere, body: body(made) })),
    member: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      { weight: 4, arbitrary: attribute },
      { weight: 3, arbitrary: statement },
      { weight: 4, arbitrary: block },
      { weight: 3, arbitrary: directive(members) },
      { weight: 1, arbitrary: assert },
      { weight: 1, arbitrary: fc.oneof<fc.Arbitrary<ast.MemberNode>[]>(parameter, template, imported) },
    ),
    claim: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      { weight: 6, arbitrary: reach },
      { weight: 1, arbitrary: resolve },
      { weight: 1, arbitrary: connectivity },
      { weight: 1, arbitrary: failure },
      { weight: 2, arbitrary: directive(claims) },
    ),
  };
});

/** A map is no condition by itself: its brace would open the body. */
function conditionOf(value: ast.ValueNode): ast.ValueNode {
  return startsWithMap(value) ? group(value) : choiceFree(value);
}

function startsWithMap(value: ast.ValueNode): boolean {
  switch (value.kind) {
    case "map":
      return true;
    case "binary":
      return startsWithMap(value.left);
    case "range":
      return startsWithMap(value.first);
    case "index":
    case "field":
      return startsWithMap(value.of);
    default:
      return false;
  }
}

function typeNode(at: string, of: ast.TypeNode | null = null, values: ast.ValueNode | null = null): ast.TypeNode {
  return { kind: "type", ...nowhere, name: name(at), of, values };
}

function peerNode(made: Partial<ast.PeerNode> & Pick<ast.PeerNode, "form">): ast.PeerNode {
  return { kind: "peer", ...nowhere, selector: null, name: null, namespaces: null, everywhere: false, value: null, except: null, ...made };
}

function pathNode(made: Partial<ast.PathClauseNode> & Pick<ast.PathClauseNode, "form">): ast.PathClauseNode {
  return { kind: "path-clause", ...nowhere, holder: null, name: null, value: null, ...made };
}

function appliesNode(made: Partial<ast.AppliesNode>): ast.AppliesNode {
  return { kind: "applies", ...nowhere, to: null, nodes: [], selector: null, subject: null, damaged: false, ...made };
}

function portNode(made: Pick<ast.PortNode, "name" | "port" | "target" | "nodePort">): ast.PortNode {
  return { kind: "port-statement", ...nowhere, ...made, damaged: false };
}

function interpolatedName(pieces: readonly ast.TextPart[]): ast.NameNode {
  // The value of such a name is its text as written.
  return name(print({ kind: "text", ...nowhere, parts: pieces }).slice(1, -1), true, pieces);
}

/** Members of a file. */
export const anyMembers: fc.Arbitrary<readonly ast.MemberNode[]> = fc.array(deep.member, { minLength: 1, maxLength: 5 });

export const anyValue: fc.Arbitrary<ast.ValueNode> = deep.value;

/** The text of such a file. */
export const anyProgram: fc.Arbitrary<string> = anyMembers.map(printProgram);
