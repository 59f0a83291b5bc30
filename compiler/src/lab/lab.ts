/** The laboratory: a fabric booted in network namespaces of its own, where real packets are sent and watched. */
import type { Transport } from "@knet/language/values";
import type { Fabric } from "../fabric/types.ts";
import { isAny, isPackets, isResults, isSaved, isTraces } from "./answers.ts";
import type { HostDump, NamedProblem, RawResult } from "./answers.ts";
import { decodeFrame, frameSummary } from "./decode.ts";
import type { Frame } from "./decode.ts";
import { formatProblem, LabError } from "./errors.ts";
import type { LoadProblem } from "./errors.ts";
import { isLabVerdict } from "./observe.ts";
import type { ProbeResult } from "./observe.ts";
import { labPlan, namespacesOf } from "./plan.ts";
import type { LabPlan } from "./plan.ts";
import { LabProcess } from "./process.ts";
import { labSupport } from "./support.ts";
import { tracedPackets } from "./trace.ts";
import type { TracedPacket } from "./trace.ts";

/** Which kernel facility holds the iptables rules. Tracing needs `nft`. */
export type IptablesVariant = "legacy" | "nft";

export interface Probe {
  /** Names the result. */
  readonly id: string;
  /** Id of the host that asks. */
  readonly from: string;
  /** Source address; by default the kernel chooses. */
  readonly src?: string;
  /** Source port; by default the kernel chooses. */
  readonly sport?: number;
  readonly to: string;
  readonly protocol: Transport;
  readonly port: number;
  /** UDP only: the whole IP packet in bytes, sent with the don't-fragment bit. */
  readonly size?: number;
  /** Milliseconds; default 300, and 6,000 in the second try. */
  readonly timeout?: number;
  /** A timeout is tried again patiently before it is believed. */
  readonly expectOk?: boolean;
}

export type { HostDump } from "./answers.ts";

export interface CapturedPacket {
  /** Seen from the host. */
  readonly direction: "in" | "out";
  /** The Ethernet frame. */
  readonly hex: string;
  /** Null when the frame is cut short. */
  readonly frame: Frame | null;
  readonly summary: string;
}

export interface Capture {
  /** Ends the capture and gives its packets in order. */
  stop(): Promise<readonly CapturedPacket[]>;
}

export interface HostTrace {
  /** Id of the host whose namespace it is. */
  readonly host: string;
  /** In order of appearance: the request, what carries it, and the first packets of the reply. */
  readonly packets: readonly TracedPacket[];
}

export interface ProbeTrace {
  readonly result: ProbeResult;
  /** Hosts that hold rules and saw the packet. */
  readonly hosts: readonly HostTrace[];
}

export interface Lab extends AsyncDisposable {
  readonly plan: LabPlan;
  /** Parameters that no namespace can have and listeners of protocols that this kernel lacks. */
  readonly skipped: readonly { readonly what: string; readonly reason: string }[];
  /** Inode of the pid namespace that all its processes are in. */
  readonly pidNamespace: number;
  /** Results in the order of the probes. */
  probe(probes: readonly Probe[]): Promise<readonly ProbeResult[]>;
  save(host: string): Promise<HostDump>;
  capture(host: string, link: string): Promise<Capture>;
  trace(probe: Probe): Promise<ProbeTrace>;
  /** Forgets connections, learnt path MTUs and `-m recent` lists on every host. */
  flush(): Promise<void>;
  /** Ends every process and frees every namespace. May be called again. */
  close(): Promise<void>;
}

export interface LabOptions {
  /** Default `legacy`. */
  readonly variant?: IptablesVariant;
}

const firstTimeout = 300;
/** Twice the three seconds after which the kernel gives up asking for a neighbour that does not answer. */
const secondTimeout = 6000;
/** Milliseconds that a command may take beyond what its probes may wait. */
const patience = 30_000;
const bootTimeout = 300_000;
/** What the kernel sees at most in flight: the slowest batch is one in which every UDP probe times out. */
const inFlight = 200;

/** Boots the fabric. Throws a LabError: `unsupported`, `plan`, or `load` with every line that was refused. */
export async function openLab(fabric: Fabric, options: LabOptions = {}): Promise<Lab> {
  const variant = options.variant ?? "legacy";
  const support = labSupport();
  if (!support.available) throw new LabError("unsupported", `this machine cannot run a laboratory: ${support.reason}`);
  if (variant === "nft" && !support.tracing.available)
    throw new LabError("unsupported", `this machine cannot trace: ${support.tracing.reason}`);
  const plan = labPlan(fabric);
  const process = new LabProcess();
  try {
    const booted = await process.boot({ ...plan, variant }, bootTimeout);
    if (booted.problems.length > 0) throw loadError(booted.problems, plan);
    return new RunningLab(plan, variant, process, booted.skipped, booted.pidNamespace);
  } catch (error) {
    await process.close();
    throw error;
  }
}

function loadError(found: readonly NamedProblem[], plan: LabPlan): LabError {
  const problems = found.map(({ namespace, ...rest }): LoadProblem => {
    const room = plan.namespaces.find(({ name }) => name === namespace);
    return { host: room?.hosts[0] ?? null, ...rest };
  });
  return new LabError("load", problems.map(formatProblem).join("\n"), problems);
}

class RunningLab implements Lab {
  readonly plan: LabPlan;
  readonly skipped: Lab["skipped"];
  readonly pidNamespace: number;
  readonly #variant: IptablesVariant;
  readonly #process: LabProcess;
  readonly #places: ReadonlyMap<string, string>;
  #captures = 0;

  constructor(plan: LabPlan, variant: IptablesVariant, process: LabProcess, skipped: Lab["skipped"], pidNamespace: number) {
    this.plan = plan;
    this.skipped = skipped;
    this.pidNamespace = pidNamespace;
    this.#variant = variant;
    this.#process = process;
    this.#places = namespacesOf(plan);
  }

  async probe(probes: readonly Probe[]): Promise<readonly ProbeResult[]> {
    const results = await this.#batch(probes, firstTimeout);
    const again = probes.flatMap((probe, at) => (probe.expectOk === true && results[at]?.verdict === "timeout" ? [{ probe, at }] : []));
    if (again.length === 0) return results;
    const second = await this.#batch(
      again.map(({ probe }) => probe),
      secondTimeout,
    );
    const better = new Map(again.map(({ at }, index) => [at, second[index]] as const));
    return results.map((result, at) => better.get(at) ?? result);
  }

  async #batch(probes: readonly Probe[], timeout: number): Promise<readonly ProbeResult[]> {
    if (probes.length === 0) return [];
    const commands = probes.map((probe, at) => ({ ...this.#probeCommand(probe, timeout), id: at }));
    const longest = Math.max(...commands.map((command) => command.timeout)) * 1000;
    const answer = await this.#process.ask(
      { act: "probe", probes: commands },
      patience + longest * Math.ceil(probes.length / inFlight),
      isResults,
    );
    const results: ProbeResult[] = [];
    for (const raw of answer.results) {
      const probe = probes[raw.id];
      if (probe !== undefined) results[raw.id] = resultOf(probe, raw);
    }
    return results;
  }

  #probeCommand(probe: Probe, timeout: number) {
    if ((probe.size ?? 0) > 0 && probe.protocol !== "udp") throw new LabError("probe", `probe ${probe.id}: only UDP has a size`);
    const smallest = probe.to.includes(":") ? 48 : 28;
    if (probe.size !== undefined && probe.size !== 0 && (probe.size < smallest || probe.size > 65535)) {
      throw new LabError("probe", `probe ${probe.id}: an IP packet with UDP has ${smallest} to 65535 bytes, not ${probe.size}`);
    }
    return {
      namespace: this.#place(probe.from),
      src: probe.src ?? null,
      sport: probe.sport ?? 0,
      to: probe.to,
      protocol: probe.protocol,
      port: probe.port,
      size: probe.size ?? 0,
      timeout: (probe.timeout === undefined ? timeout : Math.max(probe.timeout, timeout === secondTimeout ? timeout : 0)) / 1000,
    };
  }

  #place(host: string): string {
    const place = this.#places.get(host);
    if (place === undefined) throw new LabError("probe", `the laboratory has no host ${host}`);
    return place;
  }

  async save(host: string): Promise<HostDump> {
    const answer = await this.#process.ask({ act: "save", namespace: this.#place(host) }, patience, isSaved);
    return answer.saved;
  }

  async capture(host: string, link: string): Promise<Capture> {
    this.#captures += 1;
    const capture = this.#captures;
    await this.#process.ask({ act: "capture-start", capture, namespace: this.#place(host), link }, patience, isAny);
    let stopped: Promise<readonly CapturedPacket[]> | null = null;
    return { stop: () => (stopped ??= this.#stopCapture(capture)) };
  }

  async #stopCapture(capture: number): Promise<readonly CapturedPacket[]> {
    const answer = await this.#process.ask({ act: "capture-stop", capture }, patience, isPackets);
    return answer.packets.map(({ direction, hex }) => {
      const frame = decodeFrame(Buffer.from(hex, "hex"), this.plan.vxlanPorts);
      return { direction, hex, frame, summary: frame === null ? "cut short" : frameSummary(frame) };
    });
  }

  async trace(probe: Probe): Promise<ProbeTrace> {
    if (this.#variant !== "nft") throw new LabError("unsupported", "tracing needs a laboratory opened with the variant nft");
    const ruled = this.plan.namespaces.filter(({ files }) => files.some(({ loader }) => loader === "iptables" || loader === "ip6tables"));
    const answer = await this.#process.ask(
      {
        act: "trace",
        probe: { ...this.#probeCommand(probe, probe.expectOk === true ? secondTimeout : firstTimeout), id: 0 },
        namespaces: ruled.map(({ name }) => name),
        vxlanPorts: this.plan.vxlanPorts,
      },
      patience * 2,
      isTraces,
    );
    const hosts = answer.hosts.flatMap(({ namespace, events, rules }) => {
      const host = ruled.find(({ name }) => name === namespace)?.hosts[0];
      const packets = tracedPackets(events, rules);
      return host === undefined || packets.length === 0 ? [] : [{ host, packets }];
    });
    return { result: resultOf(probe, answer.result), hosts };
  }

  async flush(): Promise<void> {
    await this.#process.ask(
      { act: "flush", namespaces: this.plan.namespaces.filter(({ wire }) => !wire).map(({ name }) => name) },
      patience,
      isAny,
    );
  }

  close(): Promise<void> {
    return this.#process.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function resultOf(probe: Probe, raw: RawResult): ProbeResult {
  const { verdict, server, source, sourcePort, error } = raw;
  if (!isLabVerdict(verdict)) {
    throw new LabError(
      "probe",
      `probe ${probe.id} from ${probe.from} to ${probe.to} ${probe.protocol} ${probe.port} cannot be made: ${error ?? verdict}`,
    );
  }
  return { id: probe.id, verdict, server, source, sourcePort, error };
}
