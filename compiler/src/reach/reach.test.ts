import { describe, expect, it } from "vitest";
import { reach } from "./reach.ts";
import { compile, lines, reachReport } from "./testing.ts";

const small = `namespace app {
  pod web on n-1 { labels = { app = "web" }, port http = 8080/tcp }
  pod job on n-2 { labels = { app = "job" } }
  workload db { replicas = 2, labels = { app = "db" }, port sql = 5432/tcp }

  policy db {
    applies to app == "db"
    isolates ingress, egress
    allow ingress from pods app == "web" on sql
  }
  policy job {
    applies to app == "job"
    allow egress to internet on 443/tcp, 8000..8010/tcp
  }
}
`;

describe("a small cluster", () => {
  it("should have the table that follows from its two policies", () => {
    // db: only web comes in, nothing goes out. job: out to the internet only. web and coredns: no policy. No firewall.
    expect(lines(compile(small))).toEqual([
      "0.0.0.0-255.255.255.255[External] => nodes[Node] : All Connections",
      "app/job[Pod] => 0.0.0.0-255.255.255.255[External] : TCP 443,8000-8010",
      "app/web[Pod] => 0.0.0.0-255.255.255.255[External] : All Connections",
      "app/web[Pod] => app/db[Deployment] : TCP 5432",
      "app/web[Pod] => app/job[Pod] : All Connections",
      "app/web[Pod] => kube-system/coredns[Deployment] : All Connections",
      "app/web[Pod] => nodes[Node] : All Connections",
      "app/web[Pod] => own-node[Node] : All Connections",
      "kube-system/coredns[Deployment] => 0.0.0.0-255.255.255.255[External] : All Connections",
      "kube-system/coredns[Deployment] => app/job[Pod] : All Connections",
      "kube-system/coredns[Deployment] => app/web[Pod] : All Connections",
      "kube-system/coredns[Deployment] => kube-system/coredns[Deployment] : All Connections",
      "kube-system/coredns[Deployment] => nodes[Node] : All Connections",
      "kube-system/coredns[Deployment] => own-node[Node] : All Connections",
      "nodes[Node] => 0.0.0.0-255.255.255.255[External] : All Connections",
      "nodes[Node] => app/job[Pod] : All Connections",
      "nodes[Node] => app/web[Pod] : All Connections",
      "nodes[Node] => kube-system/coredns[Deployment] : All Connections",
      "nodes[Node] => nodes[Node] : All Connections",
    ]);
  });

  it("should list the endpoints also of those that talk to nobody, in order", () => {
    const report = reachReport(compile(small));
    expect(report.endpoints.map(({ id, kind, pods }) => [id, kind, pods])).toEqual([
      ["app/db", "Deployment", 2],
      ["app/job", "Pod", 1],
      ["app/web", "Pod", 1],
      ["kube-system/coredns", "Deployment", 2],
      ["nodes", "Node", 0],
      ["own-node", "Node", 0],
      ["internet:0.0.0.0/0", "External", 0],
    ]);
    expect(report.notes).toContain("UDP 4789 belongs to the overlay between nodes and is not judged.");
  });

  it("should not depend on the order of declarations", () => {
    const [head = "", ...policies] = small
      .trimEnd()
      .slice(0, -1)
      .split(/^(?= {2}policy)/m);
    expect(lines(compile(`${head}${policies.toReversed().join("")}}\n`))).toEqual(lines(compile(small)));
  });
});

describe("--from and --to", () => {
  it("should answer for the named alone", () => {
    const compilation = compile(small);
    expect(lines(compilation, { from: "app/web", to: "app/*" })).toEqual([
      "app/web[Pod] => app/db[Deployment] : TCP 5432",
      "app/web[Pod] => app/job[Pod] : All Connections",
    ]);
    expect(lines(compilation, { from: "app/job" })).toEqual(["app/job[Pod] => 0.0.0.0-255.255.255.255[External] : TCP 443,8000-8010"]);
    expect(lines(compilation, { from: "n-1", to: "app/job" })).toEqual(["node:n-1[Node] => app/job[Pod] : All Connections"]);
    expect(lines(compilation, { from: "internet", to: "nodes" })).toEqual([
      "0.0.0.0-255.255.255.255[External] => nodes[Node] : All Connections",
    ]);
  });

  it("should take a part of a workload as pods", () => {
    expect(lines(compile(small), { from: "app/web", to: "app/db-1" })).toEqual(["app/web[Pod] => app/db-1[Pod] : TCP 5432"]);
  });
});

describe("pods of a workload that differ", () => {
  it("should be endpoints of their own when an ipBlock holds one of them only", () => {
    const text = (peer: string): string => `namespace app {
  pod db on n-1 { labels = { app = "db" }, port 5432/tcp }
  workload web { replicas = 2, labels = { app = "web" }, spread over [n-1, n-2] }
  policy db { applies to app == "db", allow ingress from ${peer} on 5432/tcp }
}
`;
    const both = compile(text("10.10.0.0/16"));
    expect(lines(both, { from: "app/web", to: "app/db" })).toEqual(["app/web[Deployment] => app/db[Pod] : TCP 5432"]);
    const { addresses } = both.model.pods.find((pod) => pod.name === "web-1") ?? { addresses: [] };
    const one = compile(text(`10.10.${((addresses[0]?.d ?? 0) >>> 8) & 0xff}.${(addresses[0]?.d ?? 0) & 0xff}`));
    expect(lines(one, { from: "app/web", to: "app/db" })).toEqual(["app/web-1[Pod] => app/db[Pod] : TCP 5432"]);
  });

  it("should be told apart by where they run when that decides: a node whose firewall stops the overlay", () => {
    const compilation = compile(`firewall strict { applies to node n-1, allow ingress from 192.168.1.0/24 on 22/tcp }
namespace app {
  pod near on n-1
  pod far  on n-2
  workload web { replicas = 2, labels = { app = "web" }, spread over [n-1, n-2] }
}
`);
    const on = (node: string): string => compilation.model.pods.find((pod) => pod.workload === "app/web" && pod.node === node)?.name ?? "";
    // VXLAN gets into n-2 alone. Its packets are not tracked, so that even an answer to n-1 is none to the firewall there.
    expect(lines(compilation, { from: "app/near,app/far", to: "app/web" })).toEqual(
      [`app/near[Pod] => app/${on("n-1")}[Pod] : All Connections`, `app/far[Pod] => app/${on("n-2")}[Pod] : All Connections`].toSorted(),
    );
  });
});

describe("machines", () => {
  const text = `firewall edge { applies to nodes, allow ingress from nodes on 4789/udp, allow ingress from nodes on 10250/tcp, allow ingress from internet on 30000..32767/tcp }
namespace app {
  pod web on n-1 { labels = { app = "web" }, port 8080/tcp }
  pod agent on n-2 { host-network = true }
  pod shut on n-1 { labels = { app = "shut" } }
  policy shut { applies to app == "shut", isolates ingress, egress }
}
`;

  it("should be behind their firewall for everybody but their own pods", () => {
    const compilation = compile(text);
    expect(lines(compilation, { from: "app/web", to: "nodes" })).toEqual([
      "app/web[Pod] => nodes[Node] : TCP 10250",
      "app/web[Pod] => own-node[Node] : All Connections",
    ]);
    expect(lines(compilation, { from: "internet", to: "nodes" })).toEqual([
      "0.0.0.0-255.255.255.255[External] => nodes[Node] : TCP 30000-32767",
    ]);
    expect(lines(compilation, { from: "app/shut" })).toEqual([""]);
  });

  it("should be what a pod with their network is: policies do not see it", () => {
    const compilation = compile(text);
    expect(lines(compilation, { from: "app/web", to: "app/agent" })).toEqual(["app/web[Pod] => app/agent[Pod] : TCP 10250"]);
    expect(lines(compilation, { from: "app/agent", to: "app/*" })).toEqual(["app/agent[Pod] => app/web[Pod] : All Connections"]);
  });
});

describe("node ports", () => {
  const text = `namespace app {
  pod db on n-2 { labels = { app = "db" }, port sql = 5432/tcp }
  pod other on n-1
  service db { selects app == "db", port 5432/tcp -> sql node-port 30054 }
  policy db { applies to app == "db", allow ingress from PEER on sql }
}
`;

  it("should be ways to the pod's own port, for the outside too", () => {
    const report = reachReport(compile(text.replace("PEER", "anyone")), { from: "internet", to: "app/db" });
    expect(report.connections).toMatchObject([
      {
        allowed: [{ protocol: "tcp", ports: [[5432, 5432]], family: null }],
        through: [{ service: "app/db", protocol: "tcp", nodePort: 30054, port: 5432 }],
      },
    ]);
  });

  it("should be seen when they lead round a policy: the pod's address is hidden behind its node's", () => {
    const compilation = compile(text.replace("PEER", "192.168.1.0/24"));
    const report = reachReport(compilation, { from: "app/other", to: "app/db", explain: true });
    expect(report.connections).toMatchObject([
      {
        from: "app/other",
        to: "app/db",
        allowed: [{ protocol: "tcp", ports: [[5432, 5432]] }],
        through: [{ service: "app/db", nodePort: 30054, port: 5432 }],
      },
    ]);
  });

  it("should not count as ports of the machine", () => {
    expect(lines(compile(text.replace("PEER", "anyone")), { from: "internet", to: "nodes" })).toEqual([
      "0.0.0.0-255.255.255.255[External] => nodes[Node] : TCP 1-30053,30055-65535,UDP 1-65535,SCTP 1-65535",
    ]);
  });
});

describe("two families", () => {
  const dual = `cluster demo {
  service-cidr = [10.96.0.0/16, fd00:96::/112]
  cni calico {
    pool four { cidr = 10.10.0.0/16, encapsulation = vxlan, nat-outgoing = true }
    pool six  { cidr = fd00:10::/64, encapsulation = vxlan, nat-outgoing = true }
  }
}
network dc {
  subnet lan { cidr = [192.168.1.0/24, fd00:1::/64] }
  router core { joins = [lan], nat = internet }
}
node n-1 in lan
node n-2 in lan
namespace app {
  pod db on n-1 { labels = { app = "db" }, port sql = 5432/tcp, port 9000/tcp }
  pod web on n-2 { labels = { app = "web" } }
  policy db {
    applies to app == "db"
    allow ingress from pods app == "web" on sql
    allow ingress from 10.10.0.0/16 on 9000/tcp
    allow egress to 2001:db8:5::/48 on 443/tcp
  }
}
`;

  it("should be named where one alone is allowed", () => {
    const report = reachReport(compile(dual), { from: "app/web", to: "app/db" });
    expect(report.connections.map(({ allowed }) => allowed)).toEqual([
      [
        { protocol: "tcp", ports: [[5432, 5432]], family: null },
        { protocol: "tcp", ports: [[9000, 9000]], family: 4 },
      ],
    ]);
  });

  it("should have ranges each of their own", () => {
    expect(lines(compile(dual), { from: "app/db" })).toEqual([
      "app/db[Pod] => 2001:db8:5::-2001:db8:5:ffff:ffff:ffff:ffff:ffff[External] : TCP 443",
    ]);
  });
});

describe("a defect of knet", () => {
  it("should be told with the flow on which rules and specifications differ", () => {
    const { scenario } = compile(small);
    const { intent } = scenario;
    const dropped = { kind: "dropped", server: null, port: null, sources: [], reason: "it is so", causes: [], admission: null } as const;
    const ask: typeof intent.ask = (flow) =>
      flow.from === "pod/app/web" && flow.port === 5432 ? { outcomes: [dropped], unspecified: null, exact: true } : intent.ask(flow);
    const { disagreements } = reach({ ...scenario, intent: { ...intent, ask } });
    const said = disagreements.map(({ flow, simulated, intended }) => [
      flow.from.name,
      flow.to.name,
      flow.port,
      simulated.replace(/db-\d/, "db"),
      intended,
    ]);
    expect(said).toContainEqual(["app/web", "app/db-0", 5432, expect.stringMatching(/^delivered pod\/app\/db:5432 from 10\./), "dropped (it is so)"]);
  });
});

describe("explanations", () => {
  it("should name the rules that allow, and where they stand", () => {
    const report = reachReport(compile(small), { from: "app/web", to: "app/db", explain: true });
    expect(report.connections.map(({ explanation }) => explanation)).toEqual([
      ["TCP 5432: no policy isolates egress of app/web; policy app/db (t.knet:21) lets it in."],
    ]);
  });

  it("should name the policies that isolate where nothing is allowed, when both sides are named", () => {
    const compilation = compile(small);
    expect(reachReport(compilation, { from: "app/job", to: "app/db", explain: true }).refusals).toEqual([
      {
        from: "app/job",
        to: "app/db",
        explanation: [
          "policy app/job (t.knet:23) isolates egress of app/job, and no rule lets it reach app/db.",
          "policy app/db (t.knet:18) isolates ingress of app/db, and no rule admits app/job.",
        ],
      },
    ]);
    expect(reachReport(compilation, { from: "app/job", explain: true }).refusals).toEqual([]);
  });

  it("should tell apart ports that different rules allow", () => {
    const report = reachReport(compile(small), { from: "app/job", to: "internet", explain: true });
    expect(report.connections.map(({ explanation }) => explanation)).toEqual([
      ["TCP 443,8000-8010: policy app/job (t.knet:25) lets it out."],
    ]);
  });

  it("should say that a node's firewall does not see its own pods", () => {
    const report = reachReport(compile(small), { from: "app/web", to: "nodes", explain: true });
    expect(report.connections.map(({ to, explanation }) => [to, explanation])).toEqual([
      ["nodes", ["All Connections: no policy isolates egress of app/web; no firewall stands before the node."]],
      [
        "own-node",
        ["All Connections: no policy isolates egress of app/web; the firewall of the node stands on the wire and is not asked."],
      ],
    ]);
  });
});

describe("many pods", () => {
  /** 40 namespaces of four workloads: as many classes as make pairs share their answers. */
  function many(replicas: number): string {
    const namespaces = Array.from(
      { length: 40 },
      (_unused, n) => `namespace t-${n} {
  workload front { replicas = ${replicas}, labels = { app = "front" }, port http = ${8000 + n}/tcp }
  workload back  { replicas = ${replicas}, labels = { app = "back" }, port http = 9000/tcp }
  policy deny  { applies to all pods, isolates ingress, egress }
  policy front { applies to app == "front", allow ingress from all namespaces on http, allow egress to pods app == "back" on 9000/tcp }
  policy back  { applies to app == "back", allow ingress from pods app == "front" on http, allow egress to pods app == "front" in namespace t-${(n + 1) % 40} on ${8000 + ((n + 1) % 40)}/tcp }
}
`,
    );
    return namespaces.join("");
  }

  it("should be asked about by classes, and no less exactly", { timeout: 120_000 }, () => {
    const compilation = compile(many(3));
    const report = reachReport(compilation);
    const own = report.connections.filter(({ from, to }) => from.startsWith("t-") && to.startsWith("t-"));
    // Each front reaches its back, each back the next namespace's front.
    const expected = Array.from({ length: 40 }, (_unused, n) => [
      `t-${n}/back => t-${(n + 1) % 40}/front TCP ${8000 + ((n + 1) % 40)}`,
      `t-${n}/front => t-${n}/back TCP 9000`,
    ]).flat();
    const said = own.map(
      ({ from, to, allowed }) =>
        `${from} => ${to} ${allowed.map(({ protocol, ports }) => `${protocol.toUpperCase()} ${ports.map(([first]) => first).join()}`).join()}`,
    );
    expect(said.toSorted()).toEqual(expected.toSorted());
    // 80 workloads and CoreDNS are 6,561 pairs, each with some hundred kinds of ports.
    expect(report.compared).toBeLessThan(6_561);
  });
});
