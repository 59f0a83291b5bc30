/** `knet trace --format json`. */
import { formatIp } from "@knet/language/values";
import type { ArtifactRef, SourceRef, Story, StoryChoice, StoryPacket, StoryQuery, StoryStep } from "./types.ts";

export interface TraceJsonPacket {
  readonly src: string;
  readonly dst: string;
  readonly protocol: string;
  readonly sport: number;
  readonly dport: number;
  /** Bytes. */
  readonly size: number;
  readonly note?: string;
  readonly outer?: Omit<TraceJsonPacket, "outer">;
}

export interface TraceJsonStep {
  readonly where: string;
  readonly kind: StoryStep["kind"];
  readonly phase: StoryStep["phase"];
  readonly layer: StoryStep["layer"];
  readonly did: string;
  readonly packet: TraceJsonPacket;
  /** The most telling one. */
  readonly artifact?: ArtifactRef;
  /** All of them, when there are several. */
  readonly artifacts?: readonly ArtifactRef[];
  readonly source?: SourceRef;
  readonly rules?: readonly string[];
}

export interface TraceJson {
  readonly version: 1;
  readonly from: string;
  readonly to: string;
  readonly protocol: string;
  readonly port: number;
  readonly lookup?: {
    readonly name: string;
    readonly server: string;
    readonly search: readonly string[];
    readonly queries: readonly StoryQuery[];
    readonly verdict: string;
    readonly source?: SourceRef;
  };
  /** Of the name lookup, if one was walked, then of the request, then of the reply. */
  readonly steps: readonly TraceJsonStep[];
  readonly choices: readonly StoryChoice[];
  readonly verdict: Story["verdict"];
  readonly summary: string;
  readonly decidedBy?: { readonly artifact?: ArtifactRef; readonly source?: SourceRef };
}

/** The story as the document's object, for those who embed it. */
export function traceObject(story: Story): TraceJson {
  const { from, to, protocol, port, lookup, choices, verdict, summary, decidedBy } = story;
  return {
    version: 1,
    from,
    to,
    protocol,
    port,
    ...(lookup === null
      ? {}
      : {
          lookup: {
            name: lookup.name,
            server: formatIp(lookup.server),
            search: lookup.search,
            queries: lookup.queries.map(({ name, type, status, answers }) => ({ name, type, status, answers })),
            verdict: lookup.verdict,
            ...(lookup.source === null ? {} : { source: sourceObject(lookup.source) }),
          },
        }),
    steps: [...(lookup?.steps ?? []), ...story.steps].map(stepObject),
    choices: choices.map((choice) => ({
      name: choice.name,
      address: choice.address,
      probability: choice.probability,
      chosen: choice.chosen,
      verdict: choice.verdict,
    })),
    verdict,
    summary,
    ...(decidedBy === null
      ? {}
      : {
          decidedBy: {
            ...(decidedBy.artifact === null ? {} : { artifact: artifactObject(decidedBy.artifact) }),
            ...(decidedBy.source === null ? {} : { source: sourceObject(decidedBy.source) }),
          },
        }),
  };
}

/** The document: indented by two blanks, ending in a line break. */
export function traceJson(story: Story): string {
  return `${JSON.stringify(traceObject(story), null, 2)}\n`;
}

function stepObject(step: StoryStep): TraceJsonStep {
  const [artifact] = step.artifacts;
  return {
    where: step.where,
    kind: step.kind,
    phase: step.phase,
    // Whatever happens to a question on its way is part of the lookup.
    layer: step.phase === "dns" ? "dns" : step.layer,
    did: step.did,
    packet: packetObject(step.packet),
    ...(artifact === undefined ? {} : { artifact: artifactObject(artifact) }),
    ...(step.artifacts.length < 2 ? {} : { artifacts: step.artifacts.map(artifactObject) }),
    ...(step.source === null ? {} : { source: sourceObject(step.source) }),
    ...(step.rules.length === 0 ? {} : { rules: step.rules }),
  };
}

function packetObject(packet: StoryPacket): TraceJsonPacket {
  return { ...layerObject(packet), ...(packet.outer === null ? {} : { outer: layerObject(packet.outer) }) };
}

function layerObject(packet: Omit<StoryPacket, "outer">): Omit<TraceJsonPacket, "outer"> {
  const { src, dst, protocol, sport, dport, size, note } = packet;
  return { src: formatIp(src), dst: formatIp(dst), protocol, sport, dport, size, ...(note === null ? {} : { note }) };
}

function artifactObject({ file, line, text }: ArtifactRef): ArtifactRef {
  return { file, line, text };
}

function sourceObject({ file, line, name, text }: SourceRef): SourceRef {
  return { file, line, name, text };
}
