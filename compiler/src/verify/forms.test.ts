import { describe, expect, it } from "vitest";
import { checkSource } from "../compilation/compilation.ts";
import type { AssertionResult } from "./types.ts";
import { everyJourney } from "../simulate/journey.ts";
import { imbalance } from "./path.ts";
import { verify } from "./verify.ts";

/** Two subnets behind one router: VXLAN between them, plain packets within one. Pods on node-a and node-c are in subnets of their own. */
const cluster = `cluster demo {
  service-cidr = 172.16.0.0/16
  cni calico { pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan-cross-subnet, nat-outgoing = true } }
  dns coredns { upstream = 192.168.1.53 }
}
network dc {
  subnet blue  { cidr = 192.168.1.0/24 }
  subnet green { cidr = 192.168.2.0/24 }
  router core  { joins = [blue, green], nat = internet }
}
node node-a in blue  { address = 192.168.1.10 }
node node-b in blue  { address = 192.168.1.11 }
node node-c in green { address = 192.168.2.10 }
namespace shop {
  labels = { team = "shop" }
  pod client on node-a { labels = { app = "client" }, address = 10.10.0.5 }
  pod web-1  on node-b { labels = { app = "web" }, port http = 8080/tcp }
  pod web-2  on node-c { labels = { app = "web" }, port http = 8080/tcp }
  service web  { selects app == "web", cluster-ip = 172.16.10.10, port 80/tcp -> http }
  service bare { selects app == "web", headless = true, port 80/tcp -> http }
}
`;

function results(statements: string, rest = "", program = cluster): readonly AssertionResult[] {
  const text = `${program}${rest}${statements
    .trim()
    .split("\n")
    .map((line) => `assert ${JSON.stringify(line.trim().replaceAll('"', "'"))} { ${line.trim()} }\n`)
    .join("")}`;
  const { compilation, diagnostics } = checkSource("t.knet", text, null);
  if (compilation === null) throw new Error(diagnostics.map((diagnostic) => diagnostic.message).join("; "));
  const { assertions, disagreements } = verify(compilation.scenario, { runs: 50, seed: 1, after: (failures) => compilation.after(failures) });
  expect(disagreements).toEqual([]);
  return assertions;
}

/** `holds`, or the witness's summary, or why it is unknown. */
function said(statement: string, rest = "", program = cluster): string {
  const [result] = results(statement, rest, program);
  return result?.witness?.summary ?? result?.reason ?? result?.verdict ?? "";
}

describe("the way of a request", () => {
  it.each([
    ["shop/client reaches shop/web-2 on 8080/tcp encapsulated", "holds"],
    ["shop/client reaches shop/web-1 on 8080/tcp unencapsulated", "holds"],
    ["shop/client reaches shop/web-1 on 8080/tcp encapsulated", "shop/client → shop/web-1 on 8080/tcp is not encapsulated on its way"],
    ["shop/client reaches shop/web-2 on 8080/tcp unencapsulated", "shop/client → shop/web-2 on 8080/tcp is encapsulated on its way"],
    ["shop/client never reaches shop/web-1 on 8080/tcp encapsulated", "holds"],
    ["shop/client reaches service shop/web on 80/tcp encapsulated", "shop/client → service shop/web on 80/tcp is not encapsulated on its way for 1 of 2 backends"],
    ["shop/client reaches some backend of service shop/web on 80/tcp encapsulated", "holds"],
    ["shop/client reaches shop/web-2 on 8080/tcp via router core", "holds"],
    ["shop/client reaches shop/web-1 on 8080/tcp via router core", "shop/client → shop/web-1 on 8080/tcp is delivered without passing router core"],
    ["shop/client reaches shop/web-1 on 8080/tcp seen as 10.10.0.5", "holds"],
    ["shop/client reaches node node-c on 10250/tcp seen as node node-a", "holds"],
    ["shop/client reaches internet on 443/tcp seen as router core", "holds"],
    ["shop/client reaches internet on 443/tcp seen as node node-a", "shop/client → internet on 443/tcp is seen as 203.0.113.1, not as node node-a"],
    // 1450 bytes are the MTU of pods: 1500 less 50 of VXLAN.
    ["shop/client reaches shop/web-2 on 8080/tcp with mtu 1450", "holds"],
    ["shop/client reaches shop/web-2 on 8080/tcp with mtu 1451", "shop/client → shop/web-2 on 8080/tcp is too big for the path"],
  ])("%s: %s", (statement, expected) => {
    expect(said(statement)).toBe(expected);
  });

  it("is the pool's matter where encapsulation is not as asserted, and no rule's", () => {
    const [result] = results("shop/client reaches shop/web-2 on 8080/tcp unencapsulated");
    expect([result?.witness?.cause?.name, result?.witness?.isUndecided]).toEqual(["pool pods", true]);
  });

  it("is in fragments where the wire between two routers' subnets is smaller than the packet in its wrapping", () => {
    // The tunnel keeps 1450 bytes although the subnet behind the router takes 1400 with the wrapping: the router fragments the outer packet.
    const narrow = cluster.replace("subnet green { cidr = 192.168.2.0/24 }", "subnet green { cidr = 192.168.2.0/24, mtu = 1400 }").replace("cni calico {", "cni calico { vxlan-mtu = 1450,");
    expect(said("shop/client reaches shop/web-2 on 8080/tcp with mtu 1300", "", narrow)).toBe("holds");
    expect(said("shop/client reaches shop/web-2 on 8080/tcp with mtu 1400", "", narrow)).toBe("shop/client → shop/web-2 on 8080/tcp is delivered in fragments with 1400 bytes");
  });

  it("is not balanced where a backend gets more or less than its share, and the percent are of that share", () => {
    const { compilation } = checkSource("t.knet", cluster, null);
    const scenario = compilation?.scenario;
    const address = compilation?.model.services.find((service) => service.name === "web")?.clusterIps[0];
    if (scenario === undefined || address === undefined) throw new Error("the cluster has the service");
    const probe = { from: "pod/shop/client", src: null, dst: address, protocol: "tcp", dport: 80, sport: 40_000, size: 60 } as const;
    const journeys = everyJourney(scenario.fabric, probe).map((journey) => ({ ...journey, probability: journey.server === "pod/shop/web-1" ? 0.6 : 0.4 }));
    const from = { host: "pod/shop/client", name: "shop/client", addresses: [], classKey: "" };
    const flow = { from, to: { name: "service shop/web", address, host: null, classKey: "", offers: [] }, protocol: "tcp", port: 80 } as const;
    const within = (percent: number): string | null =>
      imbalance(scenario, [{ kind: "balance", percent, span: { file: "t.knet", start: 0, end: 0 } }], flow, journeys)?.summary ?? null;
    expect(within(19)).toBe("is not balanced: shop/web-1 gets 60 % of the requests, and an equal share is 50 %");
    expect(within(20)).toBeNull();
  });

  it("is balanced where kube-proxy shares equally among the endpoints", () => {
    expect(said("shop/client reaches service shop/web on 80/tcp balanced within 0 percent")).toBe("holds");
    // A third pod that answers on another port only is no endpoint and has no share.
    expect(said("shop/client reaches service shop/web on 80/tcp balanced within 0 percent", 'namespace shop { pod idle { labels = { app = "web" } } }\n')).toBe("holds");
  });
});

describe("names", () => {
  it.each([
    ['shop/client resolves "web" to service shop/web', "holds"],
    ['shop/client resolves "web.shop" to 172.16.10.10', "holds"],
    ['all pods in shop resolves "web.shop.svc.cluster.local." to service shop/web', "holds"],
    ['shop/client resolves "bare" to service shop/bare', "holds"],
    ['shop/client resolves "web" to nothing', 'shop/client resolves "web" to 172.16.10.10, not to nothing'],
    ['shop/client resolves "wbe.shop.svc.cluster.local." to nothing', "holds"],
    ['shop/client resolves "web" to 172.16.10.11', 'shop/client resolves "web" to 172.16.10.10, not to 172.16.10.11'],
    ['shop/client resolves "bare" to service shop/web', /^shop\/client resolves "bare" to 10\.10\.[\d.]+, 10\.10\.[\d.]+, not to service shop\/web \(172\.16\.10\.10\)$/],
    ['shop/client resolves "db.example.org." to 203.0.113.7', '"db.example.org." is answered by 192.168.1.53, which the program says nothing of'],
    ['internet resolves "web" to nothing', "nothing is known of the name servers that internet asks"],
  ])("%s", (statement, expected) => {
    if (typeof expected === "string") expect(said(statement)).toBe(expected);
    else expect(said(statement)).toMatch(expected);
  });

  it("are open where the node's own resolver answers", () => {
    const bare = cluster.replace("{ upstream = 192.168.1.53 }", "");
    expect(said('shop/client resolves "db.example.org." to nothing', "", bare)).toBe('"db.example.org." is answered outside the cluster, which the program says nothing of');
  });

  it("are lost where no query comes back, and the witness is the query", () => {
    const closed = 'namespace shop { policy closed { applies to app == "client", isolates egress } }\n';
    const [result] = results('shop/client resolves "web" to service shop/web', closed);
    expect(result?.witness?.summary).toBe('shop/client resolves "web" to nothing, not to service shop/web (172.16.10.10): no query to name server 172.16.0.10 comes back');
    expect(result?.witness?.journey?.verdict).toBe("dropped");
    expect(said('shop/client resolves "web" to nothing', closed)).toBe("holds");
  });
});

describe("the connectivity of a namespace", () => {
  /** Nobody but the client gets in, and the client only to the web pods and the name server. */
  const closed = `namespace shop {
  policy web    { applies to app == "web", isolates egress, allow ingress from pods app == "client" on 8080/tcp }
  policy client { applies to app == "client", isolates ingress, allow egress to pods app == "web" on 8080/tcp }
}
`;

  it("holds where the statements list all of it", () => {
    expect(said("connectivity of namespace shop is exactly { shop/client reaches pods app == \"web\" in shop on 8080/tcp }", closed)).toBe("holds");
    // The same exchange under the service's name.
    expect(said("connectivity of namespace shop is exactly { shop/client reaches service shop/web on 80/tcp }", closed)).toBe("holds");
  });

  it("fails where something listed does not get through", () => {
    expect(said("connectivity of namespace shop is exactly { shop/client reaches shop/web-1 on 8081/tcp }", closed)).toBe("shop/client → shop/web-1 on 8081/tcp is dropped");
  });

  it("fails where something gets through that is not listed", () => {
    expect(said("connectivity of namespace shop is exactly { shop/client reaches shop/web-1 on 8080/tcp }", closed)).toBe("shop/client → shop/web-2 on 8080/tcp gets through, and is not listed");
    expect(said("connectivity of namespace shop is exactly {}", closed)).toBe("shop/client → shop/web-1 on 8080/tcp gets through, and is not listed");
  });

  it("counts what leaves the namespace", () => {
    const open = closed.replace("allow egress to pods", "allow egress to internet on 443/tcp\n    allow egress to pods");
    expect(said('connectivity of namespace shop is exactly { shop/client reaches pods app == "web" in shop on 8080/tcp }', open)).toBe("shop/client → internet on 443/tcp gets through, and is not listed");
    expect(said('connectivity of namespace shop is exactly { shop/client reaches pods app == "web" in shop on 8080/tcp, shop/client reaches internet on 443/tcp }', open)).toBe("holds");
  });
});

describe("links", () => {
  it("cut off what is behind them and nothing else", () => {
    expect(said("while any 1 link fails { shop/client reaches shop/web-2 on 8080/tcp }")).toBe("shop/client → shop/web-2 on 8080/tcp is unreachable");
    const [result] = results("while any 1 link fails { shop/client reaches shop/web-1 on 8080/tcp }");
    expect(result?.witness?.failures).toEqual({ nodes: [], pods: [], links: ["node node-a to blue"] });
    // Pods of one node need no wire.
    const beside = "namespace shop { pod near on node-a { port 8080/tcp } }\n";
    expect(said("while any 4 links fail { shop/client reaches shop/near on 8080/tcp }", beside)).toBe("holds");
  });

  it("leave open what the control plane makes of it", () => {
    expect(said("after any 1 link fails { shop/client reaches shop/web-1 on 8080/tcp }")).toBe("where the control plane runs is not part of the model, so what it does about a cut link is open");
  });
});
