/**
 * One measurement in a process of its own, so that its memory is its own: `node --expose-gc measure.ts '{"mode": …}'` prints a
 * {@link Measured} as JSON. Loading the code and reading the program are not measured.
 */
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { checkProgram, parse } from "@knet/language";
import type { ClusterProgram } from "@knet/language";
import { artifactFiles, fileLines, hostFiles } from "../../compiler/src/artifacts/artifacts.ts";
import type { ArtifactFile } from "../../compiler/src/artifacts/artifacts.ts";
import { treeWriter } from "../../compiler/src/artifacts/write-aside.ts";
import { assembleFabric, manifestsOf, nodeId } from "../../compiler/src/components/assemble.ts";
import { printedText } from "../../compiler/src/dataplane/printed.ts";
import type { Fabric } from "../../compiler/src/fabric/types.ts";
import { createIntent } from "../../compiler/src/intent/intent.ts";
import { lower } from "../../compiler/src/lower/lower.ts";
import type { NetworkModel } from "../../compiler/src/model/types.ts";
import { reach } from "../../compiler/src/reach/reach.ts";
import { defaultSize, defaultSourcePort, travel } from "../../compiler/src/simulate/journey.ts";
import { verify } from "../../compiler/src/verify/verify.ts";
import type { Scenario } from "../../compiler/src/verify/types.ts";
import type { MeasureName } from "./types.ts";

export type Mode = "cold" | "stages" | "tree" | "simulate" | "verify" | "reach";

export interface Task {
  readonly mode: Mode;
  /** Path of the program. */
  readonly program: string;
  readonly runs: number;
  readonly warmups: number;
  /** A folder for what is written; the measurement leaves nothing in it but what `keep` names. */
  readonly scratch: string;
  /** Where to leave the kube-proxy file of the first node, or null. */
  readonly keep: string | null;
}

export interface Measured {
  readonly values: { readonly [name in MeasureName]?: readonly number[] };
  /** What the program declares and what comes with it. */
  readonly counts: { readonly nodes: number; readonly pods: number; readonly services: number; readonly policies: number };
}

type Values = { [name in MeasureName]?: number[] };

function main(task: Task): Promise<Measured> | Measured {
  const text = readFileSync(task.program, "utf8");
  switch (task.mode) {
    case "cold":
      return cold(text, task.keep);
    case "stages":
      return stages(text, task);
    case "tree":
      return tree(text, task);
    case "simulate":
      return simulate(text, task);
    case "verify":
      return verifying(text, task);
    default:
      return reaching(text, task);
  }
}

function timed<T>(values: Values | null, name: MeasureName, work: () => T): T {
  globalThis.gc?.();
  const start = performance.now();
  const result = work();
  if (values !== null) (values[name] ??= []).push(performance.now() - start);
  return result;
}

function programOf(text: string): ClusterProgram {
  const { program, diagnostics } = checkProgram("bench.knet", text);
  if (program === null) throw new Error(`the program has errors: ${diagnostics[0]?.message ?? ""}`);
  const [only] = program.clusters;
  if (only === undefined) throw new Error("a program has a cluster");
  return only;
}

function modelOf(program: ClusterProgram): NetworkModel {
  const { model, problems } = lower(program);
  if (problems[0] !== undefined) throw new Error(problems[0].message);
  return model;
}

/** Every artifact file of a node as text. */
function compileNode(fabric: Fabric, name: string): readonly { readonly path: string; readonly text: string }[] {
  const host = fabric.host(nodeId(name));
  if (host === undefined) throw new Error(`no node ${name}`);
  return hostFiles(fabric, host).map((file) => ({ path: file.path, text: printedText(fileLines(file)) }));
}

function nodeNames(model: NetworkModel): readonly [string, string] {
  const [first, second] = model.nodes;
  if (first === undefined) throw new Error("the program has no nodes");
  return [first.name, (second ?? first).name];
}

function countsOf(model: NetworkModel): Measured["counts"] {
  return { nodes: model.nodes.length, pods: model.pods.length, services: model.services.length, policies: model.policies.length };
}

/** From the text to one node's files, once, by a process that has done nothing else. */
function cold(text: string, keep: string | null): Measured {
  const start = performance.now();
  const before = process.cpuUsage();
  const model = modelOf(programOf(text));
  const files = compileNode(assembleFabric(model), nodeNames(model)[0]);
  const took = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  const peak = process.resourceUsage().maxRSS * 1024;
  if (keep !== null) writeFileSync(keep, files.find((file) => file.path.endsWith("/kube-proxy.iptables"))?.text ?? "");
  const values: Values = {
    "new process: model and one node": [took],
    "processor time: model and one node": [(user + system) / 1000],
    "peak memory: model and one node": [peak],
  };
  return { values, counts: countsOf(model) };
}

function stages(text: string, { runs, warmups, scratch }: Task): Measured {
  const values: Values = {};
  let counts: Measured["counts"] | null = null;
  for (let run = -warmups; run < runs; run++) {
    const into = run < 0 ? null : values;
    timed(into, "parse", () => parse("bench.knet", text));
    const program = timed(into, "parse and check", () => programOf(text));
    const model = timed(into, "lower", () => modelOf(program));
    const [first, second] = nodeNames(model);
    let fabric: Fabric | null = null;
    const files = timed(into, "assemble and compile one node", () => {
      fabric = assembleFabric(model);
      return compileNode(fabric, first);
    });
    timed(into, "compile one more node", () => compileNode(fabric ?? assembleFabric(model), second));
    const whole = files.map((file) => file.text).join("");
    const peer = join(scratch, "one-node");
    timed(into, "peer: one node's bytes to one file", () => writeFileSync(peer, whole));
    rmSync(peer);
    counts = countsOf(model);
  }
  if (counts === null) throw new Error("at least one run is needed");
  return { values, counts };
}

/** All nodes, once: what of the time goes to making the texts, and how long writing them takes beyond that; both overlap. */
async function tree(text: string, { scratch }: Task): Promise<Measured> {
  const model = modelOf(programOf(text));
  const folder = mkdtempSync(join(scratch, "tree-"));
  let making = 0;
  const made = function* (): Generator<ArtifactFile> {
    const files = artifactFiles(assembleFabric(model, { forgetsDataplanes: true }), manifestsOf(model), () => null);
    for (;;) {
      const start = performance.now();
      const next = files.next();
      making += performance.now() - start;
      if (next.done === true) return;
      yield next.value;
    }
  };
  const start = performance.now();
  const { bytes } = await treeWriter(model.nodes.length)(join(folder, "out"), made());
  const whole = performance.now() - start;
  const peak = process.resourceUsage().maxRSS * 1024;
  rmSync(folder, { recursive: true });
  const peer = await writePlain(join(scratch, "all-nodes"), bytes.written);
  const values: Values = {
    "compile all nodes": [making],
    "write all nodes": [whole - making],
    "bytes written": [bytes.written],
    "peak memory: all nodes": [peak],
    "peer: all nodes' bytes to one file": [peer],
  };
  return { values, counts: countsOf(model) };
}

async function writePlain(path: string, bytes: number): Promise<number> {
  const block = Buffer.alloc(1 << 20, "-A KUBE-SERVICES\n");
  const start = performance.now();
  const stream = createWriteStream(path);
  for (let left = bytes; left > 0; left -= block.length) {
    if (!stream.write(left < block.length ? block.subarray(0, left) : block)) await once(stream, "drain");
  }
  stream.end();
  await once(stream, "close");
  const took = performance.now() - start;
  rmSync(path);
  return took;
}

/** Journeys of one run; dataplanes are made and loaded before. */
const flowsPerRun = 400;

function simulate(text: string, { runs, warmups }: Task): Measured {
  const model = modelOf(programOf(text));
  const fabric = assembleFabric(model);
  const probes = clientsOf(model).map(({ pod, service }) => {
    const [dst] = service.clusterIps;
    const [port] = service.ports;
    if (dst === undefined || port === undefined) throw new Error(`service ${service.name} has no address or port`);
    return { from: `pod/${pod.namespace}/${pod.name}`, src: null, dst, protocol: port.protocol, dport: port.port, sport: defaultSourcePort, size: defaultSize };
  });
  const values: number[] = [];
  for (let run = -warmups; run < runs; run++) {
    const start = performance.now();
    for (let flow = 0; flow < flowsPerRun; flow++) {
      const probe = probes[flow % probes.length];
      // A rule that matches by chance does so: the first backend answers.
      if (probe !== undefined) travel(fabric, probe, () => true);
    }
    if (run >= 0) values.push(flowsPerRun / ((performance.now() - start) / 1000));
  }
  return { values: { "simulate flows": values }, counts: countsOf(model) };
}

/** Pods of two namespaces and services with an address there, so that few nodes have to be loaded. */
function clientsOf(model: NetworkModel): readonly { readonly pod: NetworkModel["pods"][number]; readonly service: NetworkModel["services"][number] }[] {
  const clients = [];
  const seen = new Set<string>();
  for (const pod of model.pods) {
    if (pod.system || pod.hostNetwork || seen.has(pod.namespace)) continue;
    const service = model.services.find((candidate) => candidate.namespace === pod.namespace && candidate.clusterIps.length > 0);
    if (service === undefined) continue;
    seen.add(pod.namespace);
    clients.push({ pod, service });
    if (clients.length === 2) break;
  }
  if (clients.length === 0) throw new Error("no pod has a service in its namespace");
  return clients;
}

function scenarioOf(program: ClusterProgram): Scenario {
  const model = modelOf(program);
  return { model, fabric: assembleFabric(model), intent: createIntent(model) };
}

/** Statements about failures lower the program again: they are left out. */
function withoutFailures(program: ClusterProgram): ClusterProgram {
  const assertions = program.assertions.map((assertion) => ({ ...assertion, statements: assertion.statements.filter((statement) => statement.kind === "reach") }));
  return { ...program, assertions };
}

function verifying(text: string, { runs, warmups }: Task): Measured {
  const scenario = scenarioOf(withoutFailures(programOf(text)));
  const values: number[] = [];
  for (let run = -warmups; run < runs; run++) {
    const start = performance.now();
    const report = verify(scenario, { runs: 200, seed: 1, after: () => scenario });
    const seconds = (performance.now() - start) / 1000;
    if (report.disagreements.length > 0) throw new Error("the judges disagree");
    const flows = report.assertions.reduce((sum, assertion) => sum + assertion.flows, 0);
    if (run >= 0) values.push(flows / seconds);
  }
  return { values: { "verify flows": values }, counts: countsOf(scenario.model) };
}

function reaching(text: string, { runs, warmups }: Task): Measured {
  const program = programOf(text);
  const values: Values = {};
  const model = modelOf(program);
  for (let run = -warmups; run < runs; run++) {
    const scenario: Scenario = { model, fabric: assembleFabric(model), intent: createIntent(model) };
    timed(run < 0 ? null : values, "reach", () => reach(scenario));
  }
  return { values, counts: countsOf(model) };
}

const [argument] = process.argv.slice(2);
if (argument !== undefined) process.stdout.write(JSON.stringify(await main(JSON.parse(argument) as Task)));
