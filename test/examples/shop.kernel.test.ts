/** The shop in the kernel: whoever asks whom, it ends as the simulator says. */
import { labSupport, openLab } from "@knet/compiler";
import type { NetworkModel } from "@knet/compiler";
import type { ChosenFlow } from "@knet/compiler/testing";
import { formatIp } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import { everyFlow } from "../differential/flows.ts";
import { compareWithKernel } from "../differential/kernel.ts";
import { compileShop } from "./shop.ts";

const support = labSupport();
const why = support.available ? "" : ` (skipped: ${support.reason})`;

/** Of the flows that look for an address where nobody has it, every so many: the kernel looks for three seconds, and for many of them in turn. */
const stride = 13;

/** Machines outside have no route to pods and services: they look for them on their own wire. */
function isLost(model: NetworkModel, { from, dst }: ChosenFlow): boolean {
  const known = new Set(model.nodes.flatMap((node) => node.addresses.map(formatIp)));
  return from.startsWith("external/") && !known.has(formatIp(dst));
}

/** Machines outside among themselves are no part of the cluster. */
function isForeign(model: NetworkModel, { from, dst }: ChosenFlow): boolean {
  const outside = new Set((model.external?.hosts ?? []).flatMap((host) => host.addresses.map(formatIp)));
  return from.startsWith("external/") && outside.has(formatIp(dst));
}

/** A customer at each node port of each node, in both families. */
function visits(model: NetworkModel): readonly ChosenFlow[] {
  return model.nodes.flatMap((node) =>
    node.addresses.flatMap((dst) =>
      [30080, 30443, 10250].map((port) => ({ from: "external/internet", dst, protocol: "tcp" as const, port })),
    ),
  );
}

describe("the shop in the kernel", () => {
  it.skipIf(!support.available)(
    `should end alike for the simulator and the kernel: verdict, server and source seen${why}`,
    { timeout: 60_000 },
    async () => {
      const { model, fabric } = compileShop();
      const all = everyFlow(model).filter((flow) => !isForeign(model, flow));
      const lost = all.filter((flow) => isLost(model, flow));
      const flows = [
        ...visits(model),
        ...all.filter((flow) => !isLost(model, flow)),
        ...lost.filter((_flow, index) => index % stride === 0),
      ];
      await using lab = await openLab(fabric);
      const { differences, answered } = await compareWithKernel(fabric, lab, flows);
      expect(differences).toEqual([]);
      // Who may talk at all is the exception here.
      expect(answered).toBeGreaterThan(flows.length / 20);
    },
  );
});
