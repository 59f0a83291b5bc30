/** `knet trace --format text`: the journey as an engineer would draw it on a whiteboard. */
import { formatIp } from "@knet/language/values";
import { columnsOf, cut, cutRule, padColumns, printable, wrap } from "./columns.ts";
import { formatEnds, formatPacket } from "./packets.ts";
import { plainReportStyle } from "./style.ts";
import type { Paint, ReportStyle } from "./style.ts";
import type { ArtifactRef, SourceRef, Story, StoryChoice, StoryLookup, StoryStep } from "./types.ts";
import { isQuiet, visitsOf, wireName } from "./visits.ts";
import type { Visit } from "./visits.ts";
import { counted } from "./words.ts";

export interface TraceTextOptions {
  readonly style?: ReportStyle;
  /** Columns of the terminal; artifact lines are cut to it. 100 when not given. */
  readonly width?: number;
  /** The lookup's own way to the name server, hop by hop. */
  readonly dns?: boolean;
  /** Every hook, every rule that matched, every artifact line, and the reply step by step. */
  readonly all?: boolean;
  /** A reply that came back is one line; `all` tells it all the same. */
  readonly brief?: boolean;
}

/** Narrower terminals get lines that are too long rather than lines that say nothing. */
const narrowest = 40;

/** The whole story, ending in a line break. */
export function traceText(story: Story, options: TraceTextOptions = {}): string {
  return new TraceWriter(story, options).text();
}

/** `delivered`, `no route`: the verdict as words. */
export function verdictWords(verdict: string): string {
  return verdict.replaceAll("-", " ");
}

/** The verdict in a sentence: the summary, behind the verdict's word where it does not begin with it. */
export function verdictSentence({ verdict, summary }: Pick<Story, "verdict" | "summary">): string {
  const words = verdictWords(verdict);
  return summary.toLowerCase().startsWith(words) ? summary : `${words}: ${summary}`;
}

/** `myapp is 172.16.10.10, says the name server 172.16.0.10`. */
export function lookupSentence({ name, server, queries, verdict }: StoryLookup): string {
  if (verdict !== "delivered") return `${name} cannot be looked up`;
  const answers = [...new Set(queries.flatMap((query) => (query.status === "NOERROR" ? query.answers : [])))];
  return `${name} ${answers.length > 0 ? `is ${answers.join(", ")}` : "has no address"}, says the name server ${formatIp(server)}`;
}

class TraceWriter {
  readonly #story: Story;
  readonly #style: ReportStyle;
  readonly #width: number;
  readonly #dns: boolean;
  readonly #all: boolean;
  readonly #brief: boolean;
  readonly #out: string[] = [];
  #quiet = 0;

  constructor(story: Story, options: TraceTextOptions) {
    this.#story = story;
    this.#style = options.style ?? plainReportStyle;
    this.#width = Math.max(narrowest, options.width ?? 100);
    this.#dns = options.dns ?? false;
    this.#all = options.all ?? false;
    this.#brief = options.brief ?? false;
  }

  text(): string {
    const { from, to, protocol, port, lookup, choices, steps } = this.#story;
    this.#line("", `${from} → ${to}  ${port}/${protocol}`, this.#style.heading);
    if (lookup !== null) this.#lookup(lookup);
    const request = visitsOf(steps.filter((step) => step.phase === "request"));
    const reply = visitsOf(steps.filter((step) => step.phase === "reply"));
    if (request.length > 0) this.#way("request", request);
    if (choices.length > 0) this.#choices(choices);
    // A reply that got lost is what the reader came for.
    if (reply.length > 0 && (this.#all || this.#story.verdict === "reply-lost")) this.#way("reply", reply);
    else if (reply.length > 0 && this.#brief) this.#out.push("", `${this.#style.heading("reply")}: comes back`);
    else if (reply.length > 0) this.#shortReply(reply);
    this.#verdict();
    return `${this.#out.join("\n")}\n`;
  }

  // The name ------------------------------------------------------------------------------------------

  #lookup(lookup: StoryLookup): void {
    const style = this.#style;
    this.#section("name lookup");
    this.#line("  ", lookupSentence(lookup), style.packet);
    if (lookup.search.length > 0) this.#line("  ", `search ${lookup.search.join(" ")}`, style.dim);
    this.#queries(lookup);
    if (lookup.verdict !== "delivered") this.#line("  ", `queries to ${formatIp(lookup.server)} by UDP 53: ${verdictWords(lookup.verdict)}`, style.bad);
    else if (lookup.answeredBy !== null) {
      const hint = this.#dns || lookup.steps.length === 0 ? "" : " (--dns shows the way)";
      this.#line("  ", `asked by UDP 53, answered by ${lookup.answeredBy}${hint}`, style.dim);
      if (lookup.lost > 0) this.#line("  ", `${percent(lookup.lost)} of queries go to a name server that cannot be reached: each costs a timeout`, style.bad);
    }
    if (lookup.source !== null) this.#source("  ", lookup.source);
    if (this.#dns && lookup.steps.length > 0) this.#hops(visitsOf(lookup.steps), style.packet);
  }

  /** What was asked, one line a name: the names without an answer first, and folded when they are many. */
  #queries(lookup: StoryLookup): void {
    const names = [...new Set(lookup.queries.map((query) => query.name))];
    const rows = names.map((name) => {
      const queries = lookup.queries.filter((query) => query.name === name);
      const said = queries.map(({ type, status, answers }) => `${type} ${status === "NOERROR" ? answers.join(", ") : status}`);
      return { name, said: said.join("   "), answered: queries.some(({ status }) => status === "NOERROR" || status === "FORWARDED") };
    });
    const silent = rows.filter((row) => !row.answered);
    const folded = !this.#all && silent.length > 2 ? silent.slice(0, -1) : [];
    if (folded.length > 0)
      this.#line("  ", `${folded.length} names of the search path without an answer, from ${folded[0]?.name ?? ""}`, this.#style.dim);
    const shown = rows.filter((row) => !folded.includes(row));
    const column = Math.max(...shown.map((row) => columnsOf(printable(row.name))), 0);
    for (const row of shown) this.#line("  ", `${padColumns(printable(row.name), column)}  ${row.said}`, this.#style.dim);
  }

  // Hop by hop ----------------------------------------------------------------------------------------

  #way(title: "request" | "reply", visits: readonly Visit[]): void {
    this.#section(title);
    this.#hops(visits, title === "reply" ? this.#style.reply : this.#style.packet);
  }

  #hops(visits: readonly Visit[], paint: Paint): void {
    let shown = "";
    let source = "";
    for (const [index, visit] of visits.entries()) {
      this.#out.push(`  ${paint("●")} ${this.#style.host(cut(printable(visit.where), this.#width - 4))}`);
      const wire = visit.steps.at(-1)?.layer === "wire" ? visit.steps.at(-1) : undefined;
      for (const step of visit.steps) {
        if (step === wire) continue;
        const packet = formatPacket(step.packet);
        if (!this.#all && packet === shown && isQuiet(step)) {
          this.#quiet++;
          continue;
        }
        this.#line(`  ${paint("│")} `, step.did, step.outcome === "stopped" || step.layer === "error" || this.#isEnd(step) ? this.#style.bad : (text) => text);
        // What the step's own words spell out need not stand there twice.
        const spelled = step.packet.outer === null && step.did.includes(formatEnds(step.packet));
        if (packet !== shown && !spelled) this.#line(`  ${paint("│")}   `, packet, paint);
        shown = packet;
        source = this.#because(`  ${paint("│")}   `, step, source);
      }
      const next = visits[index + 1];
      if (next !== undefined || wire !== undefined) this.#wire(wireName(visit), paint);
    }
  }

  /** The step at which a story that failed ended. */
  #isEnd(step: StoryStep): boolean {
    return this.#story.verdict !== "delivered" && step === this.#story.steps.at(-1);
  }

  #wire(name: string | null, paint: Paint): void {
    this.#out.push(name === null ? `  ${paint("▼")}` : `  ${paint("▼")} ${this.#style.dim(cut(printable(name), this.#width - 4))}`);
  }

  /** The artifact lines and the declaration behind a step; a declaration that was named just before is not named again. */
  #because(indent: string, step: StoryStep, last: string): string {
    for (const artifact of this.#all ? step.artifacts : step.artifacts.slice(0, 1)) this.#artifact(indent, artifact);
    if (this.#all) for (const rule of step.rules) this.#line(`${indent}  `, rule, this.#style.dim);
    if (step.source === null) return last;
    const key = `${step.source.file}:${step.source.line} ${step.source.name}`;
    if (key !== last) this.#source(indent, step.source);
    return key;
  }

  /** One line a host: what it did to the packet, and the packet when it left changed. */
  #shortReply(visits: readonly Visit[]): void {
    this.#section("reply");
    let shown = "";
    for (const visit of visits) {
      // The hooks that let a reply pass were told about at the request, or have nothing to tell.
      const telling = visit.steps.filter((step) => step.layer !== "wire" && step.layer !== "filter" && step.layer !== "track");
      // Where a router or a node only sends the packet on, its own arrow says so.
      const steps = telling.some((step) => step.layer !== "route") ? telling.filter((step) => step.layer !== "route") : telling;
      this.#quiet += visit.steps.filter((step) => isQuiet(step)).length;
      const packet = visit.steps.at(-1)?.packet;
      const did = steps.map((step) => step.did).join(", ");
      const where = printable(visit.where);
      const column = columnsOf(where) + 2;
      const bullet = `  ${this.#style.reply("●")} `;
      const bar = `  ${this.#style.reply("│")} `;
      if (column > this.#width / 2) {
        this.#out.push(`${bullet}${this.#style.host(cut(where, this.#width - 4))}`);
        this.#line(bar, did, (text) => text);
      } else {
        for (const [index, line] of wrap(printable(did), this.#width - 4 - column).entries()) {
          this.#out.push(index === 0 ? `${bullet}${this.#style.host(where)}  ${line}` : `${bar}${" ".repeat(column)}${line}`);
        }
      }
      const now = packet === undefined ? shown : formatPacket(packet);
      const spelled = packet !== undefined && packet.outer === null && did.includes(formatEnds(packet));
      if (now !== shown && !spelled) this.#line(`  ${this.#style.reply("│")}   `, now, this.#style.reply);
      shown = now;
    }
  }

  // Endings -------------------------------------------------------------------------------------------

  #choices(choices: readonly StoryChoice[]): void {
    this.#section(`chosen at random among ${choices.length}`);
    const column = (of: (choice: StoryChoice) => string): number => Math.max(...choices.map((choice) => columnsOf(of(choice))));
    const name = (choice: StoryChoice): string => printable(choice.name);
    const widest = {
      name: column(name),
      address: column((choice) => printable(choice.address)),
      share: column((choice) => percent(choice.probability)),
    };
    for (const choice of choices) {
      const text = `${padColumns(name(choice), widest.name)}  ${padColumns(printable(choice.address), widest.address)}  ${percent(choice.probability).padStart(widest.share)}  ${verdictWords(choice.verdict)}${choice.chosen ? ", shown here" : ""}`;
      this.#line(choice.chosen ? "  ● " : "  ○ ", text, choice.chosen ? (plain) => plain : this.#style.dim);
    }
  }

  #verdict(): void {
    const { verdict, decidedBy } = this.#story;
    if (this.#quiet > 0) {
      this.#out.push("");
      this.#line(
        "  ",
        `${counted(this.#quiet, "hook")} that let the packet pass without a word ${this.#quiet === 1 ? "is" : "are"} left out`,
        this.#style.dim,
      );
    }
    const good = verdict === "delivered";
    const paint = good ? this.#style.good : this.#style.bad;
    const lines = wrap(printable(verdictSentence(this.#story)), this.#width - 2);
    this.#out.push("");
    for (const [index, line] of lines.entries()) this.#out.push(`${index === 0 ? paint(good ? "✓" : "✗") : " "} ${paint(line)}`);
    if (decidedBy === null || this.#standsAbove(decidedBy)) return;
    if (decidedBy.artifact !== null) this.#artifact("  ", decidedBy.artifact);
    if (decidedBy.source !== null) this.#source("  ", decidedBy.source);
  }

  /** Whether the last step, a few lines up, has just named what decided. */
  #standsAbove({ artifact, source }: NonNullable<Story["decidedBy"]>): boolean {
    const last = this.#story.steps.at(-1);
    if (last === undefined) return false;
    const [named] = last.artifacts;
    return (artifact === null || sameLine(artifact, named)) && (source === null || sameLine(source, last.source ?? undefined));
  }

  // Lines ---------------------------------------------------------------------------------------------

  #section(title: string): void {
    this.#out.push("", this.#style.heading(title));
  }

  #artifact(indent: string, artifact: ArtifactRef): void {
    const text = printable(`${artifact.file}:${artifact.line}  ${artifact.text}`);
    this.#out.push(`${indent}${this.#style.dim(cutRule(text, this.#width - indentColumns(indent)))}`);
  }

  #source(indent: string, source: SourceRef): void {
    const text = printable(`${source.file}:${source.line}  ${source.name}`);
    this.#out.push(`${indent}${this.#style.dim(cut(text, this.#width - indentColumns(indent)))}`);
  }

  /** Text that must not be lost: wrapped, never cut. */
  #line(indent: string, text: string, paint: Paint): void {
    for (const line of wrap(printable(text), this.#width - indentColumns(indent))) this.#out.push(`${indent}${paint(line)}`);
  }
}

function sameLine(
  x: { readonly file: string; readonly line: number },
  y: { readonly file: string; readonly line: number } | undefined,
): boolean {
  return y !== undefined && x.file === y.file && x.line === y.line;
}

/** Columns of an indent that may already be dressed with ANSI sequences. */
function indentColumns(indent: string): number {
  // eslint-disable-next-line no-control-regex
  return columnsOf(indent.replaceAll(/\u001B\[[0-9;]*m/gu, ""));
}

/** `50%`, `33.3%`. */
export function percent(probability: number): string {
  const tenths = Math.round(probability * 1000) / 10;
  return tenths === 0 && probability > 0 ? "<0.1%" : `${tenths}%`;
}
