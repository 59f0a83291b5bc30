import type { EndpointClass } from "./classes.ts";

/**
 * Answers of pairs that the same rules decide. A way between two places on which something was reached is open, and
 * then rules alone decide, on every open way alike.
 */
export class Answers {
  readonly #exact = new Map<string, boolean>();
  readonly #byRules = new Map<string, boolean>();
  readonly #open = new Set<string>();

  of(path: string, decision: string): boolean | undefined {
    return (this.#open.has(path) ? this.#byRules.get(decision) : undefined) ?? this.#exact.get(`${path} ${decision}`);
  }

  enter(path: string, decision: string, reached: boolean): void {
    this.#exact.set(`${path} ${decision}`, reached);
    if (reached) this.#open.add(path);
    if (this.#open.has(path)) this.#byRules.set(decision, reached);
  }
}

/** Pods share answers; what has addresses of its own does not. */
export function nameOf(entry: EndpointClass): string {
  if (entry.kind !== "pod") return `${entry.kind} ${entry.id}`;
  const { ingress, egress } = entry.subject.isolation;
  return `pod ${entry.place} ${ingress.length > 0} ${egress.length > 0}`;
}
