/** A random cluster before the kernel. */
import { openLab } from "@knet/compiler";
import type { Compilation } from "@knet/compiler";
import { compileText, drawSketch, flowsOf, printSketch, randomOfCluster } from "@knet/compiler/testing";
import type { ChosenFlow } from "@knet/compiler/testing";
import { equalIp, rangeOf } from "@knet/language/values";
import type { Ip } from "@knet/language/values";
import { compareWithKernel } from "./kernel.ts";
import type { KernelComparison } from "./kernel.ts";

export interface KernelCluster {
  readonly text: string;
  readonly compilation: Compilation;
  readonly flows: readonly ChosenFlow[];
}

/** Cluster `number` of a seed, small. */
export function kernelCluster(seed: number, number: number): KernelCluster {
  const text = printSketch(drawSketch(randomOfCluster(seed, number), { pods: 3, policies: 2 }));
  const compilation = compileText(text);
  const flows = flowsOf(compilation, randomOfCluster(seed, number), { limit: 64 });
  return { text, compilation, flows: askable(compilation, flows) };
}

/**
 * What can be asked of a kernel: not what the simulator does not follow. The first address of an IPv6 subnet is that of all its routers
 * (RFC 4291, 2.6.1), and nodes are routers.
 */
export function askable({ model }: Compilation, flows: readonly ChosenFlow[]): readonly ChosenFlow[] {
  const isAnycast = (ip: Ip): boolean =>
    model.subnets.some(({ cidrs }) => cidrs.some((cidr) => ip.family === 6 && equalIp(rangeOf(cidr).first, ip)));
  return flows.filter(({ dst }) => !isAnycast(dst));
}

export async function askKernel(compilation: Compilation, flows: readonly ChosenFlow[]): Promise<KernelComparison> {
  await using lab = await openLab(compilation.fabric);
  return await compareWithKernel(compilation.fabric, lab, flows);
}

/** Laboratories that are open at the same time: they wait most of their time. */
const laboratories = 4;

/** Calls `act` for each number below `count`, a few at the same time. */
export async function forEachCluster(count: number, act: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: Math.min(laboratories, count) }, worker));
}
