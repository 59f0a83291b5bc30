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
