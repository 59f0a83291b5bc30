/** A packet's way as visits to hosts. */
import type { Story, StoryStep } from "./types.ts";

/** Steps that follow each other in one host. */
export interface Visit {
  readonly where: string;
  readonly kind: StoryStep["kind"];
  readonly phase: StoryStep["phase"];
  /** At least one. A `wire` step, which leads to the next host, is the last. */
  readonly steps: readonly StoryStep[];
}

/** Consecutive steps of one phase in one host make a visit; what crosses a wire back to the same host makes two. */
export function visitsOf(steps: readonly StoryStep[]): readonly Visit[] {
  const visits: { where: string; kind: StoryStep["kind"]; phase: StoryStep["phase"]; steps: StoryStep[] }[] = [];
  let previous: StoryStep | null = null;
  for (const step of steps) {
    const current = visits.at(-1);
    if (
      current !== undefined &&
      previous?.layer !== "wire" &&
      current.where === step.where &&
      current.kind === step.kind &&
      current.phase === step.phase
    )
      current.steps.push(step);
    else visits.push({ where: step.where, kind: step.kind, phase: step.phase, steps: [step] });
    previous = step;
  }
  return visits;
}

/** What joins a visit to the next one, by name (`blue`, `veth`); null when the wire's own words say more than who is at its ends. */
export function wireName(visit: Visit, next: Visit): string | null {
  const wire = visit.steps.at(-1);
  if (wire?.layer !== "wire") return null;
  const ends = `: ${visit.where} → ${next.where}`;
  if (!wire.did.endsWith(ends)) return null;
  const name = wire.did.slice(0, -ends.length);
  // `veth of shop/client`: whose it is stands at one of its ends anyway.
  const owner = [visit.where, next.where].map((where) => ` of ${where}`).find((words) => name.endsWith(words));
  return owner === undefined ? name : name.slice(0, -owner.length);
}

/** What a picture writes into a host: arrows say already that something was sent, carried and delivered, and a pod has only one way out. */
export function isDrawn(step: StoryStep): boolean {
  switch (step.layer) {
    case "wire":
    case "deliver":
    case "send":
      return false;
    case "route":
      return step.kind !== "pod";
    default:
      return true;
  }
}

/** Declarations whose rules are the frame that every packet passes; the others say something about this one. */
const frames = new Set(["cluster", "node", "pod", "workload", "namespace", "router", "subnet", "pool"]);

/**
 * Whether a hook let the packet pass without saying anything about it: no rule matched that a policy, a service or a firewall
 * caused. The step that decided the story's end is never quiet.
 */
export function isQuiet(step: StoryStep, story: Pick<Story, "decidedBy">): boolean {
  if (step.layer !== "filter" && step.layer !== "track") return false;
  const [telling] = step.artifacts;
  const decided = story.decidedBy?.artifact ?? null;
  if (telling !== undefined && decided !== null && telling.file === decided.file && telling.line === decided.line) return false;
  // A drop or reject ends the walk, by whatever rule or chain policy it came.
  if (/\b(?:drops|rejects)\b/u.test(step.did)) return false;
  if (telling === undefined || step.source === null) return true;
  return frames.has(step.source.name.split(" ", 1)[0] ?? "");
}
