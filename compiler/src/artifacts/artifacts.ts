/** The artifact tree as printed files: what each host holds and what to apply, below the folder of `knet compile -o`. */
import { stringify } from "yaml";
import { compareText, contains, formatIp, ip4, ip6 } from "@knet/language/values";
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
import type { PrintedBlock, PrintedLine } from "../dataplane/printed.ts";
import { printRoutes, printRules } from "../dataplane/routing/print.ts";
import { printSysctls } from "../dataplane/sysctl/print.ts";
import type { Dataplane, Resolver } from "../dataplane/types.ts";
import type { Fabric, Host } from "../fabric/types.ts";
import { OriginTable, SourceMapBuilder, sourceMapPath, sourceMapPathOf } from "./source-map.ts";
import type { PositionOf } from "./source-map.ts";

export interface PrintedFile {
  /** Relative, with `/` separators. */
  readonly path: string;
  /** One behind the other. */
  readonly blocks: readonly PrintedBlock[];
}

export function fileLines({ blocks }: PrintedFile): readonly PrintedLine[] {
  return blocks.flat();
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
  const { ipsets, resolver } = dataplane;
  const files: readonly (readonly [path: string, blocks: readonly PrintedBlock[]])[] = [
    ["links.ip", [printLinks(dataplane.links)]],
    ["sysctl.conf", [printSysctls(dataplane.sysctls)]],
    ["addresses.ip", [printAddresses(dataplane.addresses.filter((address) => !isLoopback(dataplane, address)))]],
    ["neighbours.ip", [printNeighbours(dataplane.neighbours)]],
    ["fdb.bridge", [printFdb(dataplane.fdb)]],
    ["routes.ip", [printRoutes(dataplane.routes)]],
    ["rules.ip", [printRules(dataplane.rules.filter((rule) => rule.family === 4))]],
    ["rules.ip6", [printRules(dataplane.rules.filter((rule) => rule.family === 6))]],
    ["ipset.restore", ipsets.filter((set) => !isLarge(set)).map(printedSet)],
    ...ipsets.filter(isLarge).map((set) => [largeSetPath(set), [printedSet(set)]] as const),
    ...iptablesFiles(dataplane.iptables),
    ["resolv.conf", resolver === null ? [] : [printResolver(resolver)]],
  ];
  return files.map(([path, blocks]) => ({ path, blocks: blocks.filter((block) => block.length > 0) })).filter((file) => file.blocks.length > 0);
}

/** A set of more members has a file of its own: it is mostly the same on many nodes, and then written once. */
const smallSet = 500;

function isLarge({ members }: IpSet): boolean {
  return members.length > smallSet;
}

/** The name without colons, which not every file system has. */
function largeSetPath({ name }: IpSet): string {
  return `${name.replaceAll(":", ".")}.ipset`;
}

const payloads = new WeakMap<IptablesFile, PrintedBlock>();
const sets = new WeakMap<IpSet, PrintedBlock>();

/** Printed once, and the very same list every time: payloads and sets that many nodes hold are one record. */
function printedPayload(payload: IptablesFile): PrintedBlock {
  return printedOnce(payloads, payload, printIptablesFile);
}

function printedSet(set: IpSet): PrintedBlock {
  return printedOnce(sets, set, (only) => printIpSets([only]));
}

function printedOnce<T extends object>(known: WeakMap<T, PrintedBlock>, record: T, print: (record: T) => PrintedBlock): PrintedBlock {
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
function iptablesFiles(all: readonly IptablesFile[]): readonly (readonly [path: string, blocks: readonly PrintedBlock[]])[] {
  const files: (readonly [path: string, blocks: PrintedBlock[]])[] = [];
  for (const family of [4, 6] as const) {
    const extension = family === 4 ? "iptables" : "ip6tables";
    const count = new Map<string, number>();
    let open = "";
    for (const payload of all.filter((candidate) => candidate.family === family)) {
      const last = files.at(-1);
      if (payload.owner === open && last !== undefined) {
        last[1].push(printedPayload(payload));
        continue;
      }
      open = payload.owner;
      const number = (count.get(open) ?? 0) + 1;
      count.set(open, number);
      files.push([`${open}${number === 1 ? "" : `-${number}`}.${extension}`, [printedPayload(payload)]]);
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
  const ordered = [...manifests].sort((x, y) => x.order - y.order || compareText(x.path, y.path));
  const paths = new Set<string>(["kustomization.yaml"]);
  for (const { path } of ordered) {
    if (paths.has(path)) throw new Error(`two manifests have the path ${path}`);
    paths.add(path);
  }
  const files = ordered.map((manifest): PrintedFile => {
    const text = manifest.format === "json" ? `${JSON.stringify(manifest.body, null, 2)}\n` : yamlText(inFieldOrder(manifest.body));
    return { path: `manifests/${manifest.path}`, blocks: [linesOf(text, manifest, manifest.origin)] };
  });
  const applied = ordered.filter((manifest) => manifest.format === "yaml");
  return applied.length === 0 ? files : [...files, { path: "manifests/kustomization.yaml", blocks: [kustomization(applied)] }];
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
  return files.map(({ path, blocks }) => ({ path: `${folder}/${path}`, blocks }));
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
  /** Called before each node and behind the last, with how many are done. */
  readonly progress?: (done: number, total: number) => void;
}

/**
 * The texts of {@link printedFiles}, and the maps from their lines to the program: one for each node behind the files of the node
 * and its pods, so that neither has to be kept, and `knet.map.json` for the rest, last. A text that several files have is made once.
 */
export function* artifactFiles(
  fabric: Fabric,
  manifests: readonly Manifest[],
  positionOf: PositionOf,
  options: ArtifactOptions = { nodes: null },
): Generator<ArtifactFile> {
  const texts = new TextPool();
  const origins = new OriginTable(positionOf);
  const { others, nodes } = groupsOf(fabric, options);
  const common = new SourceMapBuilder(origins);
  for (const file of manifestFiles(manifests)) yield addTo(common, texts, file);
  for (const host of others) for (const file of hostFiles(fabric, host)) yield addTo(common, texts, file);
  for (const [index, { node, pods }] of nodes.entries()) {
    options.progress?.(index, nodes.length);
    const own = new SourceMapBuilder(origins);
    for (const host of [node, ...pods]) for (const file of hostFiles(fabric, host)) yield addTo(own, texts, file);
    yield { path: sourceMapPathOf(`${hostFolder(fabric, node)}/`), text: own.nodeText() };
  }
  options.progress?.(nodes.length, nodes.length);
  yield { path: sourceMapPath, text: common.topText() };
}

function addTo(map: SourceMapBuilder, texts: TextPool, file: PrintedFile): ArtifactFile {
  const { artifact, sameLines } = texts.artifact(file);
  map.add(file, sameLines);
  return artifact;
}

/** Which text was written where first. */
class TextPool {
  /** Of the blocks of files that have several: the same set stands in files of many nodes. */
  readonly #texts = new WeakMap<PrintedBlock, string>();
  /** Large files that are one block. Those of one node go with its dataplane; those that nodes share stay. */
  readonly #files = new WeakMap<PrintedBlock, ArtifactFile>();
  readonly #small = new Map<string, string>();

  /** `sameLines` is the path of an earlier file with the very same lines. */
  artifact({ path, blocks }: PrintedFile): { readonly artifact: ArtifactFile; readonly sameLines: string | null } {
    const only = blocks.length === 1 ? blocks[0] : undefined;
    const before = only === undefined ? undefined : this.#files.get(only);
    if (before !== undefined) return { artifact: { path, text: before.text, sameAs: before.path }, sameLines: before.path };
    const text = only === undefined ? blocks.map((block) => this.#textOf(block)).join("") : printedText(only);
    if (text.length > smallText) {
      const artifact = { path, text };
      if (only !== undefined) this.#files.set(only, artifact);
      return { artifact, sameLines: null };
    }
    const sameAs = this.#small.get(text);
    if (sameAs === undefined) this.#small.set(text, path);
    return { artifact: sameAs === undefined ? { path, text } : { path, text, sameAs }, sameLines: null };
  }

  #textOf(block: PrintedBlock): string {
    let text = this.#texts.get(block);
    if (text === undefined) {
      text = printedText(block);
      this.#texts.set(block, text);
    }
    return text;
  }
}
