/** A packet's way as visits to hosts. */
import type { StoryStep } from "./types.ts";

/** Steps that follow each other in one host. */
export interface Visit {
  readonly where: string;
  readonly kind: StoryStep["kind"];
  readonly parent: string | null;
  readonly phase: StoryStep["phase"];
  /** At least one. A `wire` step, which leads to the next host, is the last. */
  readonly steps: readonly StoryStep[];
}

/** Consecutive steps of one phase in one host make a visit; what crosses a wire back to the same host makes two. */
export function visitsOf(steps: readonly StoryStep[]): readonly Visit[] {
  const visits: { where: string; kind: StoryStep["kind"]; parent: string | null; phase: StoryStep["phase"]; steps: StoryStep[] }[] = [];
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
    else visits.push({ where: step.where, kind: step.kind, parent: step.parent, phase: step.phase, steps: [step] });
    previous = step;
  }
  return visits;
}

/** What carries the packet on from a visit (`subnet blue`, `veth`); null when it does not leave by a wire. */
export function wireName(visit: Visit): string | null {
  return visit.steps.at(-1)?.wire ?? null;
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

/** Whether a hook let the packet pass by the rules that every packet passes by, which says nothing about this one. */
export function isQuiet(step: StoryStep): boolean {
  return (step.layer === "filter" || step.layer === "track") && !step.decides;
}
