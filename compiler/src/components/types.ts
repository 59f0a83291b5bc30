/** What a piece of cluster software is to the compiler. */
import type { NetworkModel, Node } from "../model/types.ts";
import type { DataplanePart } from "../dataplane/types.ts";
import type { Origin } from "@knet/language";

/**
 * A component is pure. `shared` is what it programs equally on every node, built once; `local` is what
 * differs. The order of components is the order in which their iptables files are loaded.
 */
export interface Component {
  readonly name: string;
  shared(model: NetworkModel): DataplanePart;
  local(model: NetworkModel, node: Node): DataplanePart;
  /** What to apply to the API server or put on disk. */
  manifests(model: NetworkModel): readonly Manifest[];
}

/** One document to apply, or one configuration file. */
export interface Manifest {
  /** Path below `manifests/`: `namespace001/service-myapp.yaml`. */
  readonly path: string;
  /** Kubernetes objects have apiVersion and kind; other files (conflist) do not. */
  readonly body: Readonly<Record<string, unknown>>;
  /** `yaml` objects are applied in order; `json` files are put on the node. */
  readonly format: "yaml" | "json";
  /** Lower is applied earlier. Namespaces 0, custom resources 10, config 20, workloads 30, services 40, policies 50. */
  readonly order: number;
  readonly origin: Origin;
}
