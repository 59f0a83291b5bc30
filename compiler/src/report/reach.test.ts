import { Ajv } from "ajv";
import { parseCidr, parseIp } from "@knet/language/values";
import type { Cidr, Ip } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import type { ReachEndpoint, ReachReport } from "../reach/types.ts";
import { reachCsv } from "./reach-csv.ts";
import { reachDot } from "./reach-dot.ts";
import { reachHtml } from "./reach-html.ts";
import { reachJson } from "./reach-json.ts";
import { reachMarkdown } from "./reach-markdown.ts";
import { reachSchema } from "./reach-schema.ts";
import { reachTable } from "./reach-table.ts";
import { reachTxt } from "./reach-txt.ts";
import { allNamed, parseXml } from "./xml.testing.ts";

const ip = (text: string): Ip => parseIp(text) ?? { family: 4, a: 0, b: 0, c: 0, d: 0 };
const cidr = (text: string): Cidr => parseCidr(text) ?? { ip: ip("0.0.0.0"), prefix: 0 };

const workload = (namespace: string, name: string, pods: number): ReachEndpoint => ({
  id: `${namespace}/${name}`,
  kind: "Deployment",
  namespace,
  name,
  pods,
  nodes: [],
  range: null,
});

const client: ReachEndpoint = { ...workload("shop", "client", 1), kind: "Pod" };
const web = workload("shop", "web", 2);
const nodes: ReachEndpoint = {
  id: "nodes",
  kind: "Node",
  namespace: null,
  name: "nodes",
  pods: 0,
  nodes: ["node-a", "node-b"],
  range: null,
};
const all: ReachEndpoint = {
  id: "internet:0.0.0.0/0",
  kind: "External",
  namespace: null,
  name: "0.0.0.0/0",
  pods: 0,
  nodes: [],
  range: { first: ip("0.0.0.0"), last: ip("255.255.255.255"), cidrs: [cidr("0.0.0.0/0")] },
};
const some: ReachEndpoint = {
  id: "internet:10.0.0.0-10.0.0.2",
  kind: "External",
  namespace: null,
  name: "10.0.0.0-10.0.0.2",
  pods: 0,
  nodes: [],
  range: { first: ip("10.0.0.0"), last: ip("10.0.0.2"), cidrs: [cidr("10.0.0.0/31"), cidr("10.0.0.2/32")] },
};

const everything = (["tcp", "udp", "sctp"] as const).map((protocol) => ({ protocol, ports: [[1, 65535]] as const, family: null }));

const report: ReachReport = {
  endpoints: [client, web, nodes, all, some],
  connections: [
    {
      from: "shop/client",
      to: "shop/web",
      allowed: [{ protocol: "tcp", ports: [[8080, 8080]], family: null }],
      through: [],
      explanation: ["TCP 8080: policy shop/web lets it in."],
    },
    {
      from: "shop/web",
      to: "internet:10.0.0.0-10.0.0.2",
      allowed: [
        {
          protocol: "tcp",
          ports: [
            [80, 80],
            [8000, 8080],
          ],
          family: null,
        },
        { protocol: "udp", ports: [[53, 53]], family: 4 },
      ],
      through: [],
      explanation: [],
    },
    { from: "nodes", to: "internet:0.0.0.0/0", allowed: everything, through: [], explanation: [] },
    {
      from: "internet:0.0.0.0/0",
      to: "shop/web",
      allowed: [{ protocol: "tcp", ports: [[8080, 8080]], family: null }],
      through: [{ service: "shop/web", protocol: "tcp", nodePort: 30080, port: 8080 }],
      explanation: [],
    },
  ],
  refusals: [
    {
      from: "shop/web",
      to: "shop/client",
      explanation: ["policy shop/client isolates ingress of shop/client, and no rule admits shop/web."],
    },
  ],
  notes: ["A note."],
  disagreements: [],
  compared: 12,
};

const bare: ReachReport = {
  ...report,
  refusals: [],
  connections: report.connections.map((connection) => ({ ...connection, explanation: [] })),
};

describe("reachTxt", () => {
  it("should be one line for each pair, sorted, with kinds, ranges and lists", () => {
    expect(reachTxt(bare)).toBe(
      [
        "0.0.0.0-255.255.255.255[External] => shop/web[Deployment] : TCP 8080",
        "nodes[Node] => 0.0.0.0-255.255.255.255[External] : All Connections",
        "shop/client[Pod] => shop/web[Deployment] : TCP 8080",
        "shop/web[Deployment] => 10.0.0.0-10.0.0.2[External] : TCP 80,8000-8080,UDP 53",
        "",
      ].join("\n"),
    );
  });

  it("should put sentences below the pairs that they are about", () => {
    expect(reachTxt(report)).toContain("shop/client[Pod] => shop/web[Deployment] : TCP 8080\n    TCP 8080: policy shop/web lets it in.\n");
    expect(reachTxt(report)).toContain(
      "shop/web[Deployment] => shop/client[Pod] : No Connections\n    policy shop/client isolates ingress",
    );
  });

  it("should be empty when nobody talks", () => {
    expect(reachTxt({ ...bare, connections: [] })).toBe("");
  });
});

describe("reachTable", () => {
  it("should name a sender once, align the columns and end with what is taken for granted", () => {
    expect(reachTable(bare)).toBe(
      [
        "FROM         TO                 PORTS",
        "shop/client  shop/web           TCP 8080",
        "shop/web     10.0.0.0-10.0.0.2  TCP 80, 8000-8080, UDP 53 (IPv4)",
        "nodes        0.0.0.0/0          All Connections",
        "0.0.0.0/0    shop/web           TCP 8080; by node port 30080/tcp of service shop/web",
        "",
        "4 connections between 5 endpoints",
        "A note.",
        "",
      ]
        .join("\n")
        .replace("0.0.0.0/0    shop/web ", "0.0.0.0/0    shop/web "),
    );
  });

  it("should say what cannot talk, and why", () => {
    expect(reachTable(report)).toContain(
      "shop/web     shop/client        nothing\n    policy shop/client isolates ingress of shop/client, and no rule admits shop/web.\n",
    );
  });
});

describe("reachJson", () => {
  const validate = new Ajv({ allErrors: true, strict: true, strictTuples: false, strictTypes: false, strictRequired: false }).compile(
    reachSchema,
  );

  it("should be what the schema says, with and without explanations", () => {
    for (const one of [report, bare]) {
      const document: unknown = JSON.parse(reachJson(one));
      expect([validate(document), validate.errors]).toEqual([true, null]);
    }
  });

  it("should give endpoints, ranges as CIDRs, ports as inclusive pairs, all traffic as three whole ranges", () => {
    const document = JSON.parse(reachJson(bare));
    expect(document).toMatchObject({
      version: 1,
      endpoints: [
        { id: "shop/client", kind: "Pod", namespace: "shop", name: "client", pods: 1 },
        { id: "shop/web", kind: "Deployment", namespace: "shop", name: "web", pods: 2 },
        { id: "nodes", kind: "Node", nodes: ["node-a", "node-b"] },
        { id: "internet:0.0.0.0/0", kind: "External", cidrs: ["0.0.0.0/0"] },
        { id: "internet:10.0.0.0-10.0.0.2", kind: "External", cidrs: ["10.0.0.0/31", "10.0.0.2/32"] },
      ],
      connections: [
        { from: "shop/client", to: "shop/web", allowed: [{ protocol: "TCP", ports: [[8080, 8080]] }] },
        {
          allowed: [
            {
              protocol: "TCP",
              ports: [
                [80, 80],
                [8000, 8080],
              ],
            },
            { protocol: "UDP", ports: [[53, 53]], family: "IPv4" },
          ],
        },
        {
          allowed: [
            { protocol: "TCP", ports: [[1, 65535]] },
            { protocol: "UDP", ports: [[1, 65535]] },
            { protocol: "SCTP", ports: [[1, 65535]] },
          ],
        },
        { through: [{ service: "shop/web", protocol: "TCP", nodePort: 30080, port: 8080 }] },
      ],
    });
  });

  it("should be refused by the schema when a port, a protocol or an endpoint is none", () => {
    const broken = [
      { version: 1, endpoints: [], connections: [{ from: "a", to: "b", allowed: [{ protocol: "TCP", ports: [[0, 80]] }] }] },
      { version: 1, endpoints: [], connections: [{ from: "a", to: "b", allowed: [{ protocol: "tcp", ports: [[80, 80]] }] }] },
      { version: 1, endpoints: [{ id: "internet:0.0.0.0/0", kind: "External" }], connections: [] },
    ];
    expect(broken.map((document) => validate(document))).toEqual([false, false, false]);
  });
});

describe("reachCsv", () => {
  it("should have one record for each range, ended by CRLF", () => {
    expect(reachCsv(bare).split("\r\n")).toEqual([
      "from,from kind,to,to kind,protocol,first port,last port,family,through,explanation",
      "shop/client,Pod,shop/web,Deployment,TCP,8080,8080,,,",
      "shop/web,Deployment,10.0.0.0-10.0.0.2,External,TCP,80,80,,,",
      "shop/web,Deployment,10.0.0.0-10.0.0.2,External,TCP,8000,8080,,,",
      "shop/web,Deployment,10.0.0.0-10.0.0.2,External,UDP,53,53,IPv4,,",
      "nodes,Node,0.0.0.0/0,External,TCP,1,65535,,,",
      "nodes,Node,0.0.0.0/0,External,UDP,1,65535,,,",
      "nodes,Node,0.0.0.0/0,External,SCTP,1,65535,,,",
      "0.0.0.0/0,External,shop/web,Deployment,TCP,8080,8080,,node port 30080/tcp of service shop/web,",
      "",
    ]);
  });
});

describe("names that are markup elsewhere", () => {
  const hostile = `<b>&"x"\\|*_\`\n,=1+1\u202E`;
  const evil: ReachEndpoint = { ...workload(hostile, hostile, 1), id: hostile };
  const formula: ReachEndpoint = { ...workload("n", "m", 1), id: "=1+1" };
  const bad: ReachReport = {
    ...bare,
    endpoints: [evil, formula],
    connections: [{ from: hostile, to: "=1+1", allowed: everything, through: [], explanation: [hostile] }],
    notes: [hostile],
  };

  it("should stay one line in txt and table", () => {
    expect(reachTxt(bad)).toBe(
      `<b>&"x"\\|*_\` ,=1+1\uFFFD[Deployment] => =1+1[Deployment] : All Connections\n    <b>&"x"\\|*_\` ,=1+1\uFFFD\n`,
    );
    expect(reachTable(bad)).not.toContain("\u202E");
  });

  it("should be text in HTML, which stays well-formed", () => {
    const page = reachHtml(bad);
    expect(page).not.toContain("<b>");
    const root = parseXml(page.replace("<!DOCTYPE html>\n", ""));
    expect(allNamed(root, "td").map((cell) => cell.text.split("\n")[0])).toContain(`<b>&"x"\\|*_\``);
  });

  it("should be text in Markdown: no column, no markup, no HTML", () => {
    const row = reachMarkdown(bad)
      .split("\n")
      .find((line) => line.includes("All Connections"));
    expect(row).toBe('| &lt;b&gt;&amp;"x"\\\\\\|\\*\\_\\` ,=1+1\uFFFD | \\=1+1 | All Connections |');
  });

  it("should be one quoted string in DOT", () => {
    expect(reachDot(bad)).toContain('"<b>&\\"x\\"\\\\|*_` ,=1+1\uFFFD" -> "=1+1" [label="All Connections", tooltip=');
  });

  it("should be one quoted field in CSV, and no formula", () => {
    expect(reachCsv(bad)).toContain('"<b>&""x""\\|*_`\n,=1+1\u202E",Deployment,\'=1+1,Deployment,TCP,1,65535');
  });
});
