/**
 * The syntax tree. Blocks and attributes are generic: which ones exist is a matter of the schema. Statements that read like sentences
 * (`allow …`, `selects …`, `reaches …`) have nodes of their own. Any child may be missing where the text is damaged.
 */
import type { Token, Trivia } from "../lexer/token.ts";

/** Half-open range of UTF-16 offsets. */
export interface NodeBase {
  readonly start: number;
  readonly end: number;
}

/** A name: a word or a string. `value` is the text without quotes. */
export interface NameNode extends NodeBase {
  readonly kind: "name";
  readonly value: string;
  readonly quoted: boolean;
}

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

/** `applies to nodes`, `applies to node a, b`, `applies to all pods`, `applies to app == "x"`. */
export interface AppliesNode extends NodeBase {
  readonly kind: "applies";
  readonly to: "nodes" | "node" | "all-pods" | "selector" | null;
  readonly nodes: readonly NameNode[];
  readonly selector: SelectorNode | null;
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
export interface AllowNode extends NodeBase {
  readonly kind: "allow";
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
  readonly damaged: boolean;
}

/** `after any 1 node fails { … }`. */
export interface FailureNode extends NodeBase {
  readonly kind: "failure";
  readonly when: "after" | "while";
  readonly count: ValueNode | null;
  readonly what: "node" | "pod" | null;
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

export type ValueNode = ScalarNode | RangeNode | ListNode | MapNode;

export type ScalarForm = "word" | "string" | "number" | "port" | "address" | "cidr" | "mac" | "path" | "dotted" | "malformed";

/** One token that stands for a value. `text` as written; of strings without quotes. */
export interface ScalarNode extends NodeBase {
  readonly kind: "scalar";
  readonly form: ScalarForm;
  readonly text: string;
}

/** `30000..32767`, `30000..32767/tcp`. */
export interface RangeNode extends NodeBase {
  readonly kind: "range";
  readonly first: ScalarNode;
  readonly last: ScalarNode | null;
}

export interface ListNode extends NodeBase {
  readonly kind: "list";
  readonly items: readonly ValueNode[];
}

export interface MapNode extends NodeBase {
  readonly kind: "map";
  readonly body: BodyNode;
}

export type StatementNode =
  PortNode | AppliesNode | SelectsNode | IsolatesNode | AllowNode | ForwardNode | SpreadNode | ReachNode | FailureNode;
export type MemberNode = BlockNode | AttributeNode | StatementNode;
export type AstNode = FileNode | BodyNode | MemberNode | ClauseNode | NameNode | PeerNode | SelectorNode | RequirementNode | ValueNode;

/** A parsed file: the tree and everything it was made of. */
export interface SyntaxTree {
  readonly path: string;
  readonly text: string;
  readonly root: FileNode;
  readonly tokens: readonly Token[];
  readonly trivia: readonly Trivia[];
}
