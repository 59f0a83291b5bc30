/** What `--from` and `--to` name. */
import { formatIp, overlaps, parseCidr, parseIp, rangeOf, compareIp, hostCidr } from "@knet/language/values";
import type { Cidr } from "@knet/language/values";
import { nearest } from "@knet/language";
import type { NetworkModel } from "../model/types.ts";
import type { Member } from "./classes.ts";
import type { AddressRange } from "./types.ts";

export interface Selection {
  includes(member: Member): boolean;
  /** Whether a range of external addresses has a part in it. */
  meets(range: AddressRange): boolean;
  /** Whether machines are in it. */
  readonly machines: boolean;
}

export const everything: Selection = { includes: () => true, meets: () => true, machines: true };

export type Selected =
  { readonly ok: true; readonly selection: Selection } | { readonly ok: false; readonly message: string; readonly help: string | null };

const forms = "it is namespace/name, namespace/*, nodes, node:NAME, internet, an address or a CIDR; several stand with commas between them";

/** `shop/web`, `shop/*`, `nodes`, `node:node-a` or `node-a`, `internet`, an address or a CIDR; several with commas. */
export function select(model: NetworkModel, text: string): Selected {
  const parts: Selection[] = [];
  for (const part of text.split(",").map((word) => word.trim())) {
    const one = selectOne(model, part);
    if (!one.ok) return one;
    parts.push(one.selection);
  }
  return {
    ok: true,
    selection: {
      includes: (member) => parts.some((part) => part.includes(member)),
      meets: (range) => parts.some((part) => part.meets(range)),
      machines: parts.some((part) => part.machines),
    },
  };
}

function selectOne(model: NetworkModel, text: string): Selected {
  if (text === "internet") {
    if (model.external === null) return failed("there is no internet: no router has `nat = internet`", null);
    return found({ includes: (member) => member.host.startsWith("external/"), meets: () => true, machines: false });
  }
  if (text === "nodes") return found({ includes: (member) => member.host.startsWith("node/"), meets: () => false, machines: true });
  const cidr = parseCidr(text) ?? hostOf(text);
  if (cidr !== null) return byAddress(model, text, cidr);
  if (text.startsWith("svc:")) return failed(`a service is a way and no end: ${text}`, "name the pods or the workload behind it");
  const node = text.startsWith("node:") ? text.slice("node:".length) : text;
  if (model.nodes.some((candidate) => candidate.name === node)) return hosts(new Set([`node/${node}`]), true);
  if (text.startsWith("node:"))
    return failed(
      `no node is called ${node}`,
      near(
        node,
        model.nodes.map((candidate) => candidate.name),
      ),
    );
  return podsNamed(model, text);
}

function hostOf(text: string): Cidr | null {
  const ip = parseIp(text);
  return ip === null ? null : hostCidr(ip);
}

function podsNamed(model: NetworkModel, text: string): Selected {
  const slash = text.indexOf("/");
  const namespaces = model.namespaces.map((namespace) => namespace.name);
  if (slash < 0) {
    const names = [...model.nodes.map((node) => node.name), "nodes", "internet"];
    return failed(
      `nothing is called ${JSON.stringify(text)}`,
      near(text, names) ?? (namespaces.includes(text) ? `all its pods are ${text}/*` : forms),
    );
  }
  const namespace = text.slice(0, slash);
  if (!namespaces.includes(namespace)) return failed(`there is no namespace called ${namespace}`, near(namespace, namespaces));
  const inside = model.pods.filter((pod) => pod.namespace === namespace);
  const key = (pod: (typeof inside)[number]): string => `pod/${pod.namespace}/${pod.name}`;
  if (text.slice(slash + 1) === "*") return hosts(new Set(inside.map(key)), false);
  const pods = inside.filter((pod) => `${pod.namespace}/${pod.name}` === text || pod.workload === text);
  if (pods.length > 0) return hosts(new Set(pods.map(key)), false);
  const workloads = model.workloads.map((workload) => `${workload.namespace}/${workload.name}`);
  if (workloads.includes(text)) return failed(`workload ${text} has no pod`, null);
  const names = [...new Set([...model.pods.map((pod) => `${pod.namespace}/${pod.name}`), ...workloads])];
  return failed(`no pod or workload is called ${text}`, near(text, names));
}

function byAddress(model: NetworkModel, text: string, cidr: Cidr): Selected {
  const { first, last } = rangeOf(cidr);
  const within = (range: AddressRange): boolean =>
    range.first.family === cidr.ip.family && compareIp(range.first, last) <= 0 && compareIp(first, range.last) <= 0;
  const owned = (member: Member): boolean =>
    !member.host.startsWith("external/") && member.addresses.some((ip) => overlaps(cidr, hostCidr(ip)));
  const isService = model.services.find((service) => service.clusterIps.some((ip) => formatIp(ip) === text));
  if (isService !== undefined)
    return failed(
      `${text} is service ${isService.namespace}/${isService.name}, a way and no end`,
      "name the pods or the workload behind it",
    );
  return found({
    includes: (member) => owned(member) || member.host.startsWith("external/"),
    meets: within,
    machines: model.nodes.some((node) => node.addresses.some((ip) => overlaps(cidr, hostCidr(ip)))),
  });
}

function hosts(names: ReadonlySet<string>, machines: boolean): Selected {
  return found({ includes: (member) => names.has(member.host), meets: () => false, machines });
}

function found(selection: Selection): Selected {
  return { ok: true, selection };
}

function failed(message: string, help: string | null): Selected {
  return { ok: false, message, help };
}

function near(text: string, names: readonly string[]): string | null {
  const name = nearest(text, names);
  return name === null ? null : `did you mean ${name}?`;
}
