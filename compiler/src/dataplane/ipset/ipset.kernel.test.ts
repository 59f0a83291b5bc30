import { describe, expect, it } from "vitest";
import { printedText } from "../printed.ts";
import { inNamespace, missingForNamespace } from "../testing/network-namespace.ts";
import { normaliseIpSet, parseIpSetSave } from "./parse.ts";
import { printIpSets } from "./print.ts";
import type { IpSet } from "./types.ts";

const missing = missingForNamespace();
const origin = { name: "test", span: null };

function set(name: string, type: IpSet["type"], family: 4 | 6, members: readonly string[]): IpSet {
  return { name, type, family, maxElements: 1048576, members: members.map((text) => ({ text, origin })), owner: "test", origin };
}

const sets: readonly IpSet[] = [
  set("nets4", "hash:net", 4, ["10.0.0.1", "10.0.0.0/8", "10.1.2.3/16", "192.168.0.0/32"]),
  set("all4", "hash:net", 4, ["0.0.0.0/0", "10.0.0.0/8", "0.0.0.0/1"]),
  set("nets6", "hash:net", 6, ["fd00::1", "fd00::/8", "FD00:0::2"]),
  set("all6", "hash:net", 6, ["::/0"]),
  set("ips4", "hash:ip", 4, ["10.0.0.1", "10.0.1.0/30"]),
  set("ips6", "hash:ip", 6, ["fd00::1"]),
  set("ports4", "hash:ip,port", 4, ["10.0.0.1,tcp:80", "10.0.0.1,udp:80", "10.0.0.2,sctp:8080-8082", "10.0.0.3,443", "10.1.0.0/31,tcp:1"]),
  set("ports6", "hash:ip,port", 6, ["fd00::1,tcp:80"]),
  set("empty", "hash:net", 4, []),
];

describe.skipIf(missing !== null)(`in the kernel${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  it("every set loads and is held as knet says", () => {
    inNamespace("ipset restore <$DIR/in; ipset save >$DIR/out", { in: printedText(printIpSets(sets)) }, (result) => {
      expect(result.stderr).toBe("");
      expect(result.status).toBe(0);
      const held = parseIpSetSave(result.read("out")).map(normaliseIpSet);
      const summary = (list: readonly IpSet[]): unknown =>
        list.map(({ name, type, family, maxElements, members }) => ({
          name,
          type,
          family,
          maxElements,
          members: members.map((member) => member.text),
        }));
      expect(summary(held)).toEqual(summary(sets.map(normaliseIpSet)));
    });
  });

  it.each([
    ["hash:net", 4, "0.0.0.0/33"],
    ["hash:net", 4, "fd00::1"],
    ["hash:ip", 6, "fd00::/64"],
    ["hash:ip", 4, "10.0.0.1,tcp:80"],
    ["hash:ip,port", 4, "10.0.0.1"],
    ["hash:ip,port", 4, "10.0.0.1,tcp:70000"],
  ] as const)("refuses, as knet does, a member of %s IPv%d: %s", (type, family, member) => {
    const one = set("one", type, family, [member]);
    expect(() => normaliseIpSet(one)).toThrow(member);
    inNamespace("ipset restore <$DIR/in", { in: printedText(printIpSets([one])) }, (result) => {
      expect(result.status).not.toBe(0);
    });
  });
});
