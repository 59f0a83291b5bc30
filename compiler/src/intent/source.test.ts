import { formatIp } from "@knet/language/values";
import type { NetworkModel } from "../model/types.ts";
import { describe, expect, it } from "vitest";
import { preferredSource } from "./source-address.ts";
import { ask, cluster, ip, pod, service } from "./testing/cluster.ts";

const web = { labels: { app: "web" }, ports: ["http=8080/tcp"] };
const client = pod("shop/client", "a1", "10.10.1.5 fd10::1:5");
const near = pod("shop/near", "a1", "10.10.1.6 fd10::1:6", web);
const beside = pod("shop/beside", "a2", "10.10.2.6 fd10::2:6", web);
const far = pod("shop/far", "b1", "10.10.3.6 fd10::3:6", web);
const pods = [client, near, beside, far];

/** `server sees address`, for each end. */
function seen(model: NetworkModel, from: string, dst: string, port: string): readonly string[] {
  return ask(model, from, dst, port).outcomes.map(
    ({ server, sources }) => `${server ?? "nobody"} sees ${sources.map(formatIp).join(" or ")}`,
  );
}

/** The same where there is one end. */
function source(model: NetworkModel, from: string, dst: string, port = "8080/tcp"): string {
  const [only, ...others] = ask(model, from, dst, port).outcomes;
  if (only === undefined || others.length > 0) throw new Error("there is not one end");
  return only.sources.map(formatIp).join(" or ");
}

describe("the source that a server sees", () => {
  const model = cluster({ pods });

  it("is the pod's own address among pods, on its node, beside it and through the tunnel", () => {
    for (const dst of ["10.10.1.6", "10.10.2.6", "10.10.3.6"]) expect(source(model, "pod/shop/client", dst)).toBe("10.10.1.5");
    for (const dst of ["fd10::1:6", "fd10::2:6", "fd10::3:6"]) expect(source(model, "pod/shop/client", dst)).toBe("fd10::1:5");
  });

  it("is what was asked when a pod asks itself", () => {
    expect(source(model, "pod/shop/near", "10.10.1.6")).toBe("10.10.1.6");
    expect(source(model, "pod/shop/near", "127.0.0.1")).toBe("127.0.0.1");
  });

  it("is, of a node, its address on the wire, and in a tunnel that of the tunnel", () => {
    expect(source(model, "node/a1", "10.10.2.6")).toBe("192.168.1.11");
    expect(source(model, "node/a1", "fd10::2:6")).toBe("fd00:1::11");
    expect(source(model, "node/a1", "10.10.3.6")).toBe("10.10.1.0");
    expect(source(model, "node/a1", "fd10::3:6")).toBe("fd10::1:0");
    const always = cluster({ pods, encapsulation: "vxlan" });
    expect(source(always, "node/a1", "10.10.2.6")).toBe("10.10.1.0");
  });

  it("is, of a pod's own node, its first address in IPv4 and the nearest in IPv6", () => {
    expect(source(model, "node/a1", "10.10.1.6")).toBe("192.168.1.11");
    expect(source(model, "node/a1", "fd10::1:6")).toBe("fd10::1:0");
  });

  it("is the router's outside address out there, and the address out there in here", () => {
    expect(source(model, "pod/shop/client", "203.0.113.10", "443/tcp")).toBe("203.0.113.1");
    expect(source(model, "node/b1", "2001:db8:9::10", "443/tcp")).toBe("2001:db8:9::1");
    expect(source(model, "external/office", "192.168.1.11", "10250/tcp")).toBe("198.51.100.7");
    expect(source(model, "external/office", "203.0.113.10", "443/tcp")).toBe("198.51.100.7");
  });

  it("is the node's in place of a pod's for everything outside all pools but the node itself, where the pool hides its pods", () => {
    expect(source(model, "pod/shop/client", "192.168.1.12", "10250/tcp")).toBe("192.168.1.11");
    expect(source(model, "pod/shop/client", "192.168.1.1", "22/tcp")).toBe("192.168.1.11");
    expect(source(model, "pod/shop/client", "192.168.1.11", "10250/tcp")).toBe("10.10.1.5");
    const shown = cluster({ pods, natOutgoing: false });
    expect(ask(shown, "pod/shop/client", "192.168.2.11", "10250/tcp").outcomes).toMatchObject([{ sources: [ip("10.10.1.5")] }]);
  });

  it("is nobody's where nobody gets the request", () => {
    expect(ask(model, "pod/shop/client", "10.10.2.9", "80/tcp").outcomes).toMatchObject([{ server: null, sources: [] }]);
  });
});

describe("the source behind a service", () => {
  const web80 = service("shop/web", "172.16.0.5 fd20::5", ["80/tcp:30080 -> 8080"]);
  const model = cluster({ pods, services: [web80] });

  it("is the pod's own, but the node's where the pod reaches itself", () => {
    expect(seen(model, "pod/shop/near", "172.16.0.5", "80/tcp")).toEqual([
      "pod/shop/near sees 192.168.1.11",
      "pod/shop/beside sees 10.10.1.6",
      "pod/shop/far sees 10.10.1.6",
    ]);
  });

  it("is, of a node, that of the device to each backend", () => {
    expect(seen(model, "node/a1", "172.16.0.5", "80/tcp")).toEqual([
      "pod/shop/near sees 192.168.1.11",
      "pod/shop/beside sees 192.168.1.11",
      "pod/shop/far sees 10.10.1.0",
    ]);
    expect(seen(model, "node/a1", "fd20::5", "80/tcp")).toEqual([
      "pod/shop/near sees fd10::1:0",
      "pod/shop/beside sees fd00:1::11",
      "pod/shop/far sees fd10::1:0",
    ]);
  });

  it("is, behind a node port, the node that was asked", () => {
    expect(seen(model, "external/internet", "192.168.1.12", "30080/tcp")).toEqual([
      "pod/shop/near sees 192.168.1.12",
      "pod/shop/beside sees 192.168.1.12",
      "pod/shop/far sees 10.10.2.0",
    ]);
  });

  it("stays the client's where outside traffic is kept on the node", () => {
    const local = cluster({ pods, services: [{ ...web80, externalTrafficPolicy: "Local" }] });
    expect(seen(local, "external/internet", "192.168.1.12", "30080/tcp")).toEqual(["pod/shop/beside sees 203.0.113.10"]);
  });

  it("is the pod's own on its own node's network, where what comes in is not masqueraded", () => {
    const daemon = pod("shop/daemon", "a1", "192.168.1.11 fd00:1::11", {
      labels: { app: "agent" },
      ports: ["9100/tcp"],
      hostNetwork: true,
    });
    const agent = service("shop/agent", "172.16.0.6", ["80/tcp:30090 -> 9100"]);
    const both = cluster({ pods: [client, daemon], services: [agent] });
    expect(seen(both, "pod/shop/client", "192.168.1.11", "30090/tcp")).toEqual(["pod/shop/daemon sees 10.10.1.5"]);
    expect(seen(both, "external/internet", "192.168.1.11", "30090/tcp")).toEqual(["pod/shop/daemon sees 203.0.113.10"]);
    expect(seen(both, "external/internet", "192.168.1.12", "30090/tcp")).toEqual(["pod/shop/daemon sees 192.168.1.12"]);
  });
});

describe("preferredSource", () => {
  const choose = (candidates: string, towards: string): string => {
    const chosen = preferredSource(candidates.split(" ").map(ip), ip(towards));
    return chosen === undefined ? "none" : formatIp(chosen);
  };

  it("is the first in IPv4", () => {
    expect(choose("192.168.1.11 10.10.1.0", "10.10.1.5")).toBe("192.168.1.11");
  });

  it("is, in IPv6, of the same label as the destination: unique local to unique local, global to global", () => {
    expect(choose("2001:db8::1 fd00::1", "fd00:ffff::1")).toBe("fd00::1");
    expect(choose("fd00::1 2001:db8::1", "2600::1")).toBe("2001:db8::1");
  });

  it("is then the one with the longest common prefix, and of equals the first", () => {
    expect(choose("fd00:1::11 fd10::1:0", "fd10::1:5")).toBe("fd10::1:0");
    expect(choose("fd00:1::11 fd00:2::11", "fd10::1:5")).toBe("fd00:1::11");
  });
});
