import { describe, expect, it } from "vitest";
import { ask, cluster, firewall, pod, pods, policy, rule } from "./testing/cluster.ts";
import type { NetworkPolicy } from "../model/types.ts";

const client = pod("shop/client", "a1", "10.10.1.5 fd10::1:5", { labels: { app: "client" } });
const web = pod("shop/web", "a2", "10.10.2.5 fd10::2:5", { labels: { app: "web" }, ports: ["8080/tcp"] });
const daemon = pod("shop/daemon", "a2", "192.168.1.12 fd00:1::12", { labels: { app: "daemon" }, hostNetwork: true, ports: ["9100/tcp"] });

function why(policies: readonly NetworkPolicy[], from: string, to: string, port: string, guarded = false): readonly (string | null)[] {
  const firewalls = guarded ? [firewall(["a2"], "any on 9100/tcp")] : [];
  const { outcomes } = ask(cluster({ pods: [client, web, daemon], policies, firewalls }), from, to, port);
  return outcomes.map(({ admission }) => (admission === null ? null : `${admission.reason} [${admission.cause.name}]`));
}

describe("why a request got in", () => {
  it("should be that no policy isolates the pod", () => {
    expect(why([], "pod/shop/client", "10.10.2.5", "8080/tcp")).toEqual(["no policy isolates ingress of pod shop/web [pod shop/web]"]);
    expect(why([], "pod/shop/client", "fd10::2:5", "81/tcp")).toEqual(["no policy isolates ingress of pod shop/web [pod shop/web]"]);
  });

  it("should be the policy that admits it, before the one that lets the sender out", () => {
    const into = policy("shop/in", "app=web", { ingress: [rule([pods("app=client")])] });
    const out = policy("shop/out", "app=client", { egress: [rule([pods("app=web")])] });
    expect(why([into], "pod/shop/client", "10.10.2.5", "8080/tcp")).toEqual(["policy shop/in admits it [rule]"]);
    expect(why([into, out], "pod/shop/client", "10.10.2.5", "8080/tcp")).toEqual(["policy shop/in admits it [rule]"]);
    expect(why([out], "pod/shop/client", "10.10.2.5", "8080/tcp")).toEqual([
      "policy shop/out lets it out, and no policy isolates ingress of pod shop/web [rule]",
    ]);
  });

  it("should be the host network where a policy means a pod that it cannot isolate", () => {
    const closed = policy("shop/closed", "app=daemon", { ingress: [] });
    expect(why([closed], "pod/shop/client", "192.168.1.12", "9100/tcp")).toEqual([
      "pod shop/daemon is on the host network, where NetworkPolicy does not apply [pod shop/daemon]",
    ]);
    expect(why([closed], "node/a1", "192.168.1.12", "9101/tcp")).toEqual(["a2 is a node, to which NetworkPolicy does not apply [node a2]"]);
  });

  it("should be the firewall of the node where one was asked", () => {
    expect(why([], "node/a1", "192.168.1.12", "9100/tcp", true)).toEqual([
      "firewall nodes admits it, and pod shop/daemon is on the host network, where NetworkPolicy does not apply [firewall nodes]",
    ]);
    // A process of the node itself does not pass it.
    expect(why([], "node/a2", "192.168.1.12", "9100/tcp", true)).toEqual([
      "pod shop/daemon is on the host network, where NetworkPolicy does not apply [pod shop/daemon]",
    ]);
  });

  it("should be that a pod's own node, and the pod itself, always get in", () => {
    const closed = policy("shop/closed", "app=web", { ingress: [] });
    expect(why([closed], "node/a2", "10.10.2.5", "8080/tcp")).toEqual(["a2 is the node of pod shop/web and always gets in [pod shop/web]"]);
    expect(why([closed], "pod/shop/daemon", "10.10.2.5", "8080/tcp")).toEqual(["a2 is the node of pod shop/web and always gets in [pod shop/web]"]);
    expect(why([closed], "pod/shop/web", "10.10.2.5", "8080/tcp")).toEqual(["pod shop/web asks itself, which no policy prevents [pod shop/web]"]);
  });

  it("should be the sender's policies for machines outside", () => {
    const out = policy("shop/out", "app=client", { egress: [rule()] });
    expect(why([], "pod/shop/client", "203.0.113.10", "443/tcp")).toEqual(["no policy isolates egress of pod shop/client [pod shop/client]"]);
    expect(why([out], "pod/shop/client", "203.0.113.10", "443/tcp")).toEqual([
      "policy shop/out lets it out, and NetworkPolicy does not apply to internet [rule]",
    ]);
  });

  it("should be nothing where the request does not get in", () => {
    expect(why([policy("shop/closed", "app=web", { ingress: [] })], "pod/shop/client", "10.10.2.5", "8080/tcp")).toEqual([null]);
  });
});
