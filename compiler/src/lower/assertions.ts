/** Assertions with their sets of endpoints resolved to pods, nodes and ranges. */
import { hostCidr, maskCidr } from "@knet/language/values";
import type { AssertStatement, ClusterProgram, EndpointExpression, ReachAssertion, ResolveAssertion } from "@knet/language";
import type { Assertion, EndpointSet, Namespace, Pod, ReachStatement, ResolveStatement, Statement } from "../model/types.ts";
import { selects } from "./selectors.ts";

export function lowerAssertions(program: ClusterProgram, namespaces: readonly Namespace[], pods: readonly Pod[]): readonly Assertion[] {
  const scope = new Scope(namespaces, pods);
  return program.assertions.map((assertion) => ({
    title: assertion.title,
    statements: assertion.statements.map((statement) => lowerStatement(statement, scope)),
    span: assertion.header,
  }));
}

function lowerStatement(statement: AssertStatement, scope: Scope): Statement {
  switch (statement.kind) {
    case "reach":
    case "resolve":
      return lowerClaim(statement, scope);
    case "connectivity": {
      const { namespace, statements, span } = statement;
      return { kind: "connectivity", namespace, statements: statements.map((inner) => lowerReach(inner, scope)), span };
    }
    case "failure": {
      const { when, count, what, statements, span } = statement;
      return { kind: "failure", when, count, what, statements: statements.map((inner) => lowerClaim(inner, scope)), span };
    }
  }
}

function lowerClaim(statement: ReachAssertion | ResolveAssertion, scope: Scope): ReachStatement | ResolveStatement {
  if (statement.kind === "reach") return lowerReach(statement, scope);
  const { name, target, span } = statement;
  return {
    kind: "resolve",
    sources: scope.resolve(statement.sources),
    except: statement.except === null ? null : scope.resolve(statement.except),
    name,
    target,
    span,
  };
}

function lowerReach(statement: ReachAssertion, scope: Scope): ReachStatement {
  return {
    kind: "reach",
    never: statement.never,
    sources: scope.resolve(statement.sources),
    except: statement.except === null ? null : scope.resolve(statement.except),
    target: scope.resolve(statement.target),
    ports: statement.ports,
    someBackend: statement.someBackend,
    path: statement.path,
    span: statement.span,
  };
}

class Scope {
  readonly #namespaces: readonly Namespace[];
  readonly #pods: ReadonlyMap<string, readonly Pod[]>;

  /** `pods` sorted by namespace, then name. */
  constructor(namespaces: readonly Namespace[], pods: readonly Pod[]) {
    this.#namespaces = namespaces;
    this.#pods = Map.groupBy(pods, (pod) => pod.namespace);
  }

  resolve(expression: EndpointExpression): EndpointSet {
    switch (expression.kind) {
      case "all":
      case "internet":
        return { kind: expression.kind };
      case "nodes":
        return { kind: "nodes", nodes: expression.nodes };
      case "cidr":
        return { kind: "cidr", cidr: expression.cidr.prefix === 32 || expression.cidr.prefix === 128 ? hostCidr(expression.cidr.ip) : maskCidr(expression.cidr) };
      case "service":
        return { kind: "service", service: `${expression.namespace}/${expression.name}` };
      case "union":
        return { kind: "union", members: expression.members.map((member) => this.resolve(member)) };
      case "pods": {
        const names = new Set(expression.names);
        const workload = (pod: Pod): string => (pod.workload === null ? "" : pod.workload.slice(pod.workload.indexOf("/") + 1));
        const pods = (this.#pods.get(expression.namespace) ?? []).filter((pod) => names.has(pod.name) || names.has(workload(pod)));
        return { kind: "pods", pods: keysOf(pods), text: expression.text };
      }
      case "select": {
        const { pods: selector, namespace, namespaces } = expression;
        const allowed = this.#namespaces.filter(
          (candidate) => (namespace === null || candidate.name === namespace) && (namespaces === null || selects(namespaces, candidate.labels)),
        );
        const pods = allowed.flatMap(({ name }) => (this.#pods.get(name) ?? []).filter((pod) => selector === null || selects(selector, pod.labels)));
        return { kind: "pods", pods: keysOf(pods), text: expression.text };
      }
    }
  }
}

function keysOf(pods: readonly Pod[]): readonly string[] {
  return pods.map((pod) => `${pod.namespace}/${pod.name}`);
}
