import { formatCidr, formatIp } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import { checkSource } from "../../compilation/compilation.ts";

const text = `cluster demo {
  service-cidr = [172.16.0.0/16, fd00:172::/112]
  cni calico {
    pool pods  { cidr = 10.10.0.0/16, block-size = 26, encapsulation = vxlan, nat-outgoing = true }
    pool pods6 { cidr = fd00:10::/64, block-size = 122, encapsulation = vxlan, nat-outgoing = true }
  }
}
network dc {
  subnet blue   { cidr = [192.168.1.0/24, fd00:1::/64] }
  subnet middle { cidr = [192.168.9.0/24, fd00:9::/64] }
  router r1 { joins = [blue, middle], nat = internet }
  router r2 { joins = [middle], nat = internet }
}
node node-a in blue
`;

describe("a machine outside", () => {
  const { compilation } = checkSource("t.knet", text, null);
  if (compilation === null) throw new Error("the cluster compiles");
  const { fabric, model } = compilation;
  const outside = model.routers.map((router) => router.outside);
  const routes = fabric.dataplane("external/internet").routes;

  it("should have the outside ranges of every router on its wire, each once and in both families", () => {
    const direct = routes.filter(({ via }) => via === null);
    const ranges = new Set(outside.flatMap((each) => (each?.prefixes ?? []).map(formatCidr)));
    expect(direct.map(({ destination }) => formatCidr(destination)).toSorted()).toEqual([...ranges].toSorted());
    expect(new Set(direct.map(({ destination }) => destination.ip.family))).toEqual(new Set([4, 6]));
    expect(direct.map(({ link, scope, onlink }) => [link, scope, onlink])).toEqual(direct.map(() => ["eth0", "link", false]));
    expect(direct.some(({ destination }) => formatCidr(destination) === "203.0.113.0/24")).toBe(true);
  });

  it("should ask the first router for everything else", () => {
    const [first] = outside;
    const gateways = routes.flatMap(({ destination, via, onlink }) => (via === null ? [] : [`${formatCidr(destination)} via ${formatIp(via)}${onlink ? " onlink" : ""}`]));
    const [four, six] = first?.addresses ?? [];
    expect(gateways).toEqual([`0.0.0.0/0 via ${four === undefined ? "" : formatIp(four)} onlink`, `::/0 via ${six === undefined ? "" : formatIp(six)} onlink`]);
  });
});
