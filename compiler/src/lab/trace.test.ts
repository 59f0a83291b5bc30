import { formatIp } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import { parseTrace } from "./trace.ts";

const text = [
  "PACKET: 2 51f26315 IN=cali1 MACSRC=2:0:0:0:0:1 MACDST=2:0:0:0:0:2 MACPROTO=0800 SRC=10.10.0.1 DST=172.16.10.10 LEN=60 TOS=0x0 TTL=64 ID=58872 DF SPORT=37510 DPORT=80 SYN ",
  " TRACE: 2 51f26315 knet_trace:pre:rule:0x4:CONTINUE  -4 -t knet_trace -A pre -j TRACE",
  " TRACE: 2 51f26315 knet_trace:pre:policy:ACCEPT ",
  "PACKET: 2 51f26315 IN=cali1 MACPROTO=0800 SRC=10.10.0.1 DST=172.16.10.10 LEN=60 TOS=0x0 TTL=64 ID=58872 DF SPORT=37510 DPORT=80 SYN ",
  ' TRACE: 2 51f26315 nat:PREROUTING:rule:0x3:JUMP:KUBE-SERVICES  -4 -t nat -A PREROUTING -m comment --comment "hi there" -j KUBE-SERVICES',
  " TRACE: 2 51f26315 nat:KUBE-SERVICES:rule:0x9:ACCEPT  -4 -t nat -A KUBE-SERVICES -p tcp -j DNAT --to-destination 10.10.0.65:8080",
  "PACKET: 2 51f26315 IN=cali1 OUT=eth0 MACPROTO=0800 SRC=10.10.0.1 DST=10.10.0.65 LEN=60 TOS=0x0 TTL=63 ID=58872 DF SPORT=37510 DPORT=8080 SYN ",
  " TRACE: 2 51f26315 filter:FORWARD:rule:0x5:0xfffffffb  -4 -t filter -A FORWARD -m mark --mark 0x1/0x1 -j RETURN",
  "PACKET: 10 aa OUT=eth0 SRC=fd10::1 DST=fd10::41 LEN=52 SPORT=5000 DPORT=53 ",
  " TRACE: 10 aa filter:OUTPUT:rule:0x2:DROP  -6 -t filter -A OUTPUT -p udp -j DROP",
  " TRACE: 2 51f26315 filter:FORWARD:policy:ACCEPT ",
  "",
].join("\n");

describe("the output of xtables-monitor", () => {
  const packets = parseTrace(text, { "ip nat PREROUTING": [3], "ip nat KUBE-SERVICES": [7, 8, 9], "ip6 filter OUTPUT": [2] });

  it("gives each packet once, as it was at the first hook", () => {
    expect(packets.map((packet) => [packet.family, formatIp(packet.src), formatIp(packet.dst), packet.sport, packet.dport, packet.size, packet.flags])).toEqual([
      [4, "10.10.0.1", "172.16.10.10", 37510, 80, 60, ["SYN"]],
      [6, "fd10::1", "fd10::41", 5000, 53, 52, []],
    ]);
    expect(packets.map((packet) => [packet.in, packet.out])).toEqual([
      ["cali1", null],
      [null, "eth0"],
    ]);
  });

  it("gives the rules that matched in order, numbered by their place in the chain, without the tracing table's own", () => {
    expect(packets[0]?.steps).toEqual([
      {
        kind: "rule",
        table: "nat",
        chain: "PREROUTING",
        number: 1,
        text: '-A PREROUTING -m comment --comment "hi there" -j KUBE-SERVICES',
        verdict: "jump",
      },
      {
        kind: "rule",
        table: "nat",
        chain: "KUBE-SERVICES",
        number: 3,
        text: "-A KUBE-SERVICES -p tcp -j DNAT --to-destination 10.10.0.65:8080",
        verdict: "accept",
      },
      { kind: "rule", table: "filter", chain: "FORWARD", number: null, text: "-A FORWARD -m mark --mark 0x1/0x1 -j RETURN", verdict: "return" },
      { kind: "policy", table: "filter", chain: "FORWARD", verdict: "accept" },
    ]);
  });

  it("keeps packets apart whose lines mingle", () => {
    expect(packets[1]?.steps.map((step) => [step.chain, step.verdict])).toEqual([["OUTPUT", "drop"]]);
  });
});
