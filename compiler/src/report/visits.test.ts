import { describe, expect, it } from "vitest";
import { lanesOf } from "./lanes.ts";
import { delivered, dropped, hairpin, packet, step, throughNodePort, wire } from "./story.testing.ts";
import { isQuiet, visitsOf, wireName } from "./visits.ts";

const syn = packet("10.10.0.1", 40000, "10.10.1.3", 8080, "syn");

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
      wire("request", "node", "node-a", "loop", "node-a", syn),
      step("request", "node", "node-a", "deliver", "delivers", syn),
    ];
    expect(visitsOf(steps)).toHaveLength(2);
  });
});

describe("wireName", () => {
  it("should be what carries the packet on", () => {
    expect(visitsOf(delivered.steps.filter(({ phase }) => phase === "request")).map(wireName)).toEqual(["veth", "blue", "green", "veth", null]);
  });

  it("should be null where no wire was walked", () => {
    expect(visitsOf(delivered.lookup?.steps ?? []).map(wireName)).toEqual([null, null, null]);
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

  it("should leave a pod alone whose node is not in the picture", () => {
    const steps = delivered.steps.filter(({ kind }) => kind === "pod");
    expect(lanesOf(visitsOf(steps)).map((lane) => `${lane.key} in ${lane.group}`)).toEqual([
      "pod/namespace001/pod-0 in pod/namespace001/pod-0",
      "pod/namespace001/pod-3 in pod/namespace001/pod-3",
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
  it("should be true for hooks that let the packet pass by what every packet passes by", () => {
    expect(isQuiet(step("request", "node", "node-a", "filter", "mangle PREROUTING lets it pass", syn))).toBe(true);
    expect(isQuiet(step("request", "node", "node-a", "track", "does not track it", syn))).toBe(true);
  });

  it("should be false where a policy or a firewall decided, or the packet was stopped", () => {
    expect(isQuiet(step("request", "node", "node-a", "filter", "filter FORWARD lets it pass", syn, { decides: true }))).toBe(false);
    const quiet = dropped.steps.filter(isQuiet);
    expect(quiet).toEqual([]);
  });

  it("should be false for whatever is no hook", () => {
    const others = delivered.steps.filter((one) => one.layer !== "filter" && one.layer !== "track");
    expect(others.filter(isQuiet)).toEqual([]);
  });

  it("should not depend on words", () => {
    expect(isQuiet(step("request", "node", "node-a", "filter", "drops and rejects nothing", syn))).toBe(true);
  });
});
