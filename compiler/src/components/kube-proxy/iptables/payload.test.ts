import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { loadRuleset } from "../../../dataplane/netfilter/ruleset.ts";
import { printIptablesFile } from "../../../dataplane/netfilter/print.ts";
import { printedText } from "../../../dataplane/printed.ts";
import type { PayloadOptions } from "./options.ts";
import { payload } from "./payload.ts";
import { probability } from "./service-rules.ts";
import type { ProxyServicePort } from "./service-port.ts";
import { cidr, endpoint, ip, options, servicePort } from "./testing.ts";

function text(services: readonly ProxyServicePort[], given: PayloadOptions = options(4)): string {
  return printedText(printIptablesFile(payload(services, given)));
}

function sha256(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The rules of the payload that name `word`, in payload order. */
function rulesWith(word: string, services: readonly ProxyServicePort[], given?: PayloadOptions): readonly string[] {
  return text(services, given)
    .split("\n")
    .filter((line) => line.startsWith("-") && line.includes(word));
}

const web = servicePort("shop/web:http", "10.96.0.10", 80, {
  endpoints: [endpoint("10.244.1.5:8080"), endpoint("10.244.2.9:8080"), endpoint("10.244.2.10:8080")],
});

const dns = servicePort("shop/dns", "10.96.0.53", 53, {
  protocol: "udp",
  nodePort: 30053,
  sessionAffinity: 10800,
  endpoints: [endpoint("10.244.1.7:5353"), endpoint("10.244.2.7:5353")],
});

const gateway = servicePort("edge/gw:https", "10.96.0.20", 443, {
  loadBalancerIps: [ip("198.51.100.7")],
  loadBalancerSourceRanges: [cidr("203.0.113.0/25"), cidr("192.168.0.0/16")],
  nodePort: 31443,
  healthCheckNodePort: 32101,
  externalTrafficPolicy: "Local",
  endpoints: [endpoint("10.244.1.8:8443"), endpoint("10.244.2.8:8443")],
});

describe("the complete payload, byte for byte", () => {
  it("of a ClusterIP with three endpoints, which sort as text", () => {
    expect(sha256(text([web]))).toBe("8e29b7eeacea3fd7eab048f100f64d63d5ec17113a59b96015a5a784a940df64");
  });

  it("of a NodePort over UDP with an unnamed port and ClientIP affinity", () => {
    expect(sha256(text([dns]))).toBe("44bb9f9cd052d75d12a029b518cf83c263e91b1a04f4ddeb79acc5141b78de1e");
  });

  it("of a LoadBalancer with the local policy and source ranges that contain the node", () => {
    expect(sha256(text([gateway]))).toBe("b819848128a4f45f3a5cf98698eecedcc728aa78e04075b5d11454d35b0e90be");
  });

  it("of the local policy without a local endpoint, and of a service without endpoints", () => {
    const mail = servicePort("edge/mail:smtp", "10.96.0.30", 25, {
      externalIps: [ip("192.0.2.25")],
      loadBalancerIps: [ip("198.51.100.8")],
      nodePort: 30025,
      healthCheckNodePort: 32102,
      externalTrafficPolicy: "Local",
      endpoints: [endpoint("10.244.2.6:25")],
    });
    const empty = servicePort("shop/empty:p", "10.96.0.40", 80, {
      loadBalancerIps: [ip("198.51.100.9")],
      loadBalancerSourceRanges: [cidr("203.0.113.0/25")],
      nodePort: 30040,
    });
    expect(sha256(text([mail, empty]))).toBe("a8786af05fea67183354d7af72cf93231c4e5ce9f39452df3abd1d3f4285a2b6");
  });

  it("of internalTrafficPolicy Local with and without a local endpoint", () => {
    const agent = servicePort("kube-system/agent:grpc", "10.96.0.50", 9000, {
      internalTrafficPolicy: "Local",
      endpoints: [endpoint("10.244.2.11:9000")],
    });
    const cache = servicePort("kube-system/cache:tcp", "10.96.0.60", 6379, {
      internalTrafficPolicy: "Local",
      nodePort: 30379,
      endpoints: [endpoint("10.244.1.12:6379"), endpoint("10.244.2.12:6379")],
    });
    expect(sha256(text([agent, cache]))).toBe("048e9d203f6dc7c07de35ab05b316684180497d2a93a038ed418685a7d22270d");
  });

  it("of an IPv6 NodePort whose terminating endpoint is not needed", () => {
    const web6 = servicePort("shop/web:http", "fd00:96::10", 80, {
      nodePort: 30080,
      endpoints: [endpoint("[fd00:10:0:1::5]:8080"), endpoint("[fd00:10:0:2::9]:8080", { ready: false, terminating: true })],
    });
    expect(sha256(text([web6], options(6)))).toBe("44923209390561e46bfa439427aedbffef9ed46acd1b29c2a6397a62757772a6");
  });

  it("of a service whose zone hints keep traffic in the node's zone", () => {
    const near = servicePort("shop/near:http", "10.96.0.70", 80, {
      endpoints: [
        endpoint("10.244.1.20:80", { zoneHints: ["z1"] }),
        endpoint("10.244.3.20:80", { zoneHints: ["z1"] }),
        endpoint("10.244.2.20:80", { zoneHints: ["z2"] }),
        endpoint("10.244.2.21:80", { ready: false, serving: false }),
      ],
    });
    expect(sha256(text([near]))).toBe("f6092bada90a25973aa352f8b55e53e5e49c36938c74dcd0b404d4a48e16969a");
  });
});

describe("what settings change", () => {
  it("node ports leave out 127.0.0.0/8 when localhost does not serve them, and the localnet rule is not needed", () => {
    const lines = text([], options(4, { localhostNodePorts: false }));
    expect(lines).toContain("-m addrtype --dst-type LOCAL ! -d 127.0.0.0/8 -j KUBE-NODEPORTS\n");
    expect(lines).not.toContain("KUBE-FIREWALL");
  });

  it("restricted node ports get one rule for each admitted address, in order, and lose localhost", () => {
    const restricted = options(4, {
      nodePortAddresses: [cidr("192.168.0.0/16"), cidr("fd00::/8")],
      node: {
        name: "node-a",
        zone: null,
        ip: ip("192.168.10.11"),
        addresses: [ip("192.168.10.11"), ip("10.0.0.1"), ip("127.0.0.1"), ip("192.168.2.3")],
      },
    });
    expect(rulesWith("this must be the last rule", [], restricted)).toEqual([
      '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -d 192.168.2.3 -j KUBE-NODEPORTS',
      '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" -d 192.168.10.11 -j KUBE-NODEPORTS',
    ]);
    expect(text([], restricted)).not.toContain("KUBE-FIREWALL");
  });

  it("a restriction to everything, or to the other family alone, is none", () => {
    for (const nodePortAddresses of [[cidr("0.0.0.0/0"), cidr("10.0.0.0/8")], [cidr("fd00::/8")]]) {
      expect(text([], options(4, { nodePortAddresses }))).toBe(text([]));
    }
  });

  it("a restriction that admits the loopback keeps localhost node ports", () => {
    const local = options(4, {
      nodePortAddresses: [cidr("127.0.0.0/8")],
      node: { name: "node-a", zone: null, ip: ip("192.168.10.11"), addresses: [ip("127.0.0.1"), ip("192.168.10.11")] },
    });
    expect(rulesWith("this must be the last rule", [], local)).toHaveLength(1);
    expect(text([], local)).toContain(":KUBE-FIREWALL - [0:0]\n");
  });

  it("a liberal conntrack drops no INVALID packets", () => {
    expect(rulesWith("INVALID", [])).toEqual(["-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP"]);
    expect(rulesWith("INVALID", [], options(4, { tcpBeLiberal: true }))).toEqual([]);
  });

  it("masqueradeAll marks all traffic to the cluster IP, and no detector marks none", () => {
    const marks = (given: Partial<PayloadOptions>): readonly string[] =>
      rulesWith("KUBE-MARK-MASQ", [web], options(4, given)).filter((rule) => rule.startsWith("-A KUBE-SVC-"));
    expect(marks({ masqueradeAll: true })).toEqual([
      '-A KUBE-SVC-67NZLRHBNDSAWJRO -m comment --comment "shop/web:http cluster IP" -m tcp -p tcp -d 10.96.0.10 --dport 80 -j KUBE-MARK-MASQ',
    ]);
    expect(marks({ detector: null })).toEqual([]);
  });

  it("interfaces can tell local traffic from other traffic", () => {
    const pods = (given: PayloadOptions["detector"]): readonly string[] =>
      rulesWith("pod traffic for", [gateway], options(4, { detector: given }));
    expect(pods({ kind: "interface", name: "cbr0" })[0]).toContain('external destinations" -i cbr0 -j KUBE-SVC-');
    expect(pods({ kind: "interface-prefix", prefix: "cali" })[0]).toContain('external destinations" -i cali+ -j KUBE-SVC-');
    expect(pods(null)).toEqual([]);
    expect(rulesWith("cluster IP", [gateway], options(4, { detector: { kind: "interface", name: "cbr0" } }))[1]).toContain(
      "! -i cbr0 -j KUBE-MARK-MASQ",
    );
  });

  it("an old iptables masquerades without --random-fully, and the mark has the spelling asked for", () => {
    const lines = text([], options(4, { randomFully: false, masqueradeMarkText: "0x4000" }));
    expect(lines).toContain('"kubernetes service traffic requiring SNAT" -j MASQUERADE\n');
    expect(lines).toContain("-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN\n");
  });

  it("chains of a deleted service are emptied and then deleted before the node ports rule", () => {
    const stale = ["KUBE-SVC-67NZLRHBNDSAWJRO", "KUBE-SEP-34ZZ2QFGO32YYXXO"];
    const lines = text([], options(4, { staleChains: stale })).split("\n");
    const at = lines.indexOf("-A KUBE-MARK-MASQ -j MARK --or-mark 0x00004000");
    expect(lines.slice(at + 1, at + 3)).toEqual(["-X KUBE-SVC-67NZLRHBNDSAWJRO", "-X KUBE-SEP-34ZZ2QFGO32YYXXO"]);
    expect(lines).toContain(":KUBE-SVC-67NZLRHBNDSAWJRO - [0:0]");
    const before = payload([web], options(4));
    const after = payload(
      [],
      options(4, { staleChains: before.tables[1]?.chains.map((chain) => chain.name).filter((name) => /^KUBE-S(VC|EP)-/.test(name)) ?? [] }),
    );
    const chains = loadRuleset(4, [before, after]).tables.get("nat");
    expect([...(chains?.keys() ?? [])].filter((name) => /^KUBE-S(VC|EP)-/.test(name))).toEqual([]);
  });
});

describe("a large cluster", () => {
  const many = (count: number): ProxyServicePort =>
    servicePort("shop/many:p", "10.96.0.99", 80, {
      sessionAffinity: 60,
      endpoints: Array.from({ length: count }, (_, i) => endpoint(`10.200.${i >> 8}.${i & 255}:80`)),
    });

  it("begins beyond 1000 endpoints: its per-endpoint rules have no comments, all others keep theirs", () => {
    const rules = rulesWith("KUBE-S", [many(1001)]);
    expect(rules.filter((rule) => rule.startsWith("-A KUBE-SEP-") && rule.includes("comment"))).toEqual([]);
    expect(
      rules.filter((rule) => rule.includes("-m statistic") || rule.includes("--rcheck")).filter((rule) => rule.includes("comment")),
    ).toEqual([]);
    expect(rules.find((rule) => rule.includes("--dport 80 -j KUBE-SVC-"))).toContain('--comment "shop/many:p cluster IP"');
    expect(rules.find((rule) => rule.includes("--rcheck"))).toMatch(
      /^-A KUBE-SVC-[A-Z2-7]{16} -m recent --name (KUBE-SEP-[A-Z2-7]{16}) --rcheck --seconds 60 --reap -j \1$/,
    );
  });

  it("has not begun at exactly 1000, and counts an address that occurs twice once", () => {
    const twice = many(1000);
    const repeated = { ...twice, endpoints: [...twice.endpoints, ...twice.endpoints.slice(0, 1)] };
    expect(rulesWith("--comment shop/many:p", [twice])).toHaveLength(2000);
    expect(rulesWith("--comment shop/many:p", [repeated])).toHaveLength(2000);
  });
});

describe("the share of an endpoint", () => {
  it("has ten decimals, rounded as Go rounds", () => {
    expect([2, 3, 4, 100001, 2048].map(probability)).toEqual([
      "0.5000000000",
      "0.3333333333",
      "0.2500000000",
      "0.0000099999",
      "0.0004882812",
    ]);
  });
});
