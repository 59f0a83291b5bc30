import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { traceSchema } from "./schemas.ts";
import { delivered, dropped, errorOnTheWay, hairpin, long, noSuchName, throughNodePort } from "./story.testing.ts";
import { traceJson, traceObject } from "./trace-json.ts";

const validate = new Ajv({ allErrors: true }).compile(traceSchema);

describe("traceJson", () => {
  it("should keep its contract for every kind of story", () => {
    for (const story of [delivered, dropped, hairpin, throughNodePort, long, noSuchName, errorOnTheWay]) {
      validate(JSON.parse(traceJson(story)));
      expect(validate.errors).toBeNull();
    }
  });

  it("should put the steps of the lookup first, with the layer dns", () => {
    const { steps } = traceObject(delivered);
    expect(steps.map((step) => step.layer).slice(0, 4)).toEqual(["dns", "dns", "dns", "send"]);
    expect(steps[1]?.did).toBe("translates the destination to 10.10.0.4:53");
  });

  it("should name packet, artifact and source of a step", () => {
    const step = traceObject(delivered).steps.find(({ phase, layer }) => phase === "request" && layer === "encapsulate");
    expect(step).toEqual({
      where: "node-a",
      kind: "node",
      phase: "request",
      layer: "encapsulate",
      did: "wraps it in VXLAN 4096, UDP 192.168.1.10:50122 → 192.168.2.10:4789",
      packet: {
        src: "10.10.0.1",
        dst: "10.10.1.3",
        protocol: "tcp",
        sport: 40000,
        dport: 8080,
        size: 60,
        note: "syn",
        outer: { src: "192.168.1.10", dst: "192.168.2.10", protocol: "udp", sport: 50122, dport: 4789, size: 110 },
      },
      artifact: {
        file: "nodes/node-a/fdb.bridge",
        line: 1,
        text: "fdb append 66:5a:01:02:0b:0a dev vxlan.calico dst 192.168.2.10 self permanent",
      },
      source: { file: "journey.knet", line: 8, name: "cluster demo · cni calico", text: "cni calico {" },
    });
  });

  it("should say what decided a request that failed", () => {
    expect(traceObject(dropped)).toMatchObject({
      verdict: "dropped",
      decidedBy: { artifact: { file: "nodes/node-b/felix.iptables", line: 94 }, source: { line: 54 } },
    });
  });

  it("should have no steps when the name does not exist", () => {
    const object = traceObject(noSuchName);
    expect(object.steps).toEqual([]);
    expect(object.lookup?.queries.at(-1)).toEqual({ name: "myap", type: "A", status: "NXDOMAIN", answers: [] });
  });
});
