/** FROM and TO of `knet trace`: pods, services, nodes, the internet, addresses, names and URLs. */
import { formatIp, isTransport, parseIp, transports } from "@knet/language/values";
import type { Ip, Transport } from "@knet/language/values";
import { nearest } from "@knet/language";
import type { NetworkModel, Pod, Service } from "../model/types.ts";
import { CommandError } from "./command-error.ts";

export interface Sender {
  /** Host id. */
  readonly host: string;
  readonly name: string;
  readonly addresses: readonly Ip[];
}

export interface Target {
  /** As the user wrote it. */
  readonly text: string;
  /** Null: a name that the sender must look up. */
  readonly address: Ip | null;
  /** The name to look up, or null. */
  readonly name: string | null;
  /** Ports that it is known to offer; one of them is the default. */
  readonly offers: readonly { readonly protocol: Transport; readonly port: number }[];
  /** From a URL. */
  readonly port: number | null;
}

export function resolveSender(model: NetworkModel, text: string): Sender {
  if (text === "internet") {
    const host = model.external?.hosts[0];
    if (host === undefined) throw unknown("there is no internet: no router has `nat = internet`", null);
    return { host: `external/${host.name}`, name: host.name, addresses: host.addresses };
  }
  if (text.startsWith("node:")) {
    const node = findNode(model, text.slice("node:".length));
    return { host: `node/${node.name}`, name: node.name, addresses: node.addresses };
  }
  if (text.startsWith("svc:")) throw unknown(`a service sends nothing itself: ${text}`, "name one of its pods");
  const ip = parseIp(text);
  if (ip !== null) return senderAt(model, ip);
  const pod = findPod(model, text);
  return { host: `pod/${pod.namespace}/${pod.name}`, name: `${pod.namespace}/${pod.name}`, addresses: pod.addresses };
}

function senderAt(model: NetworkModel, ip: Ip): Sender {
  const text = formatIp(ip);
  const has = (item: { readonly addresses: readonly Ip[] }): boolean => item.addresses.some((address) => formatIp(address) === text);
  const pod = model.pods.find((candidate) => !candidate.hostNetwork && has(candidate));
  if (pod !== undefined) return { host: `pod/${pod.namespace}/${pod.name}`, name: `${pod.namespace}/${pod.name}`, addresses: [ip] };
  const node = model.nodes.find(has);
  if (node !== undefined) return { host: `node/${node.name}`, name: node.name, addresses: [ip] };
  const host = model.external?.hosts.find(has);
  if (host !== undefined) return { host: `external/${host.name}`, name: host.name, addresses: [ip] };
  throw unknown(`nobody in this program has the address ${text}`, "a sender must be a pod, a node or a machine outside");
}

export function resolveTarget(model: NetworkModel, text: string, families: ReadonlySet<4 | 6>): Target {
  const url = /^(https?):\/\/(\[[^\]]+\]|[^/:?#]+)(?::(\d+))?(?:[/?#].*)?$/.exec(text);
  if (url !== null) {
    const [, scheme, host = "", port] = url;
    const inner = resolveTarget(model, host.replace(/^\[|\]$/g, ""), families);
    return { ...inner, text, port: port === undefined ? (scheme === "https" ? 443 : 80) : Number(port) };
  }
  if (text === "internet") {
    const host = model.external?.hosts[0];
    const address = host === undefined ? undefined : pick(host.addresses, families);
    if (address === undefined) throw unknown("there is no internet: no router has `nat = internet`", null);
    return { text, address, name: null, offers: [{ protocol: "tcp", port: 443 }], port: null };
  }
  if (text.startsWith("svc:")) return serviceTarget(findService(model, text.slice("svc:".length)), text, families);
  if (text.startsWith("node:")) {
    const node = findNode(model, text.slice("node:".length));
    return { text, address: pick(node.addresses, families) ?? null, name: null, offers: [{ protocol: "tcp", port: 10250 }], port: null };
  }
  const ip = parseIp(text);
  if (ip !== null) return { text, address: ip, name: null, offers: offersAt(model, ip), port: null };
  if (text.includes("/")) {
    const pod = findPod(model, text);
    return { text, address: pick(pod.addresses, families) ?? null, name: null, offers: pod.ports.map(({ protocol, port }) => ({ protocol, port })), port: null };
  }
  if (!/^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?$/.test(text)) throw unknown(`${JSON.stringify(text)} is neither a name nor an address`, forms);
  return { text, address: null, name: text, offers: [], port: null };
}

const forms = "TO is namespace/pod, svc:namespace/service, node:name, internet, an address, a DNS name or a URL";

function serviceTarget(service: Service, text: string, families: ReadonlySet<4 | 6>): Target {
  const offers = service.ports.map(({ protocol, port }) => ({ protocol, port }));
  if (service.headless) return { text, address: null, name: `${service.name}.${service.namespace}.svc`, offers, port: null };
  return { text, address: pick(service.clusterIps, families) ?? null, name: null, offers, port: null };
}

function pick(addresses: readonly Ip[], families: ReadonlySet<4 | 6>): Ip | undefined {
  return addresses.find((ip) => families.has(ip.family));
}

/** What is known to be served at an address: a service's ports or a pod's. */
export function offersAt(model: NetworkModel, ip: Ip): Target["offers"] {
  const text = formatIp(ip);
  const service = model.services.find((candidate) => candidate.clusterIps.some((address) => formatIp(address) === text));
  if (service !== undefined) return service.ports.map(({ protocol, port }) => ({ protocol, port }));
  const pod = model.pods.find((candidate) => !candidate.hostNetwork && candidate.addresses.some((address) => formatIp(address) === text));
  return pod === undefined ? [] : pod.ports.map(({ protocol, port }) => ({ protocol, port }));
}

function findPod(model: NetworkModel, text: string): Pod {
  const exact = model.pods.find((pod) => `${pod.namespace}/${pod.name}` === text) ?? model.pods.find((pod) => pod.workload === text);
  if (exact !== undefined) return exact;
  if (model.workloads.some((workload) => `${workload.namespace}/${workload.name}` === text)) throw unknown(`workload ${text} has no pod`, null);
  const names = [...model.pods.map((pod) => `${pod.namespace}/${pod.name}`), ...model.workloads.map((workload) => `${workload.namespace}/${workload.name}`)];
  const inNamespace = text.includes("/") ? undefined : names.find((name) => name.endsWith(`/${text}`));
  const help = inNamespace === undefined ? suggest(text, names) : `did you mean ${inNamespace}?`;
  throw unknown(`no pod or workload is called ${text}`, help ?? (text.includes("/") ? null : "pods are named namespace/pod"));
}

function findService(model: NetworkModel, text: string): Service {
  const found = model.services.find((service) => `${service.namespace}/${service.name}` === text);
  if (found !== undefined) return found;
  throw unknown(`no service is called ${text}`, suggest(text, model.services.map((service) => `${service.namespace}/${service.name}`)));
}

function findNode(model: NetworkModel, text: string): NetworkModel["nodes"][number] {
  const found = model.nodes.find((node) => node.name === text);
  if (found !== undefined) return found;
  throw unknown(`no node is called ${text}`, suggest(text, model.nodes.map((node) => node.name)));
}

function suggest(text: string, names: readonly string[]): string | null {
  const near = nearest(text, names);
  return near === null ? null : `did you mean ${near}?`;
}

function unknown(message: string, help: string | null): CommandError {
  return new CommandError("unknown-endpoint", message, help);
}

export function parseTransport(text: string): Transport {
  const lower = text.toLowerCase();
  if (isTransport(lower)) return lower;
  throw new CommandError("usage", `--proto wants ${transports.join(", ")}, not ${JSON.stringify(text)}`);
}

/** @throws CommandError when `text` is no port from 1 to 65535 */
export function parsePort(text: string, option: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65535) throw new CommandError("usage", `${option} wants a port from 1 to 65535, not ${JSON.stringify(text)}`);
  return port;
}
