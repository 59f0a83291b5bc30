import { describe, expect, it } from "vitest";
import type { NetworkPolicy, Pod } from "../model/types.ts";
import { createIntent } from "./intent.ts";
import { ask, cluster, ends, ip, ipBlock, pod, pods, policy, rule } from "./testing/cluster.ts";

const client = pod("shop/client", "a1", "10.10.1.5 fd10::1:5", { labels: { app: "client" } });
const other = pod("shop/other", "a1", "10.10.1.6 fd10::1:6", { labels: { app: "other" } });
const guest = pod("guests/client", "a2", "10.10.2.7 fd10::2:7", { labels: { app: "client" } });
const web = pod("shop/web", "a2", "10.10.2.5 fd10::2:5", {
  labels: { app: "web" },
  ports: ["http=8080/tcp", "http-udp=8080/udp", "9000/tcp"],
});

function withPolicies(...policies: readonly NetworkPolicy[]) {
  return cluster({ pods: [client, other, guest, web], namespaces: { shop: { team: "shop" }, guests: { team: "guests" } }, policies });
}

/** Who gets in to web on 8080/tcp, of client, other and guests/client. */
function admitted(...policies: readonly NetworkPolicy[]): readonly string[] {
  const model = withPolicies(...policies);
  return [client, other, guest]
    .filter((from) => ends(model, idOf(from), "10.10.2.5", "8080/tcp") !== "dropped")
    .map((from) => `${from.namespace}/${from.name}`);
}

function idOf(from: Pod): string {
  return `pod/${from.namespace}/${from.name}`;
}

const everyone = ["shop/client", "shop/other", "guests/client"];

describe("isolation", () => {
  it("starts when a policy selects the pod in that direction, and not before", () => {
    expect(admitted()).toEqual(everyone);
    expect(admitted(policy("shop/p", "app=web", { ingress: [] }))).toEqual([]);
    expect(admitted(policy("shop/p", "app=web", { egress: [] }))).toEqual(everyone);
    expect(admitted(policy("shop/p", "app=client", { ingress: [] }))).toEqual(everyone);
  });

  it("reaches only the policy's own namespace", () => {
    expect(admitted(policy("guests/p", "", { ingress: [] }))).toEqual(everyone);
  });

  it("allows the union of what the policies of a direction allow, in any order", () => {
    const deny = policy("shop/deny", "", { ingress: [] });
    const allow = policy("shop/allow", "app=web", { ingress: [rule([pods("app=client")])] });
    const more = policy("shop/more", "app=web", { ingress: [rule([pods("app=other")])] });
    expect(admitted(deny, allow)).toEqual(["shop/client"]);
    expect(admitted(allow, deny, more)).toEqual(["shop/client", "shop/other"]);
  });

  it("needs egress of the sender and ingress of the receiver", () => {
    const ingress = policy("shop/in", "app=web", { ingress: [rule([pods("app=client")])] });
    const noEgress = policy("shop/out", "app=client", { egress: [rule([pods("app=other")])] });
    const egress = policy("shop/out2", "app=client", { egress: [rule([pods("app=web")], ["8080/tcp"])] });
    expect(admitted(ingress, noEgress)).toEqual([]);
    expect(admitted(ingress, noEgress, egress)).toEqual(["shop/client"]);
    expect(ends(withPolicies(ingress, egress), "pod/shop/client", "10.10.2.5", "9000/tcp")).toBe("dropped");
  });

  it("lets the answer of an allowed connection pass, whatever isolates the other direction", () => {
    const silent = policy("shop/silent", "app=web", { egress: [] });
    const deaf = policy("shop/deaf", "app=client", { ingress: [] });
    expect(ends(withPolicies(silent, deaf), "pod/shop/client", "10.10.2.5", "8080/tcp")).toBe("delivered pod/shop/web:8080");
  });

  it("never stands between a pod and its own address", () => {
    const model = withPolicies(policy("shop/p", "", { ingress: [], egress: [] }));
    expect(ends(model, "pod/shop/web", "10.10.2.5", "8080/tcp")).toBe("delivered pod/shop/web:8080");
    expect(ends(model, "pod/shop/web", "127.0.0.1", "81/tcp")).toBe("refused pod/shop/web:81");
    expect(ends(model, "pod/shop/web", "::1", "8080/tcp")).toBe("delivered pod/shop/web:8080");
  });
});

describe("peers", () => {
  const from = (...peers: Parameters<typeof rule>[0] & object) => policy("shop/p", "app=web", { ingress: [rule(peers)] });

  it("missing mean anyone", () => {
    expect(admitted(from())).toEqual(everyone);
  });

  it("by pod selector alone are pods of the policy's namespace", () => {
    expect(admitted(from(pods("app=client")))).toEqual(["shop/client"]);
    expect(admitted(from(pods("")))).toEqual(["shop/client", "shop/other"]);
  });

  it("by namespace selector alone are all pods of the matching namespaces", () => {
    expect(admitted(from(pods(undefined, "team=guests")))).toEqual(["guests/client"]);
    expect(admitted(from(pods(undefined, "")))).toEqual(everyone);
    expect(admitted(from(pods(undefined, "kubernetes.io/metadata.name=guests")))).toEqual(["guests/client"]);
  });

  it("by both in one item must match both; in two items either", () => {
    expect(admitted(from(pods("app=other", "team=guests")))).toEqual([]);
    expect(admitted(from(pods("app=client", "team=guests")))).toEqual(["guests/client"]);
    expect(admitted(from(pods("app=other"), pods(undefined, "team=guests")))).toEqual(["shop/other", "guests/client"]);
  });

  it("by ipBlock match addresses, those of pods too, except what is taken out", () => {
    expect(admitted(from(ipBlock("10.10.1.0/24")))).toEqual(["shop/client", "shop/other"]);
    expect(admitted(from(ipBlock("0.0.0.0/0", "10.10.1.6/32", "10.10.2.0/24")))).toEqual(["shop/client"]);
    expect(admitted(from(ipBlock("::/0")))).toEqual([]);
    expect(ends(withPolicies(from(ipBlock("fd10::1:5/128"))), "pod/shop/client", "fd10::2:5", "8080/tcp")).toBe(
      "delivered pod/shop/web:8080",
    );
  });
});

describe("ports", () => {
  const on = (...ports: readonly string[]) => withPolicies(policy("shop/p", "app=web", { ingress: [rule([], ports)] }));
  const asked = (model: ReturnType<typeof on>, port: string): string => ends(model, "pod/shop/client", "10.10.2.5", port);

  it("missing mean every port of every protocol", () => {
    expect(asked(on(), "9000/tcp")).toBe("delivered pod/shop/web:9000");
    expect(asked(on(), "8080/udp")).toBe("delivered pod/shop/web:8080");
    expect(asked(on(), "7/sctp")).toBe("refused pod/shop/web:7");
  });

  it("are of one protocol", () => {
    expect(asked(on("8080/tcp"), "8080/tcp")).toBe("delivered pod/shop/web:8080");
    expect(asked(on("8080/tcp"), "8080/udp")).toBe("dropped");
    expect(asked(on("udp"), "8080/udp")).toBe("delivered pod/shop/web:8080");
    expect(asked(on("udp"), "8080/tcp")).toBe("dropped");
  });

  it("may be a range, both ends included", () => {
    const model = on("8080-9000/tcp");
    expect([8079, 8080, 9000, 9001].map((port) => asked(model, `${port}/tcp`))).toEqual([
      "dropped",
      "delivered pod/shop/web:8080",
      "delivered pod/shop/web:9000",
      "dropped",
    ]);
  });

  it("by name are those of the destination's containers with the same protocol", () => {
    expect(asked(on("http/tcp"), "8080/tcp")).toBe("delivered pod/shop/web:8080");
    expect(asked(on("http/tcp"), "9000/tcp")).toBe("dropped");
    expect(asked(on("http/udp"), "8080/udp")).toBe("dropped");
    expect(asked(on("nothing/tcp"), "8080/tcp")).toBe("dropped");
  });

  it("by name in egress are looked up on the receiver, and an address that is no pod has none", () => {
    const model = withPolicies(policy("shop/p", "app=client", { egress: [rule([], ["http/tcp"])] }));
    expect(asked(model, "8080/tcp")).toBe("delivered pod/shop/web:8080");
    expect(asked(model, "9000/tcp")).toBe("dropped");
    expect(ends(model, "pod/shop/client", "203.0.113.10", "80/tcp")).toBe("dropped");
  });
});

describe("the node of a pod", () => {
  const daemon = pod("shop/daemon", "a2", "192.168.1.12 fd00:1::12", { labels: { app: "client" }, hostNetwork: true, ports: ["9100/tcp"] });
  const closed = policy("shop/p", "app=web", { ingress: [] });
  const onlyClients = policy("shop/p", "app=web", { ingress: [rule([pods("app=client")])] });
  const model = (...policies: readonly NetworkPolicy[]) => cluster({ pods: [client, daemon, web], policies });

  it("always gets in, and so do its host-network pods", () => {
    expect(ends(model(closed), "node/a2", "10.10.2.5", "8080/tcp")).toBe("delivered pod/shop/web:8080");
    expect(ends(model(closed), "pod/shop/daemon", "10.10.2.5", "8080/tcp")).toBe("delivered pod/shop/web:8080");
  });

  it("is an address to the pods of other nodes, and its host-network pods match no selector", () => {
    const far = pod("shop/far", "a1", "10.10.1.9 fd10::1:9", { labels: { app: "web" }, ports: ["8080/tcp"] });
    const asked = (policies: readonly NetworkPolicy[]): string =>
      ends(cluster({ pods: [daemon, far], policies }), "pod/shop/daemon", "10.10.1.9", "8080/tcp");
    expect(asked([])).toBe("delivered pod/shop/far:8080");
    expect(asked([onlyClients])).toBe("dropped");
    expect(asked([policy("shop/p", "app=web", { ingress: [rule([ipBlock("192.168.1.12/32")])] })])).toBe("delivered pod/shop/far:8080");
  });

  it("is its tunnel address to pods behind VXLAN", () => {
    const far = pod("shop/far", "b1", "10.10.3.9 fd10::3:9", { labels: { app: "web" }, ports: ["8080/tcp"] });
    const asked = (block: string, dst: string): string =>
      ends(
        cluster({ pods: [far], policies: [policy("shop/p", "app=web", { ingress: [rule([ipBlock(block)])] })] }),
        "node/a2",
        dst,
        "8080/tcp",
      );
    expect(asked("192.168.1.12/32", "10.10.3.9")).toBe("dropped");
    expect(asked("10.10.2.0/32", "10.10.3.9")).toBe("delivered pod/shop/far:8080");
    expect(asked("fd10::2:0/128", "fd10::3:9")).toBe("delivered pod/shop/far:8080");
  });

  it("is no subject of policies through its host-network pods", () => {
    const shut = policy("shop/p", "app=client", { ingress: [], egress: [] });
    const sender = cluster({ pods: [other, daemon, web], policies: [shut] });
    expect(ends(sender, "pod/shop/other", "192.168.1.12", "9100/tcp")).toBe("delivered pod/shop/daemon:9100");
    expect(ends(sender, "pod/shop/daemon", "10.10.1.6", "1/tcp")).toBe("refused pod/shop/other:1");
  });

  it("lets its pods in, when their egress allows the address", () => {
    const apart = (block: string) => policy("shop/p", "app=web", { egress: [rule([ipBlock(block)])] });
    expect(ends(model(), "pod/shop/web", "192.168.1.12", "10250/tcp")).toBe("delivered node/a2:10250");
    expect(ends(model(apart("192.168.1.12/32")), "pod/shop/web", "192.168.1.12", "9100/tcp")).toBe("delivered pod/shop/daemon:9100");
    expect(ends(model(apart("10.0.0.0/8")), "pod/shop/web", "192.168.1.12", "9100/tcp")).toBe("dropped");
    expect(
      ends(model(policy("shop/p", "app=web", { egress: [rule([pods("app=client")])] })), "pod/shop/web", "192.168.1.12", "9100/tcp"),
    ).toBe("dropped");
  });
});

describe("the reason", () => {
  it("names the policies that isolate", () => {
    const model = withPolicies(policy("shop/one", "app=web", { ingress: [] }), policy("shop/two", "", { ingress: [] }));
    const [outcome] = ask(model, "pod/shop/client", "10.10.2.5", "8080/tcp").outcomes;
    expect(outcome?.reason).toBe("policies shop/one and shop/two isolate ingress of pod shop/web and no rule admits 10.10.1.5 on 8080/tcp");
    expect(outcome?.causes.map((cause) => cause.name)).toEqual(["policy shop/one", "policy shop/two"]);
  });
});

describe("policyVerdict", () => {
  const allow = policy("shop/allow", "app=web", { ingress: [rule([pods("app=client")], ["8080/tcp"])] });
  const leave = policy("shop/leave", "app=client", { egress: [rule()] });
  const intent = createIntent(withPolicies(allow, leave));

  it("names what allows, in both directions", () => {
    const verdict = intent.policyVerdict(client, web, "tcp", 8080);
    expect(verdict.allowed).toBe(true);
    expect(verdict.egress?.allowedBy.map(({ policy }) => policy.name)).toEqual(["leave"]);
    expect(verdict.ingress?.allowedBy.map(({ policy }) => policy.name)).toEqual(["allow"]);
  });

  it("names what isolates where it is denied", () => {
    const verdict = intent.policyVerdict(other, web, "tcp", 8080);
    expect(verdict.allowed).toBe(false);
    expect(verdict.egress).toMatchObject({ allowed: true, isolatedBy: [] });
    expect(verdict.ingress?.isolatedBy.map((each) => each.name)).toEqual(["allow"]);
    expect(verdict.ingress?.allowedBy).toEqual([]);
  });

  it("judges bare addresses, and exempts the pod's own node and the pod itself", () => {
    expect(intent.policyVerdict(ip("203.0.113.10"), web, "tcp", 8080)).toMatchObject({ allowed: false, egress: null, exempt: null });
    expect(intent.policyVerdict(ip("192.168.1.12"), web, "tcp", 8080)).toMatchObject({
      allowed: true,
      ingress: null,
      exempt: "a2 is the pod's own node",
    });
    expect(intent.policyVerdict(ip("192.168.1.11"), web, "tcp", 8080).allowed).toBe(false);
    expect(intent.policyVerdict(web, web, "tcp", 1)).toMatchObject({ allowed: true, exempt: "a pod always reaches itself" });
    expect(intent.policyVerdict(ip("10.10.1.5"), web, "tcp", 8080).allowed).toBe(true);
  });

  it("says when two ends have no family in common", () => {
    const six = pod("shop/six", "a1", "fd10::1:20");
    const four = pod("shop/four", "a1", "10.10.1.20");
    expect(() => createIntent(cluster({ pods: [six, four] })).policyVerdict(six, four, "tcp", 1)).toThrow("no address family in common");
  });
});
