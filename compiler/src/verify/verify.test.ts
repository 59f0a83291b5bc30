import { describe, expect, it } from "vitest";
import { checkSource } from "../compilation/compilation.ts";
import { verify } from "./verify.ts";

const text = `cluster demo {
  service-cidr = 172.16.0.0/16
  cni calico { pool pods { cidr = 10.10.0.0/16, block-size = 26, encapsulation = vxlan, nat-outgoing = true } }
}
network dc {
  subnet blue { cidr = 192.168.1.0/24 }
  router core { joins = [blue] }
}
node node-a in blue
node node-b in blue
namespace s {
  pod client on node-a {}
  pod plain on node-b { port http = 8080/tcp }
  pod h on node-b { labels = { app = "h" }, port http = 20001/tcp, host-network = true }
  policy p { applies to app == "h", isolates ingress }
}
assert "host network" { s/client never reaches s/h on 20001/tcp }
assert "plain" { s/client never reaches s/plain on 8080/tcp }
`;

describe("the reason of a witness", () => {
  const { compilation } = checkSource("t.knet", text, null);
  if (compilation === null) throw new Error("the cluster compiles");
  const { scenario } = compilation;
  const { assertions } = verify(scenario, { runs: 10, seed: 1, after: () => scenario });

  it("should be the host network where a policy means the pod and cannot isolate it", () => {
    expect(assertions[0]?.verdict).toBe("fails");
    expect(assertions[0]?.witness?.reason).toBe("pod s/h is on the host network, where NetworkPolicy does not apply");
    expect(assertions[0]?.witness?.cause?.name).toBe("pod s/h");
  });

  it("should be that no policy isolates the pod where there is none", () => {
    expect(assertions[1]?.witness?.reason).toBe("no policy isolates ingress of pod s/plain");
  });
});

describe("a service without endpoints that a policy would refuse too", () => {
  const { assertions } = verdictsOf(`cluster demo {
  service-cidr = 172.16.0.0/16
  cni calico { pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan, nat-outgoing = true } }
}
network dc {
  subnet blue { cidr = 192.168.1.0/24 }
  router core { joins = [blue], nat = internet }
}
node node-a in blue
namespace s {
  pod client { labels = { app = "client" } }
  pod db { labels = { app = "db" }, port 5432/tcp, ready = false }
  service db { selects app == "db", port 5432/tcp }
  policy out { applies to app == "client", allow egress to pods app == "db" on 5432/tcp }
}
assert "the client uses the database" { s/client reaches service s/db on 5432/tcp }
`);

  it("should be the thing to change: Felix sees the cluster IP only because nothing translates it", () => {
    const [witness] = assertions.map((assertion) => assertion.witness);
    expect(witness?.cause?.name).toBe("service s/db");
    expect(witness?.reason).toMatch(/^service s\/db has no .*endpoint.*, and /);
  });
});

describe("what is lost by one family only", () => {
  const { assertions } = verdictsOf(`cluster demo {
  service-cidr = [172.16.0.0/16, fd00:16::/112]
  cni calico {
    pool four { cidr = 10.10.0.0/16, encapsulation = vxlan, nat-outgoing = true }
    pool six  { cidr = fd00:10::/64, encapsulation = vxlan, nat-outgoing = true }
  }
}
network dc {
  subnet blue { cidr = [192.168.1.0/24, fd00:1::/64] }
  router core { joins = [blue], nat = internet }
}
node node-a in blue
namespace s {
  pod client { labels = { app = "client" } }
  pod web { labels = { app = "web" }, port 80/tcp }
  policy in { applies to app == "web", allow ingress from 10.0.0.0/8 on 80/tcp }
}
assert "web" { s/client reaches s/web on 80/tcp }
`);

  it("should be told with the family", () => {
    expect(assertions[0]?.witness?.summary).toBe("s/client → s/web on 80/tcp over IPv6 is dropped");
  });
});

function verdictsOf(program: string): ReturnType<typeof verify> {
  const { compilation } = checkSource("t.knet", program, null);
  if (compilation === null) throw new Error("the cluster compiles");
  return verify(compilation.scenario, { runs: 10, seed: 1, after: () => compilation.scenario });
}
