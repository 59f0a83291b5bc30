import type { Family } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import type { LabelSelector, NetworkPolicy, PolicyPeer, PolicyPort } from "../../../model/types.ts";
import { block, from, labels, pods, policy, port, rule } from "../testing/model.ts";
import { parseSelector } from "@knet/language/values";
import { namedPortId, selectorId } from "../selector/print.ts";
import type { EndpointDirection } from "./dispatch-chains.ts";
import { groupChain, groupChainName, groupPolicies, byEvaluation, policyChain, splitPorts } from "./policy-chains.ts";
import { calicoPolicy } from "./policy-rules.ts";

const everyone: LabelSelector = labels();

function chain(of: NetworkPolicy, direction: EndpointDirection = "to", family: Family = 4): readonly string[] {
  return policyChain(calicoPolicy(of), direction, family).rules.map(({ match, action }) => `${match} ${action}`.trim());
}

function ingress(peers: readonly PolicyPeer[], ports: readonly PolicyPort[] = [], family: Family = 4): readonly string[] {
  return chain(policy("shop/p", everyone, { ingress: [rule(peers, ports)] }), "to", family);
}

function egress(peers: readonly PolicyPeer[], ports: readonly PolicyPort[] = []): readonly string[] {
  return chain(policy("shop/p", everyone, { egress: [rule(peers, ports)] }), "from");
}

const set = (text: string): string => `cali40${selectorId(parseSelector(text))}`.slice(0, 31);
const named = (text: string, protocol: "tcp" | "udp", name: string): string =>
  `cali40${namedPortId(parseSelector(text), protocol, name)}`.slice(0, 31);
const accepts = "--jump MARK --set-mark 0x10000/0x10000";
const returns = "-m mark --mark 0x10000/0x10000 --jump RETURN";
const web = "projectcalico.org/namespace == 'shop' && (projectcalico.org/orchestrator == 'k8s' && app == 'web')";

describe("a policy's chain", () => {
  it("says what it is in its first rule, and in an empty chain in a rule that does nothing else", () => {
    const of = (rules: NetworkPolicy["ingress"]): unknown =>
      policyChain(calicoPolicy(policy("shop/p", everyone, { ingress: rules })), "to", 4).rules.map(({ comments, match, action }) => ({
        comments,
        match,
        action,
      }));
    const title = ["KubernetesNetworkPolicy shop/p ingress"];
    expect(of([])).toEqual([{ comments: title, match: "", action: "" }]);
    expect(of([rule([])])).toEqual([{ comments: title, match: "", action: accepts }]);
  });

  it("has one rule per protocol, in the order SCTP, TCP, UDP, and in each per peer in the source's order", () => {
    expect(
      ingress(
        [pods(labels(["app", "web"])), block("10.0.0.0/8")],
        [port("udp", 53), port("tcp", 443), port("sctp", null), port("tcp", 80)],
      ),
    ).toEqual([
      `-p sctp -m set --match-set ${set(web)} src ${accepts}`,
      returns,
      `-p sctp --source 10.0.0.0/8 ${accepts}`,
      returns,
      `-p tcp -m set --match-set ${set(web)} src -m multiport --destination-ports 80,443 ${accepts}`,
      returns,
      `-p tcp --source 10.0.0.0/8 -m multiport --destination-ports 80,443 ${accepts}`,
      returns,
      `-p udp -m set --match-set ${set(web)} src -m multiport --destination-ports 53 ${accepts}`,
      returns,
      `-p udp --source 10.0.0.0/8 -m multiport --destination-ports 53 ${accepts}`,
    ]);
  });

  it("names pods by their namespace, by namespaces' labels, or as all pods", () => {
    expect(ingress([pods(labels(["app", "web"]), labels(["team", "shop"]))])).toEqual([
      `-m set --match-set ${set("pcns.team == 'shop' && (projectcalico.org/orchestrator == 'k8s' && app == 'web')")} src ${accepts}`,
    ]);
    expect(ingress([pods(null, labels(["a", "1"], ["b", "2"]))])).toEqual([
      `-m set --match-set ${set("(pcns.a == '1' && pcns.b == '2') && projectcalico.org/orchestrator == 'k8s'")} src ${accepts}`,
    ]);
    expect(ingress([pods(null, everyone)])).toEqual([
      `-m set --match-set ${set("has(projectcalico.org/namespace) && projectcalico.org/orchestrator == 'k8s'")} src ${accepts}`,
    ]);
    expect(ingress([pods(everyone)])).toEqual([
      `-m set --match-set ${set("projectcalico.org/namespace == 'shop' && projectcalico.org/orchestrator == 'k8s'")} src ${accepts}`,
    ]);
  });

  it("matches the destination on egress", () => {
    expect(egress([pods(labels(["app", "web"])), block("10.1.2.3/8")], [port("tcp", 8080, 8090)])).toEqual([
      `-p tcp -m set --match-set ${set(web)} dst -m multiport --destination-ports 8080:8090 ${accepts}`,
      returns,
      `-p tcp --destination 10.0.0.0/8 -m multiport --destination-ports 8080:8090 ${accepts}`,
    ]);
  });

  it("joins ports that touch or overlap, and opens the protocol for an entry without a port", () => {
    expect(
      ingress([], [port("tcp", 82), port("tcp", 80), port("tcp", 81), port("tcp", 100, 200), port("tcp", 150, 160), port("tcp", 443)]),
    ).toEqual([`-p tcp -m multiport --destination-ports 80:82,100:200,443 ${accepts}`]);
    expect(ingress([], [port("tcp", 80), port("tcp", null), port("tcp", "http")])).toEqual([`-p tcp ${accepts}`]);
  });
});

describe("families", () => {
  it("take only their own blocks", () => {
    const peers = [block("10.0.0.0/8"), block("fd00::/8", "fd00:1::/32")];
    expect(ingress(peers, [], 4)).toEqual([`--source 10.0.0.0/8 ${accepts}`]);
    expect(ingress(peers, [], 6)).toEqual([
      "--jump MARK --set-mark 0x80000/0x180000",
      "--source fd00:1::/32 --jump MARK --set-mark 0/0x80000",
      `--source fd00::/8 -m mark --mark 0x80000/0x80000 ${accepts}`,
    ]);
    expect(ingress([block("10.0.0.0/8")], [], 6)).toEqual([""]);
  });
});

describe("alternatives within one rule", () => {
  it("exceptions clear the bit that the rule then asks for", () => {
    expect(ingress([block("10.0.0.0/8", "10.1.0.0/16", "10.2.0.0/16")], [port("tcp", 80)])).toEqual([
      "--jump MARK --set-mark 0x80000/0x180000",
      "--source 10.1.0.0/16 --jump MARK --set-mark 0/0x80000",
      "--source 10.2.0.0/16 --jump MARK --set-mark 0/0x80000",
      `-p tcp --source 10.0.0.0/8 -m multiport --destination-ports 80 -m mark --mark 0x80000/0x80000 ${accepts}`,
    ]);
  });

  it("ports that do not fit one match set it", () => {
    const ports = Array.from({ length: 16 }, (_, i) => port("tcp", 100 + 2 * i));
    expect(ingress([pods(labels(["app", "web"]))], ports)).toEqual([
      "--jump MARK --set-mark 0x0/0x180000",
      "-p tcp -m multiport --destination-ports 100,102,104,106,108,110,112,114,116,118,120,122,124,126,128 --jump MARK --set-mark 0x80000/0x80000",
      "-p tcp -m multiport --destination-ports 130 --jump MARK --set-mark 0x80000/0x80000",
      `-p tcp -m set --match-set ${set(web)} src -m mark --mark 0x80000/0x80000 ${accepts}`,
    ]);
  });

  it("a range takes two of the fifteen slots", () => {
    const single = (first: number): { first: number; last: number } => ({ first, last: first });
    const fourteen = Array.from({ length: 14 }, (_, i) => single(i + 1));
    expect(splitPorts([...fourteen, { first: 100, last: 200 }]).map((list) => list.length)).toEqual([14, 1]);
    expect(splitPorts([...fourteen, single(100)]).map((list) => list.length)).toEqual([15]);
    expect(splitPorts([])).toEqual([]);
  });

  it("port lists and exceptions together: first positive, then negative", () => {
    const ports = [port("tcp", "http"), port("tcp", 443)];
    expect(ingress([block("10.0.0.0/8", "10.1.0.0/16")], ports)).toEqual([
      "--jump MARK --set-mark 0x0/0x180000",
      "-p tcp -m multiport --destination-ports 443 --jump MARK --set-mark 0x80000/0x80000",
      `-m set --match-set ${named("all()", "tcp", "http")} dst,dst --jump MARK --set-mark 0x80000/0x80000`,
      "--source 10.1.0.0/16 --jump MARK --set-mark 0/0x80000",
      `-p tcp --source 10.0.0.0/8 -m mark --mark 0x80000/0x80000 ${accepts}`,
    ]);
  });
});

describe("named ports", () => {
  it("of ingress are looked up among all pods", () => {
    expect(ingress([pods(labels(["app", "web"]))], [port("tcp", "http")])).toEqual([
      `-p tcp -m set --match-set ${set(web)} src -m set --match-set ${named("all()", "tcp", "http")} dst,dst ${accepts}`,
    ]);
  });

  it("of egress are looked up among the rule's pods, which then need no match of their own", () => {
    expect(egress([pods(labels(["app", "web"]))], [port("udp", "dns")])).toEqual([
      `-p udp -m set --match-set ${named(web, "udp", "dns")} dst,dst ${accepts}`,
    ]);
    expect(egress([pods(labels(["app", "web"]))], [port("udp", "dns"), port("udp", 53)])).toEqual([
      "--jump MARK --set-mark 0x0/0x180000",
      "-p udp -m multiport --destination-ports 53 --jump MARK --set-mark 0x80000/0x80000",
      `-m set --match-set ${named(web, "udp", "dns")} dst,dst --jump MARK --set-mark 0x80000/0x80000`,
      `-p udp -m set --match-set ${set(web)} dst -m mark --mark 0x80000/0x80000 ${accepts}`,
    ]);
  });

  it("two of them are alternatives", () => {
    expect(ingress([], [port("tcp", "http"), port("tcp", "admin"), port("tcp", "http")])).toEqual([
      "--jump MARK --set-mark 0x0/0x180000",
      `-m set --match-set ${named("all()", "tcp", "http")} dst,dst --jump MARK --set-mark 0x80000/0x80000`,
      `-m set --match-set ${named("all()", "tcp", "admin")} dst,dst --jump MARK --set-mark 0x80000/0x80000`,
      `-p tcp -m mark --mark 0x80000/0x80000 ${accepts}`,
    ]);
  });
});

describe("groups", () => {
  const of = (names: readonly string[], selector = everyone): readonly ReturnType<typeof calicoPolicy>[] =>
    names.map((name) => calicoPolicy(policy(`shop/${name}`, selector, { ingress: [] })));

  it("join neighbours with one selector, in the order of name, namespace and kind as text", () => {
    const sorted = [...of(["b", "a-b", "a"]), ...of(["aa"], labels(["app", "web"]))].toSorted(byEvaluation);
    // `a-b/` sorts before `a/`: a hyphen is less than a slash.
    expect(groupPolicies(sorted).map((group) => group.map(({ name }) => name))).toEqual([["a-b", "a"], ["aa"], ["b"]]);
  });

  it("of one are the policy itself", () => {
    expect(groupChainName("to", of(["allow-web-to-api"]))).toBe("cali-pi-_-NQ-ncTi2FzIV3BNVH-");
    expect(() => groupChainName("to", [])).toThrow(RangeError);
  });

  it("have an id of selector, direction and members", () => {
    const group = of(["a", "b"]);
    const names = [
      groupChainName("to", group),
      groupChainName("from", group),
      groupChainName("to", of(["a", "c"])),
      groupChainName("to", of(["a", "b"], labels(["app", "web"]))),
    ];
    expect(new Set(names).size).toBe(4);
    expect(names.map((name) => name.replace(/[\w-]{20}$/, ""))).toEqual(["cali-gi-", "cali-go-", "cali-gi-", "cali-gi-"]);
  });

  it("stop at the first verdict, and look for it before every sixth member", () => {
    const jump = (name: string): string => `--jump cali-pi-knp/shop/${name}`;
    const rules = groupChain("to", of(["a", "b", "c", "d", "e", "f", "g"]), from("group")).rules;
    expect(rules.map(({ match, action }) => `${match} ${action}`.trim())).toEqual([
      jump("a"),
      ...["b", "c", "d", "e"].map((name) => `-m mark --mark 0/0x30000 ${jump(name)}`),
      "-m mark ! --mark 0/0x30000 --jump RETURN",
      jump("f"),
      `-m mark --mark 0/0x30000 ${jump("g")}`,
    ]);
    expect(rules[5]?.comments).toEqual(["Return on verdict"]);
  });
});
