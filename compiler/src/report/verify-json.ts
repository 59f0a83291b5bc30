/** `knet verify --format json`. */
import type { Transport } from "@knet/language/values";
import type { Failures, VerdictName } from "../verify/types.ts";
import { rangeOfSpan } from "./diagnostics.ts";
import type { ReportRange, Sources } from "./diagnostics.ts";
import { traceObject } from "./trace-json.ts";
import type { TraceJson } from "./trace-json.ts";
import type { ArtifactRef, SourceRef } from "./types.ts";
import { deciderOf } from "./verify-view.ts";
import type { AssertionView, DisagreementView, VerifyView, WitnessView } from "./verify-view.ts";

export interface VerifyJsonWitness {
  readonly from: string;
  readonly to: string;
  readonly protocol: Transport;
  readonly port: number;
  readonly failures?: Failures;
  readonly summary: string;
  /** Why the specifications say so too. */
  readonly reason?: string;
  /** The declaration that the reason rests on. */
  readonly cause?: { readonly name: string; readonly file: string; readonly range: ReportRange };
  readonly statement: { readonly file: string; readonly range: ReportRange };
  readonly decidedBy?: { readonly artifact?: ArtifactRef; readonly source?: SourceRef };
  /** As `knet trace --format json` prints it. */
  readonly trace?: TraceJson;
}

export interface VerifyJsonAssertion {
  /** The assertion's title. */
  readonly assertion: string;
  readonly verdict: VerdictName;
  readonly method: AssertionView["method"];
  readonly flows: number;
  readonly runs?: number;
  readonly seed?: number;
  readonly reason?: string;
  readonly witness?: VerifyJsonWitness;
  readonly file: string;
  readonly range: ReportRange;
}

export interface VerifyJson {
  readonly version: 1;
  readonly assertions: readonly VerifyJsonAssertion[];
  /** Flows on which generated rules and specifications were compared. */
  readonly compared: number;
  readonly disagreements: readonly {
    readonly from: string;
    readonly to: string;
    readonly protocol: Transport;
    readonly port: number;
    readonly failures?: Failures;
    readonly simulated: string;
    readonly intended: string;
    readonly traces: readonly TraceJson[];
  }[];
}

/** The document: indented by two blanks, ending in a line break. */
export function verifyJson({ assertions, disagreements, compared, sources }: VerifyView): string {
  const document: VerifyJson = {
    version: 1,
    assertions: assertions.map((assertion) => assertionObject(assertion, sources)),
    compared,
    disagreements: disagreements.map(disagreementObject),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function assertionObject(assertion: AssertionView, sources: Sources): VerifyJsonAssertion {
  const { title, span, verdict, method, flows, runs, seed, reason, witness } = assertion;
  return {
    assertion: title,
    verdict,
    method,
    flows,
    ...(runs === null ? {} : { runs }),
    ...(seed === null ? {} : { seed }),
    ...(reason === null ? {} : { reason }),
    ...(witness === null ? {} : { witness: witnessObject(witness, sources) }),
    file: span.file,
    range: rangeOfSpan(span, sources),
  };
}

function witnessObject(witness: WitnessView, sources: Sources): VerifyJsonWitness {
  const { flow, failures, summary, reason, cause, statement, story } = witness;
  const place = cause?.span ?? null;
  const deciding = deciderOf(witness);
  return {
    from: flow.from,
    to: flow.to,
    protocol: flow.protocol,
    port: flow.port,
    ...(failures === null ? {} : { failures: failuresObject(failures) }),
    summary,
    ...(reason === null ? {} : { reason }),
    ...(cause === null || place === null ? {} : { cause: { name: cause.name, file: place.file, range: rangeOfSpan(place, sources) } }),
    statement: { file: statement.file, range: rangeOfSpan(statement, sources) },
    ...(deciding === null
      ? {}
      : {
          decidedBy: {
            ...(deciding.artifact === null ? {} : { artifact: deciding.artifact }),
            ...(deciding.source === null ? {} : { source: deciding.source }),
          },
        }),
    ...(story === null ? {} : { trace: traceObject(story) }),
  };
}

function failuresObject({ nodes, pods, links = [] }: Failures): Failures {
  return links.length === 0 ? { nodes, pods } : { nodes, pods, links };
}

function disagreementObject({ flow, failures, simulated, intended, stories }: DisagreementView): VerifyJson["disagreements"][number] {
  return {
    from: flow.from,
    to: flow.to,
    protocol: flow.protocol,
    port: flow.port,
    ...(failures === null ? {} : { failures: failuresObject(failures) }),
    simulated,
    intended,
    traces: stories.map(traceObject),
  };
}
