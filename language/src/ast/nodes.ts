/**
 * The syntax tree. Blocks and attributes are generic: which ones exist is a matter of the schema. Statements that read like sentences
 * (`allow …`, `selects …`, `reaches …`) have nodes of their own. Any child may be missing where the text is damaged.
 */
import type { Token, Trivia } from "../lexer/token.ts";
import type { Expansion } from "../text/span.ts";

/** Where nodes come from: one record for all nodes of a file, and one for each copy that a loop, a template or an import makes. */
export interface NodeSource {
  readonly path: string;
  /** Null: as it stands in the file. */
  readonly expansion: Expansion | null;
}

/** Half-open range of UTF-16 offsets in the file of `source`. */
export interface NodeBase {
  readonly start: number;
  readonly end: number;
  readonly source: NodeSource;
}

/** A name: a word or a string. `value` is the text without quotes. */
export interface NameNode extends NodeBase {
  readonly kind: "name";
  readonly value: string;
  readonly quoted: boolean;
  /** Of a string with `${…}`: its pieces; `value` is then the text as written. Null in everything that the expander has been through. */
  readonly parts: readonly TextPart[] | null;
}

/** A piece of a string: text without escapes, or what stands in `${…}`. */
export type TextPart = string | ValueNode;

export interface FileNode extends NodeBase {
  readonly kind: "file";
  readonly members: readonly MemberNode[];
}

/** `{ … }`: members of a block or entries of a map. */
export interface BodyNode extends NodeBase {
  readonly kind: "body";
  readonly members: readonly MemberNode[];
}

/** `pod pod-0 on node-a { … }`. */
export interface BlockNode extends NodeBase {
  readonly kind: "block";
  readonly keyword: NameNode;
  readonly name: ValueNode | null;
  readonly clauses: readonly ClauseNode[];
  readonly body: BodyNode | null;
  readonly damaged: boolean;
}

/** `on node-a`, `in blue`: what stands between a block's name and its body. */
export interface ClauseNode extends NodeBase {
  readonly kind: "clause";
  readonly keyword: NameNode;
  readonly value: ValueNode | null;
}

/** `cidr = 10.0.0.0/16`. */
export interface AttributeNode extends NodeBase {
  readonly kind: "attribute";
  readonly name: NameNode;
  readonly value: ValueNode | null;
  readonly damaged: boolean;
}

/** `port http = 80/tcp -> http node-port 30080`. */
export interface PortNode extends NodeBase {
  readonly kind: "port-statement";
  readonly name: NameNode | null;
  readonly port: ValueNode | null;
  readonly target: ValueNode | null;
  readonly nodePort: ValueNode | null;
  readonly damaged: boolean;
}

/** `applies to nodes`, `applies to node a, b`, `applies to all pods`, `applies to app == "x"`, `applies to namespaces team == "x"`. */
export interface AppliesNode extends NodeBase {
  readonly kind: "applies";
  readonly to: "nodes" | "node" | "all-pods" | "selector" | "subject" | null;
  readonly nodes: readonly NameNode[];
  readonly selector: SelectorNode | null;
  /** `pods … in …`, `namespaces …`, `namespace …`, `all namespaces`: whom a policy of the cluster is about. */
  readonly subject: PeerNode | null;
  readonly damaged: boolean;
}

/** `selects app == "x"`. */
export interface SelectsNode extends NodeBase {
  readonly kind: "selects";
  readonly selector: SelectorNode | null;
  readonly damaged: boolean;
}

/** `isolates ingress, egress`. */
export interface IsolatesNode extends NodeBase {
  readonly kind: "isolates";
  readonly directions: readonly NameNode[];
  readonly damaged: boolean;
}

/** `allow ingress from … on …`. */
export interface AllowNode extends RuleFields {
  readonly kind: "allow";
}

/** `deny egress to … on …`. */
export interface DenyNode extends RuleFields {
  readonly kind: "deny";
}

/** `pass ingress from … on …`. */
export interface PassNode extends RuleFields {
  readonly kind: "pass";
}

export type RuleNode = AllowNode | DenyNode | PassNode;

interface RuleFields extends NodeBase {
  /** `allow "monitoring" ingress …`. */
  readonly name: NameNode | null;
  readonly direction: NameNode | null;
  readonly preposition: NameNode | null;
  readonly peers: readonly PeerNode[];
  readonly ports: readonly ValueNode[];
  readonly damaged: boolean;
}

/** `forward "zone" to [address]`. */
export interface ForwardNode extends NodeBase {
  readonly kind: "forward";
  readonly zone: NameNode | null;
  readonly servers: ValueNode | null;
  readonly damaged: boolean;
}

/** `spread over [node-a, node-b]`. */
export interface SpreadNode extends NodeBase {
  readonly kind: "spread";
  readonly nodes: ValueNode | null;
  readonly damaged: boolean;
}

/** `A reaches B on 80/tcp`. */
export interface ReachNode extends NodeBase {
  readonly kind: "reach";
  readonly sources: readonly PeerNode[];
  readonly except: readonly PeerNode[];
  readonly never: boolean;
  readonly someBackend: boolean;
  readonly targets: readonly PeerNode[];
  /** Null: no `on`. */
  readonly ports: readonly ValueNode[] | null;
  readonly path: readonly PathClauseNode[];
  readonly damaged: boolean;
}

export type PathForm = "encapsulated" | "unencapsulated" | "via" | "seen-as" | "mtu" | "balanced";

/**
 * What is asked of the way: `encapsulated`, `unencapsulated`, `via router core`, `seen as node node-a`, `seen as router core`,
 * `seen as 192.168.1.10`, `with mtu 1400`, `balanced within 10 percent`.
 */
export interface PathClauseNode extends NodeBase {
  readonly kind: "path-clause";
  readonly form: PathForm;
  /** What `name` is the name of. */
  readonly holder: "router" | "node" | null;
  readonly name: NameNode | null;
  /** The address, the number of bytes or of percent. */
  readonly value: ValueNode | null;
}

/** `A resolves "myapp.shop" to service shop/myapp`. */
export interface ResolveNode extends NodeBase {
  readonly kind: "resolve";
  readonly sources: readonly PeerNode[];
  readonly except: readonly PeerNode[];
  readonly name: NameNode | null;
  readonly targets: readonly PeerNode[];
  readonly damaged: boolean;
}

/** `connectivity of namespace shop is exactly { … }`. */
export interface ConnectivityNode extends NodeBase {
  readonly kind: "connectivity";
  readonly namespace: NameNode | null;
  readonly body: BodyNode | null;
  readonly damaged: boolean;
}

/** `after any 1 node fails { … }`. */
export interface FailureNode extends NodeBase {
  readonly kind: "failure";
  readonly when: "after" | "while";
  readonly count: ValueNode | null;
  readonly what: "node" | "pod" | "link" | null;
  readonly body: BodyNode | null;
  readonly damaged: boolean;
}

export type PeerForm =
  | "all-pods"
  | "pods"
  | "all-namespaces"
  | "namespaces"
  | "namespace"
  | "internet"
  | "anyone"
  | "anything"
  | "nothing"
  | "nodes"
  | "node"
  | "subnet"
  | "service"
  | "value";

/** One party: of a policy or firewall rule, or of an assertion. Which forms are allowed where is the checker's matter. */
export interface PeerNode extends NodeBase {
  readonly kind: "peer";
  readonly form: PeerForm;
  /** Of `pods …` and `namespaces …`. */
  readonly selector: SelectorNode | null;
  /** `in namespace001`, `in namespace namespace001`; the name of `namespace …`, `node …`, `subnet …`. */
  readonly name: NameNode | null;
  /** `in namespaces …`. */
  readonly namespaces: SelectorNode | null;
  /** `in all namespaces`. */
  readonly everywhere: boolean;
  /** An address, a CIDR, a path, a bare word; the path of `service …`. */
  readonly value: ValueNode | null;
  /** `except …` behind a CIDR of a policy. */
  readonly except: ValueNode | null;
}

export interface SelectorNode extends NodeBase {
  readonly kind: "selector";
  readonly requirements: readonly RequirementNode[];
}

export interface RequirementNode extends NodeBase {
  readonly kind: "requirement";
  readonly key: NameNode;
  readonly operator: "==" | "!=" | "in" | "not in" | "has" | "not has";
  /** One value for `==` and `!=`, a list for `in` and `not in`, null for `has`. */
  readonly value: ValueNode | null;
}

/** What stands for a value. The checker sees plain values only: the expander replaces the others by what they come to. */
export type ValueNode = PlainValueNode | ComputedNode;

export type PlainValueNode = ScalarNode | RangeNode | ListNode | MapNode;

/** What has to be computed. */
export type ComputedNode =
  TextNode | CallNode | BinaryNode | UnaryNode | IndexNode | FieldNode | ConditionalNode | ComprehensionNode | GroupNode;

export type ScalarForm =
  "word" | "string" | "number" | "port" | "address" | "cidr" | "mac" | "duration" | "size" | "path" | "dotted" | "malformed";

/** One token that stands for a value. `text` as written; of strings without quotes. */
export interface ScalarNode extends NodeBase {
  readonly kind: "scalar";
  readonly form: ScalarForm;
  readonly text: string;
}

/** `30000..32767`, `30000..32767/tcp`, `1..count + 1`. */
export interface RangeNode extends NodeBase {
  readonly kind: "range";
  readonly first: ValueNode;
  readonly last: ValueNode | null;
}

export interface ListNode extends NodeBase {
  readonly kind: "list";
  readonly items: readonly ValueNode[];
}

export interface MapNode extends NodeBase {
  readonly kind: "map";
  readonly body: BodyNode;
}

/** `"worker-${i}"`. */
export interface TextNode extends NodeBase {
  readonly kind: "text";
  readonly parts: readonly TextPart[];
}

/** `subnet(10.0.0.0/16, 8, i)`. */
export interface CallNode extends NodeBase {
  readonly kind: "call";
  readonly function: NameNode;
  readonly arguments: readonly ValueNode[];
}

export type BinaryOperator = "+" | "-" | "*" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in" | "and" | "or";

export interface BinaryNode extends NodeBase {
  readonly kind: "binary";
  readonly operator: BinaryOperator;
  readonly left: ValueNode;
  readonly right: ValueNode | null;
}

/** `not ready`, `-1`. */
export interface UnaryNode extends NodeBase {
  readonly kind: "unary";
  readonly operator: "not" | "-";
  readonly operand: ValueNode | null;
}

/** `racks[i]`, without space before the bracket. */
export interface IndexNode extends NodeBase {
  readonly kind: "index";
  readonly of: ValueNode;
  readonly index: ValueNode | null;
}

/** `racks[i].cidr`. What begins with a word and has no brackets is a scalar of the form `dotted`. */
export interface FieldNode extends NodeBase {
  readonly kind: "field";
  readonly of: ValueNode;
  readonly name: NameNode | null;
}

/** `if production then 3 else 1`. */
export interface ConditionalNode extends NodeBase {
  readonly kind: "conditional";
  readonly condition: ValueNode | null;
  readonly then: ValueNode | null;
  readonly otherwise: ValueNode | null;
}

/** `[subnet(base, 8, i) for i in 0..3 if i != 2]`. */
export interface ComprehensionNode extends NodeBase {
  readonly kind: "comprehension";
  readonly value: ValueNode;
  readonly bindings: readonly BindingNode[];
  readonly condition: ValueNode | null;
}

/** `(a + b)`. */
export interface GroupNode extends NodeBase {
  readonly kind: "group";
  readonly value: ValueNode | null;
}

/** `i in 1..3`, `name, rack in racks`: of a map two names are key and value, of a list index (from 0) and item; one name is the item, or the key. */
export interface BindingNode extends NodeBase {
  readonly kind: "binding";
  readonly names: readonly NameNode[];
  readonly values: ValueNode | null;
}

/** `for i in 1..3, j in 1..2 if i != j { … }`: members for each; later bindings see earlier ones. */
export interface ForNode extends NodeBase {
  readonly kind: "for";
  readonly bindings: readonly BindingNode[];
  readonly condition: ValueNode | null;
  readonly body: BodyNode | null;
  readonly damaged: boolean;
}

/** `if production { … } else if … { … } else { … }`. */
export interface IfNode extends NodeBase {
  readonly kind: "if";
  readonly condition: ValueNode | null;
  readonly body: BodyNode | null;
  readonly otherwise: BodyNode | IfNode | null;
  readonly damaged: boolean;
}

/** `const base = 10.0.0.0/16`. */
export interface ConstNode extends NodeBase {
  readonly kind: "const";
  readonly name: NameNode | null;
  readonly value: ValueNode | null;
  readonly damaged: boolean;
}

/** `param workers integer = 3 where workers in 1..10`: of the file, or at the head of a template. */
export interface ParamNode extends NodeBase {
  readonly kind: "param";
  readonly name: NameNode | null;
  readonly type: TypeNode | null;
  /** Null: it must be given. */
  readonly fallback: ValueNode | null;
  readonly condition: ValueNode | null;
  readonly damaged: boolean;
}

/** `integer`, `list of cidr`, `map of string`, `one of [small, large]`. */
export interface TypeNode extends NodeBase {
  readonly kind: "type";
  readonly name: NameNode;
  /** Of `list of` and `map of`. */
  readonly of: TypeNode | null;
  /** Of `one of`. */
  readonly values: ValueNode | null;
}

/** `template rack { param index integer, … }`. */
export interface TemplateNode extends NodeBase {
  readonly kind: "template";
  readonly name: NameNode | null;
  readonly body: BodyNode | null;
  readonly damaged: boolean;
}

/** `use rack { index = 3 }`, `use lib.rack { … }`. */
export interface UseNode extends NodeBase {
  readonly kind: "use";
  /** A word, or `dotted` for a template of an import with a name. */
  readonly template: ScalarNode | null;
  readonly arguments: BodyNode | null;
  readonly damaged: boolean;
}

/** `import "racks.knet"`, `import "racks.knet" as racks with { count = 3 }`. */
export interface ImportNode extends NodeBase {
  readonly kind: "import";
  /** Always a string without `${…}`: what a program consists of does not depend on its values. */
  readonly path: ScalarNode | null;
  readonly alias: NameNode | null;
  readonly arguments: BodyNode | null;
  readonly damaged: boolean;
}

/** Members that the expander replaces or takes away; the checker never sees them. */
export type DirectiveNode = ForNode | IfNode | ConstNode | ParamNode | TemplateNode | UseNode | ImportNode;

export type StatementNode =
  | PortNode
  | AppliesNode
  | SelectsNode
  | IsolatesNode
  | RuleNode
  | ForwardNode
  | SpreadNode
  | ReachNode
  | ResolveNode
  | ConnectivityNode
  | FailureNode;
export type MemberNode = BlockNode | AttributeNode | StatementNode | DirectiveNode;
export type AstNode =
  | FileNode
  | BodyNode
  | MemberNode
  | ClauseNode
  | PathClauseNode
  | NameNode
  | PeerNode
  | SelectorNode
  | RequirementNode
  | ValueNode
  | BindingNode
  | TypeNode;

/** A parsed file: the tree and everything it was made of. */
export interface SyntaxTree {
  readonly path: string;
  readonly text: string;
  readonly root: FileNode;
  readonly tokens: readonly Token[];
  readonly trivia: readonly Trivia[];
}
