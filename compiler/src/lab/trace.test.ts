import { formatIp } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import type { RawEvent } from "./answers.ts";
import { tracedPackets } from "./trace.ts";

// 10.10.0.1:40000 > 172.16.10.10:80, SYN, 60 bytes; then the same behind its translation.
const syn = {
  family: 4,
  id: "51f26315",
  in: "cali1",
  out: null,
  network: "4500003c00014000400600000a0a0001ac100a0a",
  transport: "9c400050000000010000000050020000ffff0000",
} as const;
const translated = {
  ...syn,
  out: "eth0",
  network: "4500003c000140003f0600000a0a00010a0a0041",
  transport: "9c401f90000000010000000050020000ffff0000",
} as const;
// [fd10::1]:5000 > [fd10::41]:53, 52 bytes.
const datagram = {
  family: 6,
  id: "aa",
  in: null,
  out: "eth0",
  network: "60000000000c1140fd100000000000000000000000000001fd100000000000000000000000000041",
  transport: "13880035000c0000",
} as const;

function rule(
  packet: Omit<RawEvent, "kind" | "table" | "chain" | "handle" | "verdict">,
  table: string,
  chain: string,
  handle: number,
  verdict: RawEvent["verdict"],
): RawEvent {
  return { ...packet, kind: "rule", table, chain, handle, verdict };
}

const events: readonly RawEvent[] = [
  rule(syn, "knet_trace", "pre", 4, "continue"),
  { ...syn, kind: "policy", table: "knet_trace", chain: "pre", handle: null, verdict: "accept" },
  rule(syn, "nat", "PREROUTING", 3, "jump"),
  { ...syn, kind: "rule", table: "nat", chain: "ENDS", handle: null, verdict: "continue" },
  rule(syn, "nat", "KUBE-SERVICES", 9, "accept"),
  rule(translated, "filter", "FORWARD", 5, "jump"),
  rule(datagram, "filter", "OUTPUT", 2, "drop"),
  { ...translated, kind: "return", table: "filter", chain: "FOO", handle: null, verdict: "continue" },
  { ...translated, kind: "policy", table: "filter", chain: "FORWARD", handle: null, verdict: "accept" },
];

describe("the events of traced packets", () => {
  const packets = tracedPackets(events, {
    "ip nat PREROUTING": [[3, "-A PREROUTING -j KUBE-SERVICES"]],
    "ip nat KUBE-SERVICES": [
      [7, "-A KUBE-SERVICES -j ONE"],
      [9, "-A KUBE-SERVICES -p tcp -j DNAT --to-destination 10.10.0.65:8080"],
    ],
    "ip6 filter OUTPUT": [[2, "-A OUTPUT -p udp -j DROP"]],
  });

  it("give each packet once, as it was at the first hook", () => {
    expect(
      packets.map((packet) => [
        formatIp(packet.src),
        packet.sport,
        formatIp(packet.dst),
        packet.dport,
        packet.size,
        packet.tcp,
        packet.in,
        packet.out,
      ]),
    ).toEqual([
      ["10.10.0.1", 40000, "172.16.10.10", 80, 60, ["syn"], "cali1", null],
      ["fd10::1", 5000, "fd10::41", 53, 52, null, null, "eth0"],
    ]);
  });

  it("give the rules that matched in order, by their place in the chain, without the tracing table's own and the ends of chains", () => {
    expect(packets[0]?.steps).toEqual([
      { kind: "rule", table: "nat", chain: "PREROUTING", number: 1, text: "-A PREROUTING -j KUBE-SERVICES", verdict: "jump" },
      {
        kind: "rule",
        table: "nat",
        chain: "KUBE-SERVICES",
        number: 2,
        text: "-A KUBE-SERVICES -p tcp -j DNAT --to-destination 10.10.0.65:8080",
        verdict: "accept",
      },
      { kind: "rule", table: "filter", chain: "FORWARD", number: null, text: null, verdict: "jump" },
      { kind: "policy", table: "filter", chain: "FORWARD", verdict: "accept" },
    ]);
  });

  it("keep packets apart whose events mingle", () => {
    expect(packets[1]?.steps.map((step) => [step.chain, step.verdict])).toEqual([["OUTPUT", "drop"]]);
  });
});
