/** Ports: `80/tcp`, `30000..32767/tcp`, `tcp`, `80` and port names. */
import type { NodeBase, PortNode, ValueNode } from "../ast/nodes.ts";
import { replace } from "../diagnostics/diagnostic.ts";
import type { ContainerPortDeclaration } from "../program/checked.ts";
import { isTransport } from "../values/index.ts";
import type { PortRange, Transport } from "../values/index.ts";
import type { CheckContext } from "./context.ts";
import { portNameFault } from "../binder/names.ts";
import { describeValue, inRange, isMalformed, isNumber, reversed } from "./values.ts";

interface NumberedPort {
  readonly port: number;
  readonly protocol: Transport;
}

const bounds = [1, 65_535] as const;

function split(text: string): { readonly number: string; readonly protocol: Transport } | null {
  const [number = "", protocol = ""] = text.split("/");
  return isTransport(protocol) ? { number, protocol } : null;
}

function wrong(ctx: CheckContext, expected: string, value: ValueNode, attribute = "port"): null {
  if (!isMalformed(value) && !(value.kind === "range" && (isMalformed(value.first) || isMalformed(value.last)))) {
    ctx.report("wrong-type", { attribute, expected, found: describeValue(value) }, { span: ctx.span(value) });
  }
  return null;
}

function missingProtocol(ctx: CheckContext, text: string, value: ValueNode): null {
  ctx.report(
    "missing-protocol",
    { port: text },
    {
      span: ctx.span(value),
      help: `write \`${text}/tcp\` or \`${text}/udp\``,
      fixes: [replace(ctx.span(value), `${text}/tcp`, `write \`${text}/tcp\``, false)],
    },
  );
  return null;
}

/** Exactly one port with its protocol. */
export function onePort(ctx: CheckContext, value: ValueNode): NumberedPort | null {
  if (value.kind === "scalar" && value.form === "number") return missingProtocol(ctx, value.text, value);
  const parts = value.kind === "scalar" && value.form === "port" ? split(value.text) : null;
  if (parts === null) return wrong(ctx, "one port such as `80/tcp`", value);
  const port = inRange(ctx, "a port", parts.number, ...bounds, value);
  return port === null ? null : { port, protocol: parts.protocol };
}

/** A port, a range of ports or all ports of a protocol; null for anything else, after a message. */
export function portRange(ctx: CheckContext, value: ValueNode): PortRange | null {
  if (value.kind === "scalar") {
    if (value.form === "word" && isTransport(value.text)) return { protocol: value.text, first: 0, last: 65_535 };
    if (value.form === "number" || value.form === "port") {
      const one = onePort(ctx, value);
      return one === null ? null : { protocol: one.protocol, first: one.port, last: one.port };
    }
  }
  if (value.kind === "range" && isNumber(value.first)) {
    if (isNumber(value.last)) return missingProtocol(ctx, `${value.first.text}..${value.last.text}`, value);
    const end = value.last?.kind === "scalar" && value.last.form === "port" ? split(value.last.text) : null;
    if (end !== null && value.last !== null) {
      const first = inRange(ctx, "a port", value.first.text, ...bounds, value.first);
      const last = inRange(ctx, "a port", end.number, ...bounds, value.last);
      if (first === null || last === null) return null;
      if (first <= last) return { protocol: end.protocol, first, last };
      reversed(ctx, first, last, value, `${last}..${first}/${end.protocol}`);
      return null;
    }
  }
  return wrong(ctx, "ports such as `80/tcp`, `8000..8080/tcp` or `tcp`", value, "on");
}

/** Null when one of them is wrong. */
export function portRanges(ctx: CheckContext, values: readonly ValueNode[]): readonly PortRange[] | null {
  const out = values.map((value) => portRange(ctx, value));
  return out.every((range) => range !== null) ? out : null;
}

/** A port name that keeps the rules; null after a message. */
export function portName(ctx: CheckContext, name: string, at: NodeBase): string | null {
  const rule = portNameFault(name);
  if (rule === null) return name;
  ctx.report("invalid-port-name", { name, rule }, { span: ctx.span(at) });
  return null;
}

/** The `port …` lines of a pod or workload. */
export function containerPorts(ctx: CheckContext, statements: readonly PortNode[], owner: string): readonly ContainerPortDeclaration[] {
  const out: ContainerPortDeclaration[] = [];
  for (const statement of statements) {
    for (const [clause, node] of [["->", statement.target] as const, ["node-port", statement.nodePort] as const]) {
      if (node !== null) {
        ctx.report(
          "misplaced-clause",
          { clause, what: `the port of a ${owner}` },
          { span: ctx.span(node), help: "targets and node ports belong to services" },
        );
        ctx.podsInDoubt = true;
      }
    }
    const numbered = statement.port === null ? null : onePort(ctx, statement.port);
    const name = statement.name === null ? null : portName(ctx, statement.name.value, statement.name);
    if (numbered === null || (statement.name !== null && name === null)) {
      ctx.podsInDoubt = true;
      continue;
    }
    const span = ctx.span(statement);
    const sameName = out.find((other) => name !== null && other.name === name);
    const sameNumber = out.find((other) => other.port === numbered.port && other.protocol === numbered.protocol);
    if (sameName !== undefined) {
      ctx.report("duplicate-name", { what: "port", name: name ?? "" }, { span, related: [{ span: sameName.span, text: "first here" }] });
    } else if (sameNumber !== undefined) {
      ctx.report(
        "duplicate-port",
        { port: `${numbered.port}/${numbered.protocol}`, one: label(sameNumber.name), other: label(name) },
        { span, related: [{ span: sameNumber.span, text: "first here" }] },
      );
    } else out.push({ name, ...numbered, span });
  }
  return out;
}

function label(name: string | null): string {
  return name === null ? "a port without a name" : `port \`${name}\``;
}
