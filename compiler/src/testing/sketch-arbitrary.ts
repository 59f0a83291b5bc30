/** Random clusters for fast-check. */
import { Arbitrary, stream, Value } from "fast-check";
import type { Random as Generator, Stream } from "fast-check";
import { drawSketch } from "./draw-sketch.ts";
import type { SketchOptions } from "./draw-sketch.ts";
import { randomOf } from "./random.ts";
import { smallerSketches } from "./shrink-sketch.ts";
import type { ClusterSketch } from "./sketch.ts";

/**
 * Clusters that the checker accepts. A drawn one has at least three nodes, two subnets behind a router, two namespaces, policies
 * of both directions and every kind of peer and port, a node port, a headless service, an endpoint that is not ready and a node
 * firewall; one that was shrunk has only what it needs to fail.
 */
export function clusterSketch(options: SketchOptions = {}): Arbitrary<ClusterSketch> {
  return new ClusterSketchArbitrary(options);
}

class ClusterSketchArbitrary extends Arbitrary<ClusterSketch> {
  readonly #options: SketchOptions;

  constructor(options: SketchOptions) {
    super();
    this.#options = options;
  }

  generate(generator: Generator): Value<ClusterSketch> {
    const random = randomOf(() => generator.nextInt(0, 0xffff_ffff));
    return new Value(drawSketch(random, this.#options), undefined);
  }

  canShrinkWithoutContext(value: unknown): value is ClusterSketch {
    return typeof value === "object" && value !== null && "families" in value && "namespaces" in value;
  }

  shrink(value: ClusterSketch): Stream<Value<ClusterSketch>> {
    return stream(smallerSketches(value)).map((smaller) => new Value(smaller, undefined));
  }
}
