import { describe, expect, it } from "vitest";
import { lanesOf } from "./lanes.ts";
import { artifact, delivered, dropped, hairpin, packet, source, step, throughNodePort } from "./story.testing.ts";
import { isQuiet, visitsOf, wireName } from "./visits.ts";

const syn = packet("10.10.0.1", 40000, "10.10.1.3", 8080, "syn");
const rule = artifact("nodes/node-a/felix.iptables", 12, "-A cali-FORWARD -j ACCEPT");

describe("visitsOf", () => {
  it("should group steps by host, and the request apart from the reply", () => {
    expect(visitsOf(delivered.steps).map((visit) => `${visit.phase} ${visit.where}`)).toEqual([
      "request namespace001/pod-0",
      "request node-a",
      "request core",
      "request node-b",
      "request namespace001/pod-3",
      "reply namespace001/pod-3",
      "reply node-b",
      "reply core",
      "reply node-a",
      "reply namespace001/pod-0",
    ]);
  });

  it("should start a new visit behind a wire that leads back to the same host", () => {
    const steps = [
      step("request", "node", "node-a", "wire", "loop: node-a → node-a", syn),
      step("request", "node", "node-a", "deliver", "delivers", syn),
    ];
    expect(visitsOf(steps)).toHaveLength(2);
  });
});

describe("wireName", () => {
  it("should be the wire's own name", () => {
    const [first, second] = visitsOf(delivered.steps);
    expect(first !== undefined && second !== undefined ? wireName(first, second) : "").toBe("veth");
  });

  it("should not repeat who is at its ends", () => {
    const [first, second] = visitsOf([
      step("request", "pod", "shop/a", "wire", "veth of shop/a: shop/a → node-a", syn),
      step("request", "node", "node-a", "deliver", "delivers", syn),
    ]);
    expect(first !== undefined && second !== undefined ? wireName(first, second) : "").toBe("veth");
  });

  it("should be null when the words are others than name and ends", () => {
    const [first, second] = visitsOf([
      step("request", "node", "node-a", "wire", "goes out of eth0", syn),
      step("request", "node", "node-b", "deliver", "delivers", syn),
    ]);
    expect(first !== undefined && second !== undefined ? wireName(first, second) : "").toBeNull();
  });
});

describe("lanesOf", () => {
  it("should put the asking pod before its node and the answering pod behind", () => {
    expect(lanesOf(visitsOf(delivered.steps)).map((lane) => `${lane.key} in ${lane.group}`)).toEqual([
      "pod/namespace001/pod-0 in node/node-a",
      "node/node-a in node/node-a",
      "router/core in router/core",
      "node/node-b in node/node-b",
      "pod/namespace001/pod-3 in node/node-b",
    ]);
  });

  it("should have each host once, however often the packet comes by", () => {
    expect(lanesOf(visitsOf(throughNodePort.steps)).map((lane) => lane.where)).toEqual([
      "internet",
      "core",
      "node-a",
      "node-b",
      "namespace001/pod-3",
    ]);
    expect(lanesOf(visitsOf(hairpin.steps)).map((lane) => lane.where)).toEqual(["namespace001/pod-1", "node-a"]);
  });
});

describe("isQuiet", () => {
  const story = { decidedBy: null };

  it("should be true for a hook that no rule spoke in", () => {
    expect(isQuiet(step("request", "node", "node-a", "filter", "mangle PREROUTING lets it pass", syn), story)).toBe(true);
  });

  it("should be true where only the frame of the cluster spoke", () => {
    const because = { artifacts: [rule], source: source(8, "cluster demo · cni calico", "") };
    expect(isQuiet(step("request", "node", "node-a", "filter", "filter FORWARD lets it pass", syn, because), story)).toBe(true);
  });

  it("should be false where a policy or a firewall let it pass", () => {
    for (const name of ["policy namespace001/only-the-client", "firewall nodes"]) {
      const because = { artifacts: [rule], source: source(54, name, "") };
      expect(isQuiet(step("request", "node", "node-a", "filter", "filter FORWARD lets it pass", syn, because), story)).toBe(false);
    }
  });

  it("should be false for what drops the packet, also when only the chain's policy did", () => {
    expect(isQuiet(step("request", "node", "node-a", "filter", "filter FORWARD drops it: the chain's policy", syn), story)).toBe(false);
    expect(
      visitsOf(dropped.steps)
        .at(-1)
        ?.steps.every((last) => !isQuiet(last, dropped)),
    ).toBe(true);
  });

  it("should be false for the rule that decided the story", () => {
    const because = { artifacts: [rule], source: source(8, "cluster demo · cni calico", "") };
    expect(
      isQuiet(step("request", "node", "node-a", "filter", "stops it", syn, because), { decidedBy: { artifact: rule, source: null } }),
    ).toBe(false);
  });
});
