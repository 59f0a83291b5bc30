/** A random cluster before the kernel. */
import { openLab } from "@knet/compiler";
import type { Compilation } from "@knet/compiler";
import { compileText, drawSketch, flowsOf, printSketch, randomOfCluster } from "@knet/compiler/testing";
import type { ChosenFlow } from "@knet/compiler/testing";
import { compareWithKernel, expectedOutcomes } from "./kernel.ts";

export interface KernelCluster {
  readonly text: string;
  readonly compilation: Compilation;
  readonly flows: readonly ChosenFlow[];
}

/** Cluster `number` of a seed, small and without SCTP, which not every kernel has; one in ten is asked what takes patience. */
export function kernelCluster(seed: number, number: number): KernelCluster {
  const text = printSketch(drawSketch(randomOfCluster(seed, number), { pods: 3, policies: 2, sctp: false }));
  const compilation = compileText(text);
  const flows = flowsOf(compilation, randomOfCluster(seed, number), { limit: 64 });
  return { text, compilation, flows: askable(compilation, flows, number % 10 === 0) };
}

/** What can be asked of a kernel: VXLAN's port belongs to a device, and whether SCTP is there is open. */
export function askable(compilation: Compilation, flows: readonly ChosenFlow[], patient: boolean): readonly ChosenFlow[] {
  return flows.filter((flow) => {
    if (flow.protocol === "sctp" || flow.port === compilation.model.cluster.cni.vxlanPort) return false;
    // The kernel waits three seconds before it says that nobody answers for an address.
    return patient || !expectedOutcomes(compilation.fabric, flow).has("hostunreach");
  });
}

/** One line for each flow on which simulator and kernel differ. */
export async function kernelDifferences(compilation: Compilation, flows: readonly ChosenFlow[]): Promise<readonly string[]> {
  await using lab = await openLab(compilation.fabric);
  return (await compareWithKernel(compilation.fabric, lab, flows)).differences;
}
