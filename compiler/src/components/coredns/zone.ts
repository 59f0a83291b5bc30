/** What CoreDNS answers: the records that its `kubernetes` plugin derives, and the zones it forwards. */
import { compareIp, formatIp, ipToBigInt } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { DnsRecord, DnsZone } from "../../fabric/types.ts";
import type { NetworkModel, Pod, Service } from "../../model/types.ts";
import { endpointsOf } from "../../control-plane/endpoints.ts";
import type { EndpointAddress } from "../../control-plane/endpoints.ts";
import { corednsNamespace, corednsPods, corednsTtl } from "./facts.ts";
import { stubZones } from "./stub-zones.ts";

const reverseZones = ["in-addr.arpa", "ip6.arpa"] as const;

/**
 * The cluster's zone, the two reverse zones, one zone per forward, and the root, which forwards what is left: to the
 * servers of a forward of the root, or to the node's own resolver (no servers). A forward of a zone that holds the cluster's
 * zone or a reverse zone hides it, as its server block has the longer suffix.
 *
 * `pods insecure` answers every well-formed address below `NAMESPACE.pod`; the zone holds those of the namespace's pods.
 */
export function dnsZones(model: NetworkModel): readonly DnsZone[] {
  const { origin } = model.cluster.dns;
  const domain = model.cluster.domain.toLowerCase();
  const stubs = stubZones(model);
  const servers = model.pods.filter(isServer).map((pod) => `pod/${pod.namespace}/${pod.name}`);
  const none = new Set<string>();
  const forwarded = (zone: string, forwardTo: readonly Ip[], from: Origin): DnsZone => ({
    zone,
    records: new Map(),
    emptyNonTerminals: none,
    forwardTo,
    fallthrough: false,
    servers,
    origin: from,
  });
  const { forward, reverse } = clusterRecords(model, domain);
  const served: DnsZone[] = [
    { zone: domain, records: forward, emptyNonTerminals: emptyNames(model, domain), forwardTo: [], fallthrough: false, servers, origin },
    ...reverseZones.map((zone): DnsZone => {
      const records = new Map([...reverse].filter(([name]) => name.endsWith(`.${zone}`)));
      return { zone, records, emptyNonTerminals: none, forwardTo: [], fallthrough: true, servers, origin };
    }),
  ];
  const isHidden = (zone: string): boolean =>
    stubs.some((stub) => stub.zone !== "" && (zone === stub.zone || zone.endsWith(`.${stub.zone}`)));
  const root = stubs.find((stub) => stub.zone === "");
  return [
    ...served.filter((zone) => !isHidden(zone.zone)),
    ...stubs.filter((stub) => stub.zone !== "").map((stub) => forwarded(stub.zone, stub.servers, stub.origin)),
    forwarded("", root?.servers ?? [], root?.origin ?? origin),
  ];
}

function isServer(pod: Pod): boolean {
  return pod.namespace === corednsNamespace && Object.entries(corednsPods.labels).every(([key, value]) => pod.labels[key] === value);
}

function emptyNames(model: NetworkModel, domain: string): ReadonlySet<string> {
  const names = [domain, `svc.${domain}`, `pod.${domain}`];
  for (const namespace of model.namespaces) names.push(`${namespace.name}.svc.${domain}`, `${namespace.name}.pod.${domain}`);
  return new Set(names);
}

interface Records {
  readonly forward: ReadonlyMap<string, readonly DnsRecord[]>;
  readonly reverse: ReadonlyMap<string, readonly DnsRecord[]>;
}

function clusterRecords(model: NetworkModel, domain: string): Records {
  const forward = new RecordTable();
  const pointers = new Pointers();
  for (const service of model.services) {
    const name = `${service.name}.${service.namespace}.svc.${domain}`;
    if (service.type === "ExternalName") {
      addExternalName(forward, service, name);
      continue;
    }
    const endpoints = endpointEntries(model, service, name);
    const clusterIp = clusterIpEntries(service, name);
    for (const { ip } of clusterIp) pointers.addClusterIp(ip, name, service.origin);
    for (const { ip, target } of endpoints) pointers.addEndpoint(ip, target, service.origin);
    const answering = service.headless ? endpoints : clusterIp;
    addAnswers(forward, name, answering, service.origin);
    for (const [owner, entries] of groupBy(
      answering.filter((entry) => entry.portName !== null && entry.port !== null),
      portOwner(name),
    )) {
      addAnswers(forward, owner, entries, service.origin);
    }
    for (const [owner, entries] of groupBy(endpoints, (entry) => entry.target)) addAnswers(forward, owner, entries, service.origin);
  }
  for (const pod of model.pods) {
    for (const address of pod.addresses)
      forward.add(`${dashed(address)}.${pod.namespace}.pod.${domain}`, addressRecord(address, pod.origin));
  }
  const { ttl = corednsTtl } = model.cluster.dns;
  return { forward: keptFor(ttl, forward.records), reverse: keptFor(ttl, pointers.records()) };
}

/** The records with another time to live than the usual one. */
function keptFor(ttl: number, records: ReadonlyMap<string, readonly DnsRecord[]>): ReadonlyMap<string, readonly DnsRecord[]> {
  if (ttl === corednsTtl) return records;
  return new Map([...records].map(([name, list]) => [name, list.map((record) => ({ ...record, ttl }))]));
}

/** One address and port that a service name stands for. */
interface Entry {
  readonly ip: Ip;
  /** Null when it has none: the name answers for addresses only. */
  readonly port: number | null;
  readonly portName: string | null;
  readonly protocol: string;
  /** The name that an SRV record points to. */
  readonly target: string;
}

function clusterIpEntries(service: Service, name: string): readonly Entry[] {
  return service.ports.flatMap((port) =>
    service.clusterIps.map((ip): Entry => ({ ip, port: port.port, portName: port.name, protocol: port.protocol, target: name })),
  );
}

/** Every ready endpoint once per port, with the endpoint's own port; once without a port when it has none. */
function endpointEntries(model: NetworkModel, service: Service, name: string): readonly Entry[] {
  const entries: Entry[] = [];
  for (const family of endpointsOf(model).services.get(`${service.namespace}/${service.name}`) ?? []) {
    const withPort = new Set<string>();
    for (const { port, endpoints } of family.ports) {
      for (const endpoint of endpoints) {
        if (!isServed(endpoint)) continue;
        withPort.add(formatIp(endpoint.ip));
        entries.push({
          ip: endpoint.ip,
          port: endpoint.port,
          portName: port.name,
          protocol: port.protocol,
          target: endpointName(endpoint, name),
        });
      }
    }
    for (const address of family.addresses) {
      if (!isServed(address) || withPort.has(formatIp(address.ip))) continue;
      entries.push({ ip: address.ip, port: null, portName: null, protocol: "", target: endpointName(address, name) });
    }
  }
  return entries;
}

/** Terminating endpoints leave DNS at once, unless what is not ready is published. */
function isServed(endpoint: EndpointAddress): boolean {
  return endpoint.ready;
}

function endpointName(endpoint: EndpointAddress, service: string): string {
  return `${endpoint.hostname?.toLowerCase() ?? dashed(endpoint.ip)}.${service}`;
}

/** `10-10-1-1`, `2001-db8--1`. A label may not end with a hyphen: `2001-db8--0` for `2001:db8::`. */
function dashed(ip: Ip): string {
  const text = formatIp(ip).replaceAll(/[.:]/g, "-");
  return text.endsWith("-") ? `${text}0` : text;
}

function portOwner(name: string): (entry: Entry) => string {
  return (entry) => `_${entry.portName ?? ""}._${entry.protocol}.${name}`;
}

/**
 * A, AAAA and SRV records of a name. Each SRV weighs 100 divided by the number of entries, before those of equal
 * target and port become one record (the two addresses of a dual-stack service).
 */
function addAnswers(records: RecordTable, name: string, entries: readonly Entry[], origin: Origin): void {
  const weight = Math.max(1, Math.floor(100 / Math.max(1, entries.length)));
  for (const entry of [...entries].sort((x, y) => compareIp(x.ip, y.ip))) records.add(name, addressRecord(entry.ip, origin));
  for (const entry of entries) {
    if (entry.port === null) continue;
    records.add(name, { type: "SRV", priority: 0, weight, port: entry.port, target: entry.target, ttl: corednsTtl, origin });
  }
}

/** CoreDNS resolves the name for the client. An address in place of a name does not resolve at all. */
function addExternalName(records: RecordTable, service: Service, name: string): void {
  const target = service.externalName?.replace(/\.$/, "").toLowerCase();
  if (target === undefined || target === "" || /^[0-9.]+$/.test(target) || target.includes(":")) return;
  records.add(name, { type: "CNAME", target, ttl: corednsTtl, origin: service.origin });
}

function addressRecord(address: Ip, origin: Origin): DnsRecord {
  return { type: address.family === 4 ? "A" : "AAAA", address, ttl: corednsTtl, origin };
}

/** Records by name, each once. */
class RecordTable {
  readonly records = new Map<string, DnsRecord[]>();
  /** Of names with more than one record: most have one. */
  readonly #known = new Map<string, Set<string>>();

  add(name: string, record: DnsRecord): void {
    const list = this.records.get(name);
    if (list === undefined) {
      this.records.set(name, [record]);
      return;
    }
    let known = this.#known.get(name);
    if (known === undefined) {
      known = new Set(list.map(recordKey));
      this.#known.set(name, known);
    }
    const key = recordKey(record);
    if (known.has(key)) return;
    known.add(key);
    list.push(record);
  }
}

function recordKey(record: DnsRecord): string {
  if ("address" in record) return `${record.type} ${formatIp(record.address)}`;
  return record.type === "SRV" ? `SRV ${record.port} ${record.target}` : `${record.type} ${record.target}`;
}

/** PTR records: a cluster IP's service wins; an endpoint's address has one per service that it stands behind. */
class Pointers {
  readonly #clusterIps = new RecordTable();
  readonly #endpoints = new RecordTable();

  addClusterIp(ip: Ip, target: string, origin: Origin): void {
    this.#clusterIps.add(reverseName(ip), { type: "PTR", target, ttl: corednsTtl, origin });
  }

  addEndpoint(ip: Ip, target: string, origin: Origin): void {
    this.#endpoints.add(reverseName(ip), { type: "PTR", target, ttl: corednsTtl, origin });
  }

  records(): ReadonlyMap<string, readonly DnsRecord[]> {
    return new Map([...this.#endpoints.records, ...this.#clusterIps.records]);
  }
}

/** `1.1.10.10.in-addr.arpa`, or one label per hexadecimal digit below ip6.arpa. */
export function reverseName(ip: Ip): string {
  if (ip.family === 4) return `${formatIp(ip).split(".").reverse().join(".")}.in-addr.arpa`;
  const digits = ipToBigInt(ip).toString(16).padStart(32, "0");
  return `${digits.split("").reverse().join(".")}.ip6.arpa`;
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}
