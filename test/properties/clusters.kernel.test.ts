/** Random clusters, and those of test/regressions, before the simulator and the kernel: verdict, server and the source it sees. */
import { readdirSync, readFileSync } from "node:fs";
import { labSupport } from "@knet/compiler";
import { compileText, flowsOf, randomOfCluster } from "@knet/compiler/testing";
import type { ChosenFlow } from "@knet/compiler/testing";
import { formatIp, parseIp } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import { expectedOutcomes } from "../differential/kernel.ts";
import { askable, askKernel, forEachCluster, kernelCluster } from "../differential/random-cluster.ts";

const support = labSupport();
const why = support.available ? "" : ` (skipped: ${support.reason})`;
const seed = 20261122;
const clusters = 40;

describe.skipIf(!support.available)(`the kernel${why}`, () => {
  it(`should do what the simulator says in ${clusters} random clusters`, { timeout: 300_000 }, async () => {
    const started = performance.now();
    let asked = 0;
    let skipped = 0;
    await forEachCluster(clusters, async (number) => {
      const { text, compilation, flows } = kernelCluster(seed, number);
      const { differences, skipped: left } = await askKernel(compilation, flows);
      asked += flows.length - left.length;
      skipped += left.length;
      if (differences.length > 0)
        throw new Error(
          [
            `cluster ${number} of seed ${seed}:`,
            text,
            ...differences,
            "",
            `again: pnpm trial --seed ${seed} --first ${number} --clusters 1 --kernel 1`,
          ].join("\n"),
        );
    });
    process.stderr.write(
      `kernel: seed ${seed}, ${clusters} clusters, ${asked} flows in ${((performance.now() - started) / 1000).toFixed(0)} s${skipped === 0 ? "" : `; ${skipped} of SCTP skipped: the kernel has none`}\n`,
    );
    expect(asked).toBeGreaterThan(30 * clusters);
  });

  const folder = new URL("../regressions/", import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith(".knet"));

  it.each(names.toSorted())("should do what the simulator says in test/regressions/%s", { timeout: 60_000 }, async (name) => {
    const compilation = compileText(readFileSync(new URL(name, folder), "utf8"), name);
    const flows = askable(compilation, flowsOf(compilation, randomOfCluster(seed, 0), { limit: 60 }));
    expect((await askKernel(compilation, flows)).differences).toEqual([]);
  });

  it("should take no connection to a subnet's broadcast address, from within or from afar", { timeout: 60_000 }, async () => {
    const compilation = compileText(readFileSync(new URL("broadcast.knet", folder), "utf8"));
    const [from, to] = [
      ["node/node-a", "pod/shop/p0", "node/node-b"],
      ["192.168.1.255", "192.168.2.255"],
    ];
    const flows = from.flatMap((host) =>
      to.flatMap((text) =>
        (["tcp", "udp"] as const).map((protocol): ChosenFlow => ({
          from: host,
          dst: parseIp(text) ?? { family: 4, a: 0, b: 0, c: 0, d: 0 },
          protocol,
          port: 81,
        })),
      ),
    );
    expect((await askKernel(compilation, flows)).differences).toEqual([]);
    const ends = flows.map(
      (flow) => `${flow.from} → ${formatIp(flow.dst)} ${flow.protocol}: ${[...expectedOutcomes(compilation.fabric, flow).keys()].join()}`,
    );
    expect(ends.filter((end) => !end.endsWith("timeout"))).toEqual([
      "node/node-a → 192.168.1.255 tcp: netunreach",
      "node/node-a → 192.168.1.255 udp: hostunreach",
      "node/node-b → 192.168.2.255 tcp: netunreach",
      "node/node-b → 192.168.2.255 udp: hostunreach",
    ]);
  });
});
