/** `knet trace`: the journey of a request and of its reply. */
import type { Family, Ip } from "@knet/language/values";
import { formatIp } from "@knet/language/values";
import type { Compilation } from "../../compilation/compilation.ts";
import { Locator } from "../../report/locate.ts";
import { tellStory } from "../../report/story.ts";
import { traceHtml } from "../../report/trace-html.ts";
import { traceJson } from "../../report/trace-json.ts";
import { traceMermaid } from "../../report/trace-mermaid.ts";
import { traceSvg } from "../../report/trace-svg.ts";
import { traceText } from "../../report/trace-text.ts";
import type { Story } from "../../report/types.ts";
import { defaultSize, defaultSourcePort, everyJourney } from "../../simulate/journey.ts";
import { resolve } from "../../simulate/resolve.ts";
import type { Journey } from "../../simulate/steps.ts";
import { CommandError } from "../command-error.ts";
import type { ExitCode, Io } from "../io.ts";
import { loadClusters, sourcesIn } from "../load.ts";
import type { ParameterOptions } from "../parameters.ts";
import type { ColorWhen } from "../style.ts";
import { styleFor } from "../style.ts";
import { askedOf } from "../cluster-targets.ts";
import { offersAt, parsePort, parseTransport, resolveSender, resolveTarget } from "../targets.ts";
import type { Sender, Target } from "../targets.ts";

export const traceFormats = ["text", "json", "mermaid", "svg", "html"] as const;

export interface TraceOptions extends ParameterOptions {
  readonly proto: string;
  readonly port?: string;
  readonly backend?: string;
  readonly size?: string;
  readonly dns: boolean;
  readonly all: boolean;
  readonly format: (typeof traceFormats)[number];
  readonly locked: boolean;
  readonly color: ColorWhen;
}

export async function trace(io: Io, file: string, from: string, to: string, options: TraceOptions): Promise<ExitCode> {
  const loaded = await loadClusters(io, file, options, "judges");
  if (loaded === null) return 1;
  const asked = askedOf(loaded.compilations, { from, to, ...(options.backend === undefined ? {} : { backend: options.backend }) });
  const story = traceStory(asked.compilation, asked.from, asked.to, { ...options, ...(asked.backend === undefined ? {} : { backend: asked.backend }) });
  io.stdout.write(render(io, story, options));
  return 0;
}

function render(io: Io, story: Story, options: TraceOptions): string {
  switch (options.format) {
    case "text":
      return traceText(story, { style: styleFor(io.stdout, io.env, options.color), width: io.stdout.columns, dns: options.dns, all: options.all });
    case "json":
      return traceJson(story);
    case "mermaid":
      return traceMermaid(story);
    case "svg":
      return traceSvg(story);
    case "html":
      return traceHtml(story);
  }
}

export function traceStory(compilation: Compilation, from: string, to: string, options: Pick<TraceOptions, "proto" | "port" | "backend" | "size">): Story {
  const { model, fabric, sources } = compilation;
  const protocol = parseTransport(options.proto);
  const sender = resolveSender(model, from);
  const families = new Set<Family>(sender.addresses.map((ip) => ip.family));
  const target = resolveTarget(model, to, families);
  const locator = new Locator(fabric, sourcesIn(sources), compilation.folder);
  const lookup = target.name === null ? null : lookUp(compilation, sender, target.name, families);
  const address = target.address ?? lookup?.address ?? null;
  const size = options.size === undefined ? defaultSize : parseSize(options.size);
  const base = { fabric, locator, from: sender.name, to, protocol, lookup };
  if (address === null) {
    if (target.name === null) throw new CommandError("unknown-endpoint", `${to} has no address of a family that ${sender.name} has`);
    return tellStory({ ...base, port: options.port === undefined ? (target.port ?? 0) : parsePort(options.port, "--port"), journey: null, alternatives: [] });
  }
  const port = choosePort(options.port, target, target.offers.length > 0 ? target.offers : offersAt(model, address), protocol);
  const probe = { from: sender.host, src: null, dst: address, protocol, dport: port, sport: defaultSourcePort, size };
  const alternatives = everyJourney(fabric, probe);
  const journey = chooseJourney(compilation, alternatives, options.backend);
  return tellStory({ ...base, port, journey, alternatives });
}

/** A lookup as the sender's libc does it, and whether its queries reach the name server. */
function lookUp(compilation: Compilation, sender: Sender, name: string, families: ReadonlySet<Family>): (NonNullable<Parameters<typeof tellStory>[0]["lookup"]> & { readonly address: Ip | null }) {
  const { fabric } = compilation;
  const { resolver } = fabric.dataplane(sender.host);
  const server = resolver?.nameservers.find((ip) => families.has(ip.family));
  if (resolver === null || server === undefined) {
    throw new CommandError("unknown-endpoint", `${sender.name} does not resolve cluster names: ${JSON.stringify(name)} cannot be looked up there`, "name the target as namespace/pod, svc:namespace/service or by address");
  }
  const probe = { from: sender.host, src: null, dst: server, protocol: "udp" as const, dport: 53, sport: defaultSourcePort, size: defaultSize };
  const journeys = everyJourney(fabric, probe);
  // A resolver asks again when no answer comes, and another server may be chosen then: one that answers is enough.
  const journey = journeys.find((candidate) => candidate.verdict === "delivered") ?? journeys[0] ?? null;
  const lost = journeys.filter((candidate) => candidate.verdict !== "delivered").reduce((sum, candidate) => sum + candidate.probability, 0);
  const resolution = resolve(fabric.dns, resolver, name, [...families].toSorted((x, y) => x - y));
  const reachable = journey?.verdict === "delivered";
  const address = reachable ? (resolution.addresses[0] ?? null) : null;
  return { name, server, search: resolver.search, resolution: reachable ? resolution : { ...resolution, queries: [], addresses: [] }, journey, lost, address };
}

function choosePort(given: string | undefined, target: Target, offers: Target["offers"], protocol: string): number {
  if (given !== undefined) return parsePort(given, "--port");
  if (target.port !== null) return target.port;
  const fitting = offers.filter((offer) => offer.protocol === protocol);
  const [only] = fitting;
  if (only !== undefined && fitting.length === 1) return only.port;
  const known = offers.map((offer) => `${offer.port}/${offer.protocol}`).join(", ");
  throw new CommandError("usage", `which port of ${target.text}?`, known === "" ? "say --port" : `say --port (and --proto): it offers ${known}`);
}

function chooseJourney(compilation: Compilation, journeys: readonly Journey[], backend: string | undefined): Journey {
  const [first] = journeys;
  if (first === undefined) throw new Error("a request has at least one journey");
  if (backend === undefined) return first;
  const wanted = resolveSender(compilation.model, backend);
  const addresses = new Set(wanted.addresses.map(formatIp));
  const chosen = journeys.find((journey) => journey.server === wanted.host || journey.request.some((step) => step.layer === "nat" && addresses.has(formatIp(step.packet.dst))));
  if (chosen !== undefined) return chosen;
  const reachable = [...new Set(journeys.flatMap((journey) => (journey.server === null ? [] : [compilation.fabric.host(journey.server)?.name ?? journey.server])))];
  throw new CommandError("unknown-endpoint", `${backend} is no backend of this request`, reachable.length === 0 ? "no backend is reached at all: trace it without --backend" : `it can go to ${reachable.join(", ")}`);
}

function parseSize(text: string): number {
  const size = Number(text);
  if (!/^\d+$/.test(text) || size < 60 || size > 65535) throw new CommandError("usage", `--size wants bytes from 60 to 65535, not ${JSON.stringify(text)}`);
  return size;
}
