import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnsOf } from "./columns.ts";
import { delivered, dropped, errorOnTheWay, ip, long, noSuchName, packet, step } from "./story.testing.ts";
import { plainReportStyle } from "./style.ts";
import { percent, traceText, verdictSentence } from "./trace-text.ts";
import type { Story } from "./types.ts";

const stories = { delivered, dropped, noSuchName, errorOnTheWay, long } as const;

describe("traceText", () => {
  it("should tell the journey host by host, with the reply in short", () => {
    expect(traceText(delivered)).toBe(`namespace001/pod-0 → myapp  80/tcp

name lookup
  myapp is 172.16.10.10, says the name server 172.16.0.10
  search namespace001.svc.cluster.local svc.cluster.local cluster.local
  myapp.namespace001.svc.cluster.local  A 172.16.10.10
  asked by UDP 53, answered by kube-system/coredns-0 (--dns shows the way)
  journey.knet:18  cluster demo · dns coredns

request
  ● namespace001/pod-0
  │ sends TCP 10.10.0.1:40000 → 172.16.10.10:80
  │ routes 172.16.10.10 via 169.254.1.1 out of eth0
  │   nodes/node-a/pods/namespace001.pod-0/routes.ip:2  route add default via 169.254.1.1 dev eth0
  │   journey.knet:8  cluster demo · cni calico
  ▼ veth
  ● node-a
  │ translates the destination to 10.10.1.3:8080
  │   10.10.0.1:40000 → 10.10.1.3:8080 tcp syn
  │   nodes/node-a/kube-proxy.iptables:37  -A KUBE-SEP-BDXB… -j DNAT --to-destination 10.10.1.3:8080
  │   journey.knet:48  service namespace001/myapp
  │ routes 10.10.1.3 via 10.10.1.0 out of vxlan.calico
  │   nodes/node-a/routes.ip:5  route add 10.10.1.0/26 via 10.10.1.0 dev vxlan.calico proto 80 onli…
  │   journey.knet:8  cluster demo · cni calico
  │ wraps it in VXLAN 4096, UDP 192.168.1.10:50122 → 192.168.2.10:4789
  │   10.10.0.1:40000 → 10.10.1.3:8080 tcp syn [in 192.168.1.10 → 192.168.2.10 udp 4789]
  │   nodes/node-a/fdb.bridge:1  fdb append 66:5a:01:02:0b:0a dev vxlan.calico dst 192.168.2.10 sel…
  │ routes 192.168.2.10 via 192.168.1.1 out of eth0
  │   nodes/node-a/routes.ip:1  route add default via 192.168.1.1 dev eth0
  │   journey.knet:27  router core
  ▼ blue
  ● core
  │ routes 192.168.2.10 out of green
  ▼ green
  ● node-b
  │ mangle PREROUTING lets it pass
  │   nodes/node-b/node-firewall.iptables:6  -A KNET-FIREWALL -s 192.168.1.0/24 -p udp --… -j RETURN
  │   journey.knet:33  firewall nodes
  │ takes the packet out of VXLAN 4096 at vxlan.calico
  │   10.10.0.1:40000 → 10.10.1.3:8080 tcp syn
  │   nodes/node-b/links.ip:3  link add name vxlan.calico type vxlan id 4096 local 192.168.2.10 dev…
  │   journey.knet:8  cluster demo · cni calico
  │ filter FORWARD lets it pass
  │   nodes/node-b/felix.iptables:88  -A cali-pi-_Vq3c2kNzqJ0yCqYh4sT -p… -j MARK --or-mark 0x10000
  │   journey.knet:54  policy namespace001/only-the-client
  │ routes 10.10.1.3 out of cali3d2c1b0a9f8
  │   nodes/node-b/routes.ip:4  route add 10.10.1.3 dev cali3d2c1b0a9f8 scope link
  │   journey.knet:8  cluster demo · cni calico
  ▼ veth
  ● namespace001/pod-3
  │ delivers to 10.10.1.3:8080

chosen at random among 2
  ○ namespace001/pod-1  10.10.0.2:8080  50%  delivered
  ● namespace001/pod-3  10.10.1.3:8080  50%  delivered, shown here

reply
  ● namespace001/pod-3  answers 10.10.1.3:8080 → 10.10.0.1:40000
  ● node-b  wraps it in VXLAN 4096, UDP 192.168.2.10:41877 → 192.168.1.10:4789
  │   10.10.1.3:8080 → 10.10.0.1:40000 tcp syn-ack [in 192.168.2.10 → 192.168.1.10 udp 4789]
  ● core  routes 192.168.1.10 out of blue
  ● node-a  takes the packet out of VXLAN 4096 at vxlan.calico, translates the source back to
  │         172.16.10.10:80
  │   172.16.10.10:80 → 10.10.0.1:40000 tcp syn-ack
  ● namespace001/pod-0  delivers to 10.10.0.1:40000

  5 hooks that let the packet pass without a word are left out

✓ delivered: namespace001/pod-3 answers on 10.10.1.3:8080, and the reply reaches namespace001/pod-0
  as coming from 172.16.10.10:80.
`);
  });

  it("should end with what decided when the request failed", () => {
    expect(traceText(dropped)).toBe(`namespace001/pod-2 → namespace001/pod-3  8080/tcp

request
  ● namespace001/pod-2
  │ sends TCP 10.10.1.2:40000 → 10.10.1.3:8080
  │ routes 10.10.1.3 via 169.254.1.1 out of eth0
  │   nodes/node-b/pods/namespace001.pod-2/routes.ip:2  route add default via 169.254.1.1 dev eth0
  │   journey.knet:8  cluster demo · cni calico
  ▼ veth
  ● node-b
  │ filter FORWARD drops it in cali-tw-cali3d2c1b0a9f8
  │   nodes/node-b/felix.iptables:94  -A cali-tw-cali3d2c1b0a9f8 -m comment --comment "Drop… -j DROP
  │   journey.knet:54  policy namespace001/only-the-client

✗ dropped: node-b drops the request: no policy that applies to namespace001/pod-3 allows it.
`);
  });

  it("should name what decided at the end when the last step did not", () => {
    const text = traceText({ ...dropped, steps: dropped.steps.slice(0, 3) });
    expect(text.trimEnd().split("\n").slice(-3)).toEqual([
      "✗ dropped: node-b drops the request: no policy that applies to namespace001/pod-3 allows it.",
      '  nodes/node-b/felix.iptables:94  -A cali-tw-cali3d2c1b0a9f8 -m comment --comment "Drop if… -j DROP',
      "  journey.knet:54  policy namespace001/only-the-client",
    ]);
  });

  it("should fold names without an answer", () => {
    expect(traceText(noSuchName)).toBe(`namespace001/pod-0 → myap  80/tcp

name lookup
  myap has no address, says the name server 172.16.0.10
  search namespace001.svc.cluster.local svc.cluster.local cluster.local
  3 names of the search path without an answer, from myap.namespace001.svc.cluster.local
  myap  A NXDOMAIN
  asked by UDP 53, answered by kube-system/coredns-1
  journey.knet:18  cluster demo · dns coredns

✗ no such name: 172.16.0.10 knows no name that namespace001/pod-0 asks for as myap.
  journey.knet:18  cluster demo · dns coredns
`);
  });

  it("should show an error on its way back", () => {
    expect(traceText(errorOnTheWay)).toContain(`  ● core
  │ nobody on green answers for 192.168.2.99
  │ answers 192.168.1.10 with ICMP host-unreachable
  │   192.168.1.1 → 192.168.1.10 icmp host-unreachable
  ▼ blue
  ● node-a
  │ delivers to 192.168.1.10 (host-unreachable)
`);
  });

  it("should walk the query to the name server when asked", () => {
    expect(traceText(delivered, { dns: true })).toContain(`  journey.knet:18  cluster demo · dns coredns
  ● namespace001/pod-0
  │ sends UDP 10.10.0.1:40000 → 172.16.0.10:53
  ▼
  ● node-a
  │ translates the destination to 10.10.0.4:53
  │   10.10.0.1:40000 → 10.10.0.4:53 udp
`);
  });

  it("should say that queries do not arrive", () => {
    const lookup = { ...(noSuchName.lookup ?? never()), queries: [], verdict: "reply-lost", server: ip("fd00::a") };
    const text = traceText({ ...noSuchName, lookup, verdict: "no-name-server" });
    expect(text).toContain("name lookup\n  myap cannot be looked up\n");
    expect(text).toContain("  queries to fd00::a by UDP 53: reply lost\n");
    expect(text).not.toContain("says the name server");
  });

  it("should tell everything when asked: quiet hooks, rules, all artifacts, the reply step by step", () => {
    const text = traceText(delivered, { all: true });
    expect(text).not.toContain("left out");
    expect(text).toContain(`  │ mangle PREROUTING lets it pass
  │     mangle PREROUTING:1
  │     mangle cali-PREROUTING:3
`);
    expect(text).toContain(`reply
  ● namespace001/pod-3
  │ answers 10.10.1.3:8080 → 10.10.0.1:40000
  │ routes 10.10.0.1 via 169.254.1.1 out of eth0
`);
    expect(text.match(/felix\.iptables:71/gu)).toHaveLength(2);
  });

  it("should tell a reply that got lost step by step", () => {
    expect(traceText({ ...delivered, verdict: "reply-lost" })).toContain("\nreply\n  ● namespace001/pod-3\n  │ answers ");
  });

  it("should say in one line that the reply comes back when it is to be brief", () => {
    expect(traceText(delivered, { brief: true })).toContain(`
  ● namespace001/pod-3  10.10.1.3:8080  50%  delivered, shown here

reply: comes back

  3 hooks that let the packet pass without a word are left out

`);
    expect(traceText({ ...delivered, verdict: "reply-lost" }, { brief: true })).toContain("\nreply\n  ● namespace001/pod-3\n  │ answers ");
  });

  it("should dress each part by its style, and cut to the same columns", () => {
    const tag = (name: string) => (text: string) => `\u001B[1m${name}:${text}\u001B[0m`;
    const styled = traceText(dropped, { style: { ...plainReportStyle, host: tag("host"), dim: tag("dim"), bad: tag("bad") } });
    expect(styled).toContain("● \u001B[1mhost:node-b\u001B[0m");
    expect(styled).toContain("│ \u001B[1mbad:filter FORWARD drops it in cali-tw-cali3d2c1b0a9f8\u001B[0m");
    expect(styled).toContain('dim:nodes/node-b/felix.iptables:94  -A cali-tw-cali3d2c1b0a9f8 -m comment --comment "Drop… -j DROP\u001B[0m');
  });

  it("should dress what stopped the packet as bad, also when the host still answers about it", () => {
    const bad = (text: string): string => `<${text}>`;
    const styled = traceText(errorOnTheWay, { style: { ...plainReportStyle, bad } });
    expect(styled).toContain("│ <nobody on green answers for 192.168.2.99>\n");
  });

  it("should keep terminal sequences in names from reaching the terminal", () => {
    const hostile: Story = { ...dropped, from: "a\u001B]0;gotcha\u0007b", summary: "x\u001B[2J." };
    expect(traceText(hostile)).not.toContain("\u001B");
  });

  it("should stay within the width at any width", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 40, max: 160 }),
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom("delivered", "dropped", "noSuchName", "errorOnTheWay", "long"),
        (width, all, dns, name) => {
          for (const line of traceText(stories[name], { width, all, dns }).split("\n")) expect(columnsOf(line)).toBeLessThanOrEqual(width);
        },
      ),
      { seed: 20261122, numRuns: 100 },
    );
  });

  it("should write nothing twice when only one step is there", () => {
    const syn = packet("10.10.0.1", 40000, "10.10.1.3", 8080, "syn");
    const alone = {
      ...dropped,
      steps: [step("request", "pod", "shop/a", "route", "has no route to 10.10.1.3", syn)],
      verdict: "no-route",
      summary: "shop/a has no route.",
      decidedBy: null,
    } as const;
    expect(traceText(alone)).toBe(`namespace001/pod-2 → namespace001/pod-3  8080/tcp

request
  ● shop/a
  │ has no route to 10.10.1.3
  │   10.10.0.1:40000 → 10.10.1.3:8080 tcp syn

✗ no route: shop/a has no route.
`);
  });
});

describe("verdictSentence", () => {
  it("should not say the verdict twice", () => {
    expect(verdictSentence({ verdict: "dropped", summary: "Dropped on node-b: no policy allows it." })).toBe(
      "Dropped on node-b: no policy allows it.",
    );
    expect(verdictSentence({ verdict: "reply-lost", summary: "The request arrives." })).toBe("reply lost: The request arrives.");
  });
});

describe("percent", () => {
  it("should have one decimal at most, and never make something nothing", () => {
    expect([0.5, 1 / 3, 1, 0, 0.00001].map(percent)).toEqual(["50%", "33.3%", "100%", "0%", "<0.1%"]);
  });
});

function never(): never {
  throw new Error("the story has a lookup");
}
