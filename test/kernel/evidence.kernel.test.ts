import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatIp } from "@knet/language/values";
import { LabError } from "../../compiler/src/lab/errors.ts";
import { openLab } from "../../compiler/src/lab/lab.ts";
import type { Lab } from "../../compiler/src/lab/lab.ts";
import type { TracedPacket } from "../../compiler/src/lab/trace.ts";
import { named, noLab, noTracing, probe } from "./lab.ts";
import { payload, twoSubnets } from "./two-subnets.ts";

const web = "pod/shop/web-0";

/** Values of one field of the objects in JSON text. */
function fieldOf(json: string, field: string): readonly unknown[] {
  const rows: unknown = JSON.parse(json);
  if (!Array.isArray(rows)) throw new Error("a list was expected");
  return rows.map((row: unknown) =>
    typeof row === "object" && row !== null ? Object.entries(row).find(([key]) => key === field)?.[1] : undefined,
  );
}

describe.skipIf(noLab !== null)(named("what the laboratory shows", noLab), () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab(twoSubnets());
  });
  afterAll(() => lab.close());

  it("captures the router's wire: the pods' packets inside the nodes' VXLAN, in both families", async () => {
    const capture = await lab.capture("router/core", "eth0");
    await lab.probe([
      probe(`${web} -> 10.10.0.65 tcp 8080`, { sport: 40001, expectOk: true }),
      probe(`${web} -> fd10::41 udp 5353`, { sport: 40002, expectOk: true }),
    ]);
    const packets = await capture.stop();
    const carried = packets.flatMap(({ direction, frame }) => {
      const outer = frame?.ip ?? null;
      const inner = outer?.vxlan?.frame.ip ?? null;
      if (outer === null || inner === null) return [];
      return [
        `${direction} ${formatIp(outer.src)} > ${formatIp(outer.dst)} ${outer.dport ?? ""} vni ${outer.vxlan?.vni ?? ""}: ` +
          `${formatIp(inner.src)} ${inner.sport ?? ""} > ${formatIp(inner.dst)} ${inner.dport ?? ""} ${inner.tcp?.join(",") ?? "udp"}`,
      ];
    });
    expect(carried).toEqual(
      expect.arrayContaining([
        "in 192.168.1.10 > 192.168.2.10 4789 vni 4096: 10.10.0.1 40001 > 10.10.0.65 8080 syn",
        "out 192.168.2.10 > 192.168.1.10 4789 vni 4096: 10.10.0.65 8080 > 10.10.0.1 40001 syn,ack",
        "in fd00:1::10 > fd00:2::10 4789 vni 4096: fd10::1 40002 > fd10::41 5353 udp",
        "out fd00:2::10 > fd00:1::10 4789 vni 4096: fd10::41 5353 > fd10::1 40002 udp",
      ]),
    );
    expect(await capture.stop()).toEqual(packets);
  });

  it("captures nothing of what another device carries", async () => {
    const capture = await lab.capture("node/node1", "cali43878a68a0a");
    await lab.probe([probe(`${web} -> 10.10.0.65 tcp 8080`, { expectOk: true })]);
    const packets = await capture.stop();
    expect(packets.filter(({ frame }) => frame?.ip?.protocol === 6)).toEqual([]);
  });

  it("says which device it cannot capture", async () => {
    await expect(lab.capture("node/node1", "eth9")).rejects.toMatchObject({
      kind: "failed",
      message: expect.stringContaining("No such device"),
    });
  });

  it("saves what the kernel holds", async () => {
    const dump = await lab.save("node/node2");
    expect(dump.iptables.split("\n").filter((line) => line.startsWith("-A"))).toContain(
      "-A to-nginx -p tcp -m tcp --dport 80 -m set --match-set web4 src -j DROP",
    );
    expect(dump.ip6tables).toContain("-A to-nginx -p udp -m udp --dport 84 -j REJECT --reject-with icmp6-adm-prohibited\n");
    expect(dump.ipset).toContain("add web6 fd10::1\n");
    expect(fieldOf(dump.routes, "dst")).toEqual(expect.arrayContaining(["default", "10.10.0.0/26", "10.10.0.65", "192.168.2.0/24"]));
    expect(fieldOf(dump.routes6, "dst")).toEqual(expect.arrayContaining(["default", "fd10::/122", "fd10::41", "fd00:2::/64"]));
    expect(fieldOf(dump.neighbours, "lladdr")).toContain("66:f9:37:c3:7e:94");
    expect(fieldOf(dump.fdb, "dst")).toEqual(expect.arrayContaining(["192.168.1.10", "fd00:1::10"]));
    expect(fieldOf(dump.rules, "priority")).toEqual([0, 32766, 32767]);
  });

  it("registers a node's devices as a real node does: its own, those of pods, tunnels", async () => {
    const { links } = await lab.save("node/node1");
    expect(fieldOf(links, "ifname")).toEqual(["lo", "eth0", "calia4fc3c48bd8", "cali43878a68a0a", "vxlan.calico", "vxlan-v6.calico"]);
  });

  it("says which parameters no namespace can have", () => {
    expect(lab.skipped.find(({ what }) => what === "vm/overcommit_memory")).toEqual({
      what: "vm/overcommit_memory",
      reason: "belongs to the whole machine",
    });
    expect(lab.skipped.map(({ what }) => what)).toContain("net/netfilter/nf_conntrack_max");
  });

  it("forgets connections and `-m recent` lists when flushed", async () => {
    // Once known, a UDP connection and a TCP client are dropped.
    const rules = payload(
      "memory",
      4,
      "filter",
      [],
      [
        "FORWARD -p udp -m udp --dport 5353 -m conntrack --ctstate ESTABLISHED -j DROP",
        "FORWARD -p tcp -m tcp --dport 8080 --syn -m recent --name seen --rcheck -j DROP",
        "FORWARD -p tcp -m tcp --dport 8080 --syn -m recent --name seen --set",
      ],
    );
    await using own = await openLab(twoSubnets({ iptables: [rules] }));
    const words = [
      probe(`${web} -> 10.10.0.65 udp 5353`, { sport: 40100, timeout: 1000 }),
      probe(`${web} -> 10.10.0.65 tcp 8080`, { timeout: 1000 }),
    ];
    const verdicts = async (): Promise<readonly string[]> => (await own.probe(words)).map(({ verdict }) => verdict);
    expect(await verdicts()).toEqual(["ok", "ok"]);
    expect(await verdicts()).toEqual(["timeout", "timeout"]);
    await own.flush();
    expect(await verdicts()).toEqual(["ok", "ok"]);
  });

  it("cannot trace with legacy rules", async () => {
    await expect(lab.trace(probe(`${web} -> 10.10.0.65 tcp 8080`))).rejects.toThrow(
      new LabError("unsupported", "tracing needs a laboratory opened with the variant nft"),
    );
  });
});

describe.skipIf(noTracing !== null)(named("a trace", noTracing), () => {
  let lab: Lab;
  beforeAll(async () => {
    // More than one transaction of nft can hold.
    const many = Array.from({ length: 700 }, (_, at) => `filler -s 10.99.${Math.floor(at / 250)}.${at % 250}/32 -j RETURN`);
    lab = await openLab(
      twoSubnets({ iptables: [payload("filler", 4, "filter", ["filler"], [...many, "filler -p tcp -j ACCEPT", "FORWARD -j filler"])] }),
      {
        variant: "nft",
      },
    );
  });
  afterAll(() => lab.close());

  const find = (packets: readonly TracedPacket[], device: string, dport: number): readonly string[] => {
    const packet = packets.find((candidate) => candidate.in === device && candidate.dport === dport);
    return (packet?.steps ?? []).map((step) =>
      step.kind === "rule"
        ? `${step.table} ${step.number ?? "?"} ${step.text} ${step.verdict}`
        : `${step.table} ${step.chain} ${step.verdict}`,
    );
  };

  it("shows every rule that matched on both nodes, with its place in its chain", async () => {
    const { result, hosts } = await lab.trace(probe(`${web} -> 172.16.10.10 tcp 80`, { expectOk: true }));
    expect(result.server).toBe("pod/shop/api-0");
    expect(hosts.map(({ host }) => host)).toEqual(["node/node1", "node/node2"]);
    expect(find(hosts[0]?.packets ?? [], "calia4fc3c48bd8", 80)).toEqual([
      'nat 1 -A PREROUTING -m comment --comment "service portals" -j KUBE-SERVICES jump',
      "nat 1 -A KUBE-SERVICES -d 172.16.10.10/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-API jump",
      "nat 1 -A KUBE-SVC-API -p tcp -m tcp -j DNAT --to-destination 10.10.0.65:8080 accept",
    ]);
    expect(find(hosts[1]?.packets ?? [], "vxlan.calico", 8080)).toEqual([
      "filter 2 -A FORWARD -j filler jump",
      "filter 701 -A filler -p tcp -j ACCEPT accept",
    ]);
  });

  it("shows the rule that drops, in IPv6 too, and the packet that carried it", async () => {
    const { result, hosts } = await lab.trace(probe(`${web} -> fd10::42 tcp 81`));
    expect(result.verdict).toBe("timeout");
    const node2 = hosts.find(({ host }) => host === "node/node2")?.packets ?? [];
    expect(find(node2, "vxlan-v6.calico", 81)).toEqual([
      "filter 1 -A FORWARD -d fd10::42/128 -j to-nginx jump",
      "filter 1 -A to-nginx -p tcp -m tcp --dport 81 -j DROP drop",
    ]);
    expect(node2.filter(({ dport }) => dport === 4789).map(({ src, dst }) => `${formatIp(src)} > ${formatIp(dst)}`)).toContain(
      "fd00:1::10 > fd00:2::10",
    );
  });

  it("leaves the rules as they were", async () => {
    const before = await lab.save("node/node2");
    await lab.trace(probe(`${web} -> 10.10.0.65 udp 5353`, { expectOk: true }));
    const rules = (text: string): readonly string[] => text.split("\n").filter((line) => line.startsWith("-A"));
    const after = await lab.save("node/node2");
    expect(rules(after.iptables)).toEqual(rules(before.iptables));
  });
});
