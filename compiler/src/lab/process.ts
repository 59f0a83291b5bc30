/** The booting process: JSON lines to and from it, a time limit on everything, and its end. */
import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { isBootReport, isNumbered } from "./answers.ts";
import type { BootReport, Check } from "./answers.ts";
import { LabError } from "./errors.ts";
import { labCommand, labEnvironment } from "./support.ts";

interface Waiting {
  readonly take: (answer: unknown) => void;
  readonly reject: (error: LabError) => void;
  readonly timer: NodeJS.Timeout;
}

/** How long it may take to go by itself before it is killed; its pid namespace goes with it either way. */
const goodbye = 2000;
const bootSequence = 0;

export class LabProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, Waiting>();
  #pieces: string[] = [];
  #complaints = "";
  #sequence = bootSequence;
  #turn: Promise<void> = Promise.resolve();
  #closing: Promise<void> | null = null;
  /** Why nothing can be asked any more. */
  #gone: LabError | null = null;

  constructor() {
    const { command, args } = labCommand([]);
    const child = spawn(command, [...args], { env: labEnvironment(), stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    child.stdout.setEncoding("utf8").on("data", (text: string) => this.#read(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-4000);
    });
    // A write to a process that is gone: its exit is reported below.
    child.stdin.on("error", () => undefined);
    child.on("error", (error) => this.#end(new LabError("closed", `the laboratory did not start: ${error.message}`)));
    child.on("close", (code, signal) => {
      const said = this.#complaints.trim();
      this.#end(new LabError("closed", `the laboratory ended (${signal ?? `exit status ${code}`})${said === "" ? "" : `: ${said}`}`));
    });
  }

  /** Sends the plan; the report says what was refused. */
  boot(plan: object, timeout: number): Promise<BootReport> {
    return this.#send(bootSequence, plan, timeout, isBootReport);
  }

  /** One command and its answer. Throws a LabError: `failed`, `timeout` or `closed`. */
  ask<Answer>(
    command: { readonly act: string } & Readonly<Record<string, unknown>>,
    timeout: number,
    check: Check<Answer>,
  ): Promise<Answer> {
    this.#sequence += 1;
    const sequence = this.#sequence;
    // One at a time: the limit is for the command itself, not for those before it.
    const turn = this.#turn.then(() => this.#send(sequence, { ...command, sequence }, timeout, check));
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  #send<Answer>(sequence: number, message: object, timeout: number, check: Check<Answer>): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      if (this.#gone !== null) {
        reject(this.#gone);
        return;
      }
      const timer = setTimeout(() => {
        // An answer that comes later would belong to nobody: the laboratory is not to be trusted any more.
        this.#end(new LabError("timeout", `the laboratory did not answer within ${timeout} ms`));
        this.#child.kill("SIGKILL");
      }, timeout);
      const take = (answer: unknown): void => {
        if (check(answer)) resolve(answer);
        else reject(new LabError("failed", "the laboratory answered with something else than was asked"));
      };
      this.#waiting.set(sequence, { take, reject, timer });
      this.#child.stdin.write(`${JSON.stringify(message)}\n`);
    });
  }

  #read(text: string): void {
    const lines = text.split("\n");
    const last = lines.pop() ?? "";
    for (const line of lines) {
      this.#pieces.push(line);
      this.#answer(this.#pieces.join(""));
      this.#pieces = [];
    }
    if (last !== "") this.#pieces.push(last);
  }

  #answer(line: string): void {
    const answer: unknown = JSON.parse(line);
    if (!isNumbered(answer)) return;
    const sequence = answer.sequence ?? bootSequence;
    const waiting = this.#waiting.get(sequence);
    if (waiting === undefined) return;
    this.#waiting.delete(sequence);
    clearTimeout(waiting.timer);
    if (answer.failed === undefined) waiting.take(answer);
    else waiting.reject(new LabError("failed", answer.failed));
  }

  #end(reason: LabError): void {
    this.#gone ??= reason;
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(reason);
    }
    this.#waiting.clear();
  }

  /** Resolves when the process, and with it every namespace, is gone. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#end(new LabError("closed", "the laboratory is closed"));
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const exited = once(child, "exit");
    // The end of its input is the end of the process.
    child.stdin.end();
    const timer = setTimeout(() => child.kill("SIGKILL"), goodbye);
    await exited;
    clearTimeout(timer);
  }
}
