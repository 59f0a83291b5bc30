/** The artifact tree as printed files: what each host holds and what to apply, below the folder of `knet compile -o`. */
import { stringify } from "yaml";
import { contains, formatIp, ip4, ip6 } from "@knet/language/values";
import type { Cidr } from "@knet/language/values";
import type { Origin } from "@knet/language";
import type { Manifest } from "../components/types.ts";
import { printIpSets } from "../dataplane/ipset/print.ts";
import type { IpSet } from "../dataplane/ipset/types.ts";
import { printAddresses, printFdb, printLinks, printNeighbours } from "../dataplane/links/print.ts";
import type { Address } from "../dataplane/links/types.ts";
import { printIptablesFile } from "../dataplane/netfilter/print.ts";
import type { IptablesFile } from "../dataplane/netfilter/types.ts";
import { printedText } from "../dataplane/printed.ts";
import type { PrintedLine } from "../dataplane/printed.ts";
import { printRoutes, printRules } from "../dataplane/routing/print.ts";
import { printSysctls } from "../dataplane/sysctl/print.ts";
import type { Dataplane, Resolver } from "../dataplane/types.ts";
import type { Fabric, Host } from "../fabric/types.ts";
import { PlaceTable, SourceMapBuilder, sourceMapPath, sourceMapPathOf } from "./source-map.ts";
import type { PositionOf } from "./source-map.ts";

export interface PrintedFile {
  /** Relative, with `/` separators. */
  readonly path: string;
  readonly lines: readonly PrintedLine[];
}

/** A file to write. */
export interface ArtifactFile {
  readonly path: string;
  readonly text: string;
  /** The path of an earlier file of the same text. Its bytes need not be written again. */
  readonly sameAs?: string;
}

/**
 * The files of one host, by name, in the order in which they can be applied; empty ones are left out. IPv6 policy rules
 * stand in a file of their own (`ip -6 -batch rules.ip6`), as `ip` cannot tell their family from their words.
 */
export function nodeFiles(dataplane: Dataplane): readonly PrintedFile[] {
  const files: readonly PrintedFile[] = [
    { path: "links.ip", lines: printLinks(dataplane.links) },
    { path: "sysctl.conf", lines: printSysctls(dataplane.sysctls) },
    { path: "addresses.ip", lines: printAddresses(dataplane.addresses.filter((address) => !isLoopback(dataplane, address))) },
    { path: "neighbours.ip", lines: printNeighbours(dataplane.neighbours) },
    { path: "fdb.bridge", lines: printFdb(dataplane.fdb) },
    { path: "routes.ip", lines: printRoutes(dataplane.routes) },
    { path: "rules.ip", lines: printRules(dataplane.rules.filter((rule) => rule.family === 4)) },
    { path: "rules.ip6", lines: printRules(dataplane.rules.filter((rule) => rule.family === 6)) },
    { path: "ipset.restore", lines: dataplane.ipsets.flatMap(printedSet) },
    ...iptablesFiles(dataplane.iptables),
    { path: "resolv.conf", lines: dataplane.resolver === null ? [] : printResolver(dataplane.resolver) },
  ];
  return files.filter((file) => file.lines.length > 0);
}

const payloads = new WeakMap<IptablesFile, readonly PrintedLine[]>();
const sets = new WeakMap<IpSet, readonly PrintedLine[]>();

/** Printed once, and the very same list every time: payloads and sets that many nodes hold are one record. */
function printedPayload(payload: IptablesFile): readonly PrintedLine[] {
  return printedOnce(payloads, payload, printIptablesFile);
}

function printedSet(set: IpSet): readonly PrintedLine[] {
  return printedOnce(sets, set, (only) => printIpSets([only]));
}

function printedOnce<T extends object>(known: WeakMap<T, readonly PrintedLine[]>, record: T, print: (record: T) => readonly PrintedLine[]): readonly PrintedLine[] {
  let lines = known.get(record);
  if (lines === undefined) {
    lines = print(record);
    known.set(record, lines);
  }
  return lines;
}

/** The pod's own side: the same kinds of files, in practice `links.ip sysctl.conf addresses.ip routes.ip resolv.conf`. */
export function podFiles(dataplane: Dataplane): readonly PrintedFile[] {
  return nodeFiles(dataplane);
}

const loopback4: Cidr = { ip: ip4(0x7f000000), prefix: 8 };
const loopback6: Cidr = { ip: ip6(0, 0, 0, 1), prefix: 128 };

/** The kernel gives `lo` its addresses when it comes up; to add them once more is an error. */
function isLoopback(dataplane: Dataplane, { link, address }: Address): boolean {
  const isOnLoopback = dataplane.links.some((candidate) => candidate.name === link && candidate.kind.type === "loopback");
  return isOnLoopback && (contains(loopback4, address.ip) || contains(loopback6, address.ip));
}

/**
 * One file per owner and family, in load order. Payloads of one owner that follow each other are one file; when another
 * owner's stands between them, the later one is `OWNER-2`.
 */
function iptablesFiles(all: readonly IptablesFile[]): readonly PrintedFile[] {
  const files: { readonly path: string; lines: readonly PrintedLine[] }[] = [];
  for (const family of [4, 6] as const) {
    const extension = family === 4 ? "iptables" : "ip6tables";
    const count = new Map<string, number>();
    let open = "";
    for (const payload of all.filter((candidate) => candidate.family === family)) {
      const lines = printedPayload(payload);
      const last = files.at(-1);
      if (payload.owner === open && last !== undefined) {
        last.lines = [...last.lines, ...lines];
        continue;
      }
      open = payload.owner;
      const number = (count.get(open) ?? 0) + 1;
      count.set(open, number);
      files.push({ path: `${open}${number === 1 ? "" : `-${number}`}.${extension}`, lines });
    }
  }
  return files;
}

/** As the kubelet writes it: search list, name servers, options. */
export function printResolver(resolver: Resolver): readonly PrintedLine[] {
  const { nameservers, search, ndots, origin } = resolver;
  const texts = [
    ...(search.length === 0 ? [] : [`search ${search.join(" ")}`]),
    ...nameservers.map((ip) => `nameserver ${formatIp(ip)}`),
    `options ndots:${ndots}`,
  ];
  return texts.map((text) => ({ text, item: resolver, origin }));
}

/**
 * The manifests as files below `manifests/`, in apply order, and the kustomization that lists those to apply.
 * @throws Error when two manifests have one path.
 */
export function manifestFiles(manifests: readonly Manifest[]): readonly PrintedFile[] {
  const ordered = [...manifests].sort((x, y) => x.order - y.order || byBytes(x.path, y.path));
  const paths = new Set<string>(["kustomization.yaml"]);
  for (const { path } of ordered) {
    if (paths.has(path)) throw new Error(`two manifests have the path ${path}`);
    paths.add(path);
  }
  const files = ordered.map((manifest): PrintedFile => {
    const text = manifest.format === "json" ? `${JSON.stringify(manifest.body, null, 2)}\n` : yamlText(inFieldOrder(manifest.body));
    return { path: `manifests/${manifest.path}`, lines: linesOf(text, manifest, manifest.origin) };
  });
  const applied = ordered.filter((manifest) => manifest.format === "yaml");
  return applied.length === 0 ? files : [...files, { path: "manifests/kustomization.yaml", lines: kustomization(applied) }];
}

/** `fifo` keeps the order of the list: kustomize would sort by kind otherwise. */
function kustomization(manifests: readonly Manifest[]): readonly PrintedLine[] {
  const head = { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", sortOptions: { order: "fifo" } };
  return [
    ...linesOf(yamlText(head), null, null),
    { text: "resources:", item: null, origin: null },
    ...manifests.map((manifest) => ({ text: `  - ${yamlText(manifest.path).trimEnd()}`, item: null, origin: manifest.origin })),
  ];
}

function linesOf(text: string, item: object | null, origin: Origin | null): readonly PrintedLine[] {
  return text
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => ({ text: line, item, origin }));
}

/** Readers of both YAML 1.2 and 1.1 (`on`, `no`, `1:20`) get the same strings. */
function yamlText(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false, compat: "yaml-1.1" });
}

/** `apiVersion`, `kind` and `metadata` first, the rest as its component wrote it. */
function inFieldOrder(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { apiVersion, kind, metadata, ...rest } = body;
  const first = { apiVersion, kind, metadata };
  return { ...Object.fromEntries(Object.entries(first).filter(([, value]) => value !== undefined)), ...rest };
}

function byBytes(x: string, y: string): number {
  return x < y ? -1 : x > y ? 1 : 0;
}

/** `nodes/node-a`, `nodes/node-a/pods/namespace001.pod-0`, `routers/core`, `external/internet`. */
export function hostFolder(fabric: Fabric, host: Host): string {
  switch (host.kind) {
    case "node":
      return `nodes/${host.name}`;
    case "pod": {
      const parent = host.parent === null ? undefined : fabric.host(host.parent);
      if (parent === undefined) throw new Error(`pod ${host.name} is on no host of the fabric`);
      return `nodes/${parent.name}/pods/${host.name.replace("/", ".")}`;
    }
    case "router":
      return `routers/${host.name}`;
    default:
      return `external/${host.name}`;
  }
}

/** The files of a host with their whole paths; none for a host that shares the network of its parent. */
export function hostFiles(fabric: Fabric, host: Host): readonly PrintedFile[] {
  if (host.sharesParent) return [];
  const folder = hostFolder(fabric, host);
  const dataplane = fabric.dataplane(host.id);
  const files = host.kind === "pod" ? podFiles(dataplane) : nodeFiles(dataplane);
  return files.map((file) => ({ path: `${folder}/${file.path}`, lines: file.lines }));
}

export interface ArtifactSelection {
  /** Names of the nodes whose folders are wanted; null for all. Everything that is not of a node is always there. */
  readonly nodes: ReadonlySet<string> | null;
}

/** Every printed file of a program, made one after another: manifests, then routers and the outside, then each node and its pods. */
export function* printedFiles(
  fabric: Fabric,
  manifests: readonly Manifest[],
  selection: ArtifactSelection = { nodes: null },
): Generator<PrintedFile> {
  yield* manifestFiles(manifests);
  const { others, nodes } = groupsOf(fabric, selection);
  for (const host of others) yield* hostFiles(fabric, host);
  for (const { node, pods } of nodes) for (const host of [node, ...pods]) yield* hostFiles(fabric, host);
}

interface NodeGroup {
  readonly node: Host;
  readonly pods: readonly Host[];
}

/** Hosts in the order of writing; nodes and pods as far as they are wanted. */
function groupsOf(fabric: Fabric, { nodes: wanted }: ArtifactSelection): { readonly others: readonly Host[]; readonly nodes: readonly NodeGroup[] } {
  const others: Host[] = [];
  const nodes: Host[] = [];
  const pods = new Map<string, Host[]>();
  for (const host of fabric.hosts) {
    if (host.kind === "pod") {
      const parent = host.parent ?? "";
      const list = pods.get(parent);
      if (list === undefined) pods.set(parent, [host]);
      else list.push(host);
    } else if (host.kind !== "node") others.push(host);
    else if (wanted === null || wanted.has(host.name)) nodes.push(host);
  }
  return { others, nodes: nodes.map((node) => ({ node, pods: pods.get(node.id) ?? [] })) };
}

/** Texts up to this many UTF-16 units are compared with all others: the small files of pods mostly repeat each other. */
const smallText = 4096;

export interface ArtifactOptions extends ArtifactSelection {
  /** Called before each node, with how many are done. */
  readonly progress?: (done: number, total: number) => void;
}

/**
 * The texts of {@link printedFiles}, and the maps from their lines to the program: `knet.map.json` for what is no node's, and one
 * for each node behind the files of the node and its pods, so that neither has to be kept. A text that several files have is made once.
 */
export function* artifactFiles(
  fabric: Fabric,
  manifests: readonly Manifest[],
  positionOf: PositionOf,
  options: ArtifactOptions = { nodes: null },
): Generator<ArtifactFile> {
  const texts = new TextPool();
  const places = new PlaceTable(positionOf);
  const { others, nodes } = groupsOf(fabric, options);
  const common = new SourceMapBuilder(places);
  for (const file of manifestFiles(manifests)) yield addTo(common, texts, file);
  for (const host of others) for (const file of hostFiles(fabric, host)) yield addTo(common, texts, file);
  yield { path: sourceMapPath, text: common.text() };
  for (const [index, { node, pods }] of nodes.entries()) {
    options.progress?.(index, nodes.length);
    const own = new SourceMapBuilder(places);
    for (const host of [node, ...pods]) for (const file of hostFiles(fabric, host)) yield addTo(own, texts, file);
    yield { path: sourceMapPathOf(`${hostFolder(fabric, node)}/`), text: own.text() };
  }
}

function addTo(map: SourceMapBuilder, texts: TextPool, file: PrintedFile): ArtifactFile {
  const { artifact, sameLines } = texts.artifact(file);
  map.add(file, sameLines);
  return artifact;
}

/** Which text was written where first. */
class TextPool {
  readonly #byLines = new WeakMap<readonly PrintedLine[], ArtifactFile>();
  readonly #small = new Map<string, string>();

  /** `sameLines` is the path of an earlier file with the very same lines. */
  artifact(file: PrintedFile): { readonly artifact: ArtifactFile; readonly sameLines: string | null } {
    const before = this.#byLines.get(file.lines);
    if (before !== undefined) return { artifact: { path: file.path, text: before.text, sameAs: before.path }, sameLines: before.path };
    const text = printedText(file.lines);
    const sameAs = text.length <= smallText ? this.#small.get(text) : undefined;
    const artifact = sameAs === undefined ? { path: file.path, text } : { path: file.path, text, sameAs };
    if (sameAs === undefined && text.length <= smallText) this.#small.set(text, file.path);
    // Lines of one node go with its dataplane; those of records that all nodes share stay.
    this.#byLines.set(file.lines, artifact);
    return { artifact, sameLines: null };
  }
}
