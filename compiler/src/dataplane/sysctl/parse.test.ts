import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { thrownBy } from "../dump/testing.ts";
import { printSysctls } from "./print.ts";
import { parseSysctls, sysctlKey } from "./parse.ts";

describe("sysctlKey", () => {
  it.each([
    ["net.ipv4.ip_forward", "net/ipv4/ip_forward"],
    ["net/ipv4/ip_forward", "net/ipv4/ip_forward"],
    // Behind a dot the separators change places: so `sysctl -a` prints the parameters of vxlan.calico and eth0.100.
    ["net.ipv4.conf.vxlan/calico.rp_filter", "net/ipv4/conf/vxlan.calico/rp_filter"],
    ["net.ipv4.conf.eth0/100.rp_filter", "net/ipv4/conf/eth0.100/rp_filter"],
    // Behind a slash nothing does.
    ["net/ipv4/conf/vxlan.calico/rp_filter", "net/ipv4/conf/vxlan.calico/rp_filter"],
  ])("should read %s as %s", (name, key) => {
    expect(sysctlKey(name)).toBe(key);
  });
});

describe("parseSysctls", () => {
  const pairs = (text: string) => parseSysctls(text).map(({ key, value }) => [key, value]);

  it("should read what sysctl -a prints", () => {
    const text =
      "net.ipv4.ip_forward = 1\nnet.ipv4.ip_local_reserved_ports = \nnet.ipv4.conf.vxlan/calico.rp_filter = 0\nnet.ipv4.tcp_rmem = 4096\t131072\t33554432\nkernel.core_pattern = |/bin/core -a=%p\n";
    expect(pairs(text)).toEqual([
      ["net/ipv4/ip_forward", "1"],
      ["net/ipv4/ip_local_reserved_ports", ""],
      ["net/ipv4/conf/vxlan.calico/rp_filter", "0"],
      ["net/ipv4/tcp_rmem", "4096 131072 33554432"],
      ["kernel/core_pattern", "|/bin/core -a=%p"],
    ]);
  });

  it("should read sysctl.conf with its comments, blanks and keys that may fail", () => {
    const text = "# forwarding\n; of both families\n\n  net/ipv4/ip_forward=1  \n-net.ipv6.conf.all.forwarding   =  1\r\n";
    expect(parseSysctls(text, "sysctl.conf")).toEqual([
      { key: "net/ipv4/ip_forward", value: "1", owner: "unknown", origin: { name: "sysctl.conf line 4", span: null } },
      { key: "net/ipv6/conf/all/forwarding", value: "1", owner: "unknown", origin: { name: "sysctl.conf line 5", span: null } },
    ]);
  });

  it.each([
    ["net.ipv4.ip_forward", null, "not an assignment `key = value`"],
    ["-net.ipv4.conf.lo.rp_filter", null, "not an assignment `key = value`"],
    ["net.ipv4.conf.*.rp_filter = 1", "key", "net.ipv4.conf.*.rp_filter is a pattern, and which keys it stands for depends on the machine"],
    ["= 1", "key", '"" is no kernel parameter'],
    ["forwarding = 1", "key", '"forwarding" is no kernel parameter'],
    ["net..ipv4 = 1", "key", '"net..ipv4" is no kernel parameter'],
    ["../../etc/passwd = 1", "key", '"../../etc/passwd" is no kernel parameter'],
    ["net.ipv4.a b = 1", "key", '"net.ipv4.a b" is no kernel parameter'],
  ])("should name the line of %s", (line, field, reason) => {
    expect(thrownBy(() => parseSysctls(`net.ipv4.ip_forward = 1\n${line}\n`))).toMatchObject({
      name: "DumpError",
      file: "sysctl -a",
      place: { unit: "line", number: 2 },
      field,
      reason,
    });
  });

  it("should read back what is printed", () => {
    const part = fc.stringMatching(/^[a-z0-9_]{1,8}$/);
    const device = fc.stringMatching(/^[a-z]{1,5}(?:[.:@-][a-z0-9]{1,4}){0,2}$/);
    const value = fc.oneof(fc.integer().map(String), fc.constant(""), fc.constant("1 2 3"));
    fc.assert(
      fc.property(fc.array(fc.tuple(part, device, part, value)), (items) => {
        const sysctls = items.map(([family, name, key, text]) => ({
          key: `net/${family}/${name}/${key}`,
          value: text,
          owner: "os",
          origin: { name: "test", span: null },
        }));
        const printed = printSysctls(sysctls)
          .map(({ text }) => text)
          .join("\n");
        expect(pairs(printed)).toEqual(sysctls.map((sysctl) => [sysctl.key, sysctl.value]));
      }),
      { seed: 20261122, numRuns: 200 },
    );
  });
});
