import { describe, expect, it } from "vitest";
import { checkProgram } from "../program/check.ts";
import { messages } from "../testing/fixtures.ts";
import { applyEdits } from "../text/edit.ts";

const cluster = (attributes: string, encapsulation = "vxlan"): string =>
  `cluster demo {\n  service-cidr = 172.16.0.0/16\n  cni calico {\n${attributes}    pool pods { cidr = 10.10.0.0/16, encapsulation = ${encapsulation} }\n  }\n}\n`;
const cluster6 = (attributes: string): string =>
  `cluster demo {\n  service-cidr = fd00:16::/112\n  cni calico { ${attributes}pool pods { cidr = fd00:10::/64, encapsulation = vxlan } }\n}\n`;
const blue = (mtu: number, cidr = "192.168.1.0/24"): string => `network dc { subnet blue { cidr = ${cidr}, mtu = ${mtu} } }\nnode a in blue\nnode b in blue\n`;
const two = (blueMtu: number, greenMtu: number): string =>
  `network dc {\n  subnet blue { cidr = 192.168.1.0/24, mtu = ${blueMtu} }\n  subnet green { cidr = 192.168.2.0/24, mtu = ${greenMtu} }\n  router r { joins = [blue, green] }\n}\nnode a in blue\nnode b in green\n`;

describe("vxlan-mtu", () => {
  it("may fill the subnet less the encapsulation: 50 bytes over IPv4, 70 over IPv6", () => {
    expect(messages(cluster("    vxlan-mtu = 1450\n") + blue(1500))).toEqual([]);
    expect(messages(cluster("    vxlan-mtu = 1451\n") + blue(1500))).toEqual([
      "KN8025 VXLAN packets of up to 1501 bytes do not fit subnet `blue`, which carries 1500",
    ]);
    expect(messages(cluster6("vxlan-mtu = 1430, ") + blue(1500, "fd00:1::/64"))).toEqual([]);
    expect(messages(cluster6("vxlan-mtu = 1450, ") + blue(1500, "fd00:1::/64"))).toEqual([
      "KN8025 VXLAN packets of up to 1520 bytes do not fit subnet `blue`, which carries 1500",
    ]);
  });

  it("may fill it wholly where packets between nodes of one subnet are not encapsulated", () => {
    expect(messages(cluster("    vxlan-mtu = 1500\n", "vxlan-cross-subnet") + blue(1500))).toEqual([]);
    expect(messages(cluster("    vxlan-mtu = 1500\n", "vxlan-cross-subnet") + two(1500, 1500))).toEqual([
      "KN8025 VXLAN packets of up to 1550 bytes do not fit the path from subnet `blue` to `green`, which carries 1500",
    ]);
    expect(messages(cluster("    vxlan-mtu = 1501\n", "vxlan-cross-subnet") + blue(1500))).toEqual([
      "KN8025 VXLAN packets of up to 1501 bytes do not fit subnet `blue`, which carries 1500",
    ]);
  });

  it("says nothing with a single node, which has nobody to send to", () => {
    expect(messages(`${cluster("    vxlan-mtu = 1500\n")}network dc { subnet blue { cidr = 192.168.1.0/24 } }\nnode a in blue\n`)).toEqual([]);
  });
});

describe("without vxlan-mtu", () => {
  it("each node fills its own subnet, which must fit through all others", () => {
    expect(messages(cluster("") + two(9000, 9000))).toEqual([]);
    expect(messages(cluster("") + two(9000, 1500))).toEqual([
      "KN8025 VXLAN packets of up to 9000 bytes do not fit the path from subnet `blue` to `green`, which carries 1500",
    ]);
  });

  it("looks at the subnets between routers too", () => {
    const between = (mtu: number): string =>
      `network dc {\n  subnet blue { cidr = 192.168.1.0/24 }\n  subnet link { cidr = 192.168.9.0/29, mtu = ${mtu} }\n  subnet green { cidr = 192.168.2.0/24 }\n  router r { joins = [blue, link] }\n  router s { joins = [link, green] }\n}\nnode a in blue\nnode b in green\n`;
    expect(messages(cluster("") + between(1500))).toEqual([]);
    expect(messages(cluster("") + between(1400))).toEqual([
      "KN8025 VXLAN packets of up to 1500 bytes do not fit the path from subnet `blue` to `green` by `link`, which carries 1400",
    ]);
  });

  it("leaves alone subnets without nodes, and networks that no router joins", () => {
    const apart =
      "network dc {\n  subnet blue { cidr = 192.168.1.0/24, mtu = 9000 }\n  subnet green { cidr = 192.168.2.0/24 }\n  subnet unused { cidr = 192.168.3.0/24, mtu = 1280 }\n  router r { joins = [blue, unused] }\n}\nnode a in blue\nnode b in green\n";
    expect(messages(cluster("") + apart)).toEqual([]);
  });

  it("offers the size that fits, on a line of its own or on the block's", () => {
    const fixed = (text: string): string => {
      const [diagnostic] = checkProgram("t.knet", text).diagnostics;
      return applyEdits(text, diagnostic?.fixes[0]?.edits ?? []);
    };
    expect(fixed(cluster("") + two(9000, 1500))).toBe(cluster("    vxlan-mtu = 1450\n") + two(9000, 1500));
    const oneLine = "cluster demo { service-cidr = 172.16.0.0/16, cni calico { pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan } } }\n";
    const repaired = fixed(oneLine + two(9000, 1500));
    expect(repaired.split("\n")[0]).toBe(
      "cluster demo { service-cidr = 172.16.0.0/16, cni calico { vxlan-mtu = 1450, pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan } } }",
    );
    expect(messages(repaired)).toEqual([]);
  });
});

describe("IPv6 in pods", () => {
  it("needs 1280 bytes inside of the encapsulation", () => {
    expect(messages(cluster6("") + blue(1350, "fd00:1::/64"))).toEqual([]);
    expect(messages(cluster6("") + blue(1349, "fd00:1::/64"))).toEqual([
      "KN8026 pods would have an MTU of 1279 bytes (70 are VXLAN's), and IPv6 needs 1280",
    ]);
    expect(messages(cluster6("vxlan-mtu = 1279, ") + blue(1500, "fd00:1::/64"))).toEqual([
      "KN8026 pods would have an MTU of 1279 bytes, and IPv6 needs 1280",
    ]);
  });

  it("is no matter of IPv4 clusters", () => {
    expect(messages(cluster("    vxlan-mtu = 1200\n") + blue(1300))).toEqual([]);
  });
});
