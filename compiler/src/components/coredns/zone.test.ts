import { formatIp } from "@knet/language/values";
import { describe, expect, it } from "vitest";
import { ip, model, node, origin, pod, port, service } from "../../control-plane/testing.ts";
import type { ModelParts } from "../../control-plane/testing.ts";
import type { DnsRecord, DnsZone } from "../../fabric/types.ts";
import type { DnsForward, NetworkModel } from "../../model/types.ts";
import { answerQuery } from "../../simulate/dns.ts";
import type { QueryType } from "../../simulate/dns.ts";
import { dnsZones, reverseName } from "./zone.ts";

function withNamespaces(parts: ModelParts, forwards: readonly DnsForward[] = [], domain = "cluster.local"): NetworkModel {
  const given = model(parts);
  return {
    ...given,
    cluster: { ...given.cluster, domain, dns: { ...given.cluster.dns, forwards } },
    namespaces: ["default", "kube-system", "shop"].map((name) => ({ name, labels: {}, origin: origin(`namespace ${name}`) })),
  };
}

function forward(zone: string, ...servers: readonly string[]): DnsForward {
  return { zone, servers: servers.map(ip), origin: origin(`forward ${zone}`) };
}

function recordText(record: DnsRecord): string {
  if ("address" in record) return `${record.type} ${formatIp(record.address)}`;
  if (record.type === "SRV") return `SRV ${record.priority} ${record.weight} ${record.port} ${record.target}`;
  return `${record.type} ${record.target}`;
}

/** The records of an answer, or its status when there are none. */
function ask(zones: readonly DnsZone[], name: string, type: QueryType): string | readonly string[] {
  const { status, records } = answerQuery(zones, name, type);
  return records.length === 0 ? status : records.map(recordText);
}

const http = port(80, { name: "http", targetPort: 8080 });
const https = port(443, { name: "https", targetPort: 8443 });

describe("a service with a cluster IP", () => {
  const zones = dnsZones(
    withNamespaces({
      services: [
        service("web", ["10.96.0.7", "fd00:96::7"], [http, https]),
        service("idle", ["10.96.0.9"], [port(53, { protocol: "udp" })], { selector: { app: "none" } }),
      ],
      pods: [pod("a", ["10.244.0.5", "fd00:244::5"]), pod("b", ["10.244.0.6"], { ready: false })],
    }),
  );

  it("has its addresses by family, with the Corefile's time to live", () => {
    expect(ask(zones, "web.shop.svc.cluster.local", "A")).toEqual(["A 10.96.0.7"]);
    expect(ask(zones, "web.shop.svc.cluster.local", "AAAA")).toEqual(["AAAA fd00:96::7"]);
    expect(answerQuery(zones, "web.shop.svc.cluster.local", "A").records[0]?.ttl).toBe(30);
  });

  it("answers with its address also without endpoints", () => {
    expect(ask(zones, "idle.shop.svc.cluster.local", "A")).toEqual(["A 10.96.0.9"]);
    expect(ask(zones, "idle.shop.svc.cluster.local", "AAAA")).toBe("NODATA");
  });

  it("has an SRV record for each named port, pointing to itself with the service port", () => {
    expect(ask(zones, "_http._tcp.web.shop.svc.cluster.local", "SRV")).toEqual(["SRV 0 50 80 web.shop.svc.cluster.local"]);
    expect(ask(zones, "_http._udp.web.shop.svc.cluster.local", "SRV")).toBe("NXDOMAIN");
    expect(ask(zones, "_tcp.web.shop.svc.cluster.local", "SRV")).toBe("NXDOMAIN");
  });

  it("answers an SRV question for its bare name with all ports, unnamed ones too", () => {
    expect(ask(zones, "web.shop.svc.cluster.local", "SRV")).toEqual([
      "SRV 0 25 80 web.shop.svc.cluster.local",
      "SRV 0 25 443 web.shop.svc.cluster.local",
    ]);
    expect(ask(zones, "idle.shop.svc.cluster.local", "SRV")).toEqual(["SRV 0 100 53 idle.shop.svc.cluster.local"]);
  });

  it("also answers for its ready endpoints by name", () => {
    expect(ask(zones, "10-244-0-5.web.shop.svc.cluster.local", "A")).toEqual(["A 10.244.0.5"]);
    expect(ask(zones, "fd00-244--5.web.shop.svc.cluster.local", "AAAA")).toEqual(["AAAA fd00:244::5"]);
    expect(ask(zones, "10-244-0-6.web.shop.svc.cluster.local", "A")).toBe("NXDOMAIN");
  });

  it("is what its address points back to", () => {
    expect(ask(zones, "7.0.96.10.in-addr.arpa", "PTR")).toEqual(["PTR web.shop.svc.cluster.local"]);
    expect(ask(zones, reverseName(ip("fd00:96::7")), "PTR")).toEqual(["PTR web.shop.svc.cluster.local"]);
    expect(ask(zones, "5.0.244.10.in-addr.arpa", "PTR")).toEqual(["PTR 10-244-0-5.web.shop.svc.cluster.local"]);
  });
});

describe("a headless service", () => {
  const named = { subdomain: "db", labels: { app: "db" } };
  const db = service("db", [], [port(5432, { name: "sql", targetPort: 5433 })], { selector: { app: "db" } });
  const zones = dnsZones(
    withNamespaces({
      services: [db, service("empty", [], [http], { selector: { app: "none" } }), service("portless", [], [], { selector: { app: "db" } })],
      pods: [
        pod("db-0", ["10.244.0.5"], { ...named, hostname: "db-0" }),
        pod("db-1", ["10.244.0.20"], { ...named, hostname: "db-1" }),
        pod("db-2", ["10.244.0.9"], { labels: { app: "db" } }),
        pod("db-3", ["10.244.0.10"], { ...named, hostname: "db-3", ready: false }),
        pod("db-4", ["10.244.0.11"], { ...named, hostname: "db-4", terminating: true }),
      ],
    }),
  );

  it("has the addresses of its ready endpoints", () => {
    expect(ask(zones, "db.shop.svc.cluster.local", "A")).toEqual(["A 10.244.0.5", "A 10.244.0.9", "A 10.244.0.20"]);
    expect(ask(zones, "db.shop.svc.cluster.local", "AAAA")).toBe("NODATA");
  });

  it("names endpoints by hostname, or by address", () => {
    expect(ask(zones, "db-0.db.shop.svc.cluster.local", "A")).toEqual(["A 10.244.0.5"]);
    expect(ask(zones, "10-244-0-9.db.shop.svc.cluster.local", "A")).toEqual(["A 10.244.0.9"]);
    expect(ask(zones, "10-244-0-5.db.shop.svc.cluster.local", "A")).toBe("NXDOMAIN");
    expect(ask(zones, "db-3.db.shop.svc.cluster.local", "A")).toBe("NXDOMAIN");
    expect(ask(zones, "db-4.db.shop.svc.cluster.local", "A")).toBe("NXDOMAIN");
  });

  it("has an SRV record per endpoint with the endpoint's port, 33 for each of three", () => {
    expect(ask(zones, "_sql._tcp.db.shop.svc.cluster.local", "SRV")).toEqual([
      "SRV 0 33 5433 db-1.db.shop.svc.cluster.local",
      "SRV 0 33 5433 db-0.db.shop.svc.cluster.local",
      "SRV 0 33 5433 10-244-0-9.db.shop.svc.cluster.local",
    ]);
  });

  it("does not exist without ready endpoints", () => {
    expect(ask(zones, "empty.shop.svc.cluster.local", "A")).toBe("NXDOMAIN");
  });

  it("answers for addresses, never for SRV, when it has no ports", () => {
    expect(ask(zones, "portless.shop.svc.cluster.local", "A")).toEqual(["A 10.244.0.5", "A 10.244.0.9", "A 10.244.0.20"]);
    expect(ask(zones, "portless.shop.svc.cluster.local", "SRV")).toBe("NODATA");
  });

  it("is one of several that an endpoint's address points back to", () => {
    expect(ask(zones, "9.0.244.10.in-addr.arpa", "PTR")).toEqual([
      "PTR 10-244-0-9.db.shop.svc.cluster.local",
      "PTR 10-244-0-9.portless.shop.svc.cluster.local",
    ]);
  });

  it("holds what is not ready when it publishes that", () => {
    const published = dnsZones(
      withNamespaces({
        services: [{ ...db, publishNotReady: true }],
        pods: [pod("db-3", ["10.244.0.10"], { ...named, hostname: "db-3", ready: false })],
      }),
    );
    expect(ask(published, "db-3.db.shop.svc.cluster.local", "A")).toEqual(["A 10.244.0.10"]);
  });

  it("gives an SRV record the weight 1 when there are more than a hundred", () => {
    const pods = Array.from({ length: 150 }, (_, i) => pod(`p${i}`, [`10.244.1.${i + 1}`], { labels: { app: "db" } }));
    const answer = answerQuery(dnsZones(withNamespaces({ services: [db], pods })), "_sql._tcp.db.shop.svc.cluster.local", "SRV");
    expect(answer.records).toHaveLength(150);
    expect(new Set(answer.records.map((record) => (record.type === "SRV" ? record.weight : 0)))).toEqual(new Set([1]));
  });

  it("writes an IPv6 endpoint that ends with colons with a zero", () => {
    const given = dnsZones(
      withNamespaces({ serviceCidrs: ["2001:db8:96::/112"], services: [db], pods: [pod("x", ["2001:db8::"], { labels: { app: "db" } })] }),
    );
    expect(ask(given, "2001-db8--0.db.shop.svc.cluster.local", "AAAA")).toEqual(["AAAA 2001:db8::"]);
  });
});

describe("an ExternalName service", () => {
  const external = (externalName: string): readonly DnsZone[] =>
    dnsZones(
      withNamespaces({
        services: [
          service("out", [], [], { type: "ExternalName", headless: false, selector: null, externalName }),
          service("web", ["10.96.0.7"], [http]),
        ],
      }),
    );

  it("is an alias, followed inside the cluster", () => {
    expect(ask(external("web.shop.svc.cluster.local."), "out.shop.svc.cluster.local", "A")).toEqual([
      "CNAME web.shop.svc.cluster.local",
      "A 10.96.0.7",
    ]);
    expect(ask(external("db.example"), "out.shop.svc.cluster.local", "A")).toEqual(["CNAME db.example"]);
  });

  it("does not resolve when it names an address", () => {
    expect(ask(external("192.0.2.1"), "out.shop.svc.cluster.local", "A")).toBe("NXDOMAIN");
  });
});

describe("names of pods and of nothing", () => {
  const zones = dnsZones(withNamespaces({ pods: [pod("a", ["10.244.1.5", "fd00:244::5"])] }));

  it("hold each pod below its namespace", () => {
    expect(ask(zones, "10-244-1-5.shop.pod.cluster.local", "A")).toEqual(["A 10.244.1.5"]);
    expect(ask(zones, "fd00-244--5.shop.pod.cluster.local", "AAAA")).toEqual(["AAAA fd00:244::5"]);
    expect(ask(zones, "10-244-1-6.shop.pod.cluster.local", "A")).toBe("NXDOMAIN");
  });

  it.each(["cluster.local", "svc.cluster.local", "pod.cluster.local", "shop.svc.cluster.local", "shop.pod.cluster.local"])(
    "have no data at %s",
    (name) => {
      expect(ask(zones, name, "A")).toBe("NODATA");
    },
  );

  it.each(["nowhere.svc.cluster.local", "nowhere.pod.cluster.local", "shop.cluster.local", "a.b.c.d.shop.svc.cluster.local"])(
    "do not exist at %s",
    (name) => {
      expect(ask(zones, name, "A")).toBe("NXDOMAIN");
    },
  );
});

describe("the zones beside the cluster's", () => {
  const systemPod = (name: string): ReturnType<typeof pod> =>
    pod(name, ["10.244.9.9"], { namespace: "kube-system", labels: { "k8s-app": "kube-dns" }, system: true });

  it("are served by the pods that kube-dns selects", () => {
    const zones = dnsZones(
      withNamespaces({
        pods: [systemPod("coredns-0"), systemPod("coredns-1"), pod("a", ["10.244.0.5"], { labels: { "k8s-app": "kube-dns" } })],
      }),
    );
    expect(zones.map((zone) => zone.zone)).toEqual(["cluster.local", "in-addr.arpa", "ip6.arpa", ""]);
    for (const zone of zones) expect(zone.servers).toEqual(["pod/kube-system/coredns-0", "pod/kube-system/coredns-1"]);
  });

  it("forward what the program says, and the rest to the node's resolver", () => {
    const zones = dnsZones(
      withNamespaces({}, [forward("Corp.Example.", "192.168.1.53"), forward("corp.example", "192.168.1.54", "192.168.1.53")]),
    );
    expect(answerQuery(zones, "db.corp.example", "A")).toMatchObject({
      status: "FORWARDED",
      forwardTo: [ip("192.168.1.53"), ip("192.168.1.54")],
    });
    expect(answerQuery(zones, "example.com", "A")).toMatchObject({ status: "FORWARDED", forwardTo: [] });
    expect(answerQuery(zones, "1.2.0.192.in-addr.arpa", "PTR")).toMatchObject({ status: "FORWARDED", forwardTo: [] });
  });

  it("take the servers of a forward of the root as upstream", () => {
    const zones = dnsZones(withNamespaces({}, [forward(".", "9.9.9.9")]));
    expect(answerQuery(zones, "1.2.0.192.in-addr.arpa", "PTR")).toMatchObject({ status: "FORWARDED", forwardTo: [ip("9.9.9.9")] });
  });

  it("hide the cluster's zone when one of them holds it, as the longer server block wins", () => {
    const web = { services: [service("web", ["10.96.0.7"], [http])] };
    const hidden = dnsZones(withNamespaces(web, [forward("local", "192.168.1.53")]));
    expect(answerQuery(hidden, "web.shop.svc.cluster.local", "A")).toMatchObject({ status: "FORWARDED", forwardTo: [ip("192.168.1.53")] });
    const below = dnsZones(withNamespaces(web, [forward("dev.cluster.local", "192.168.1.53")]));
    expect(ask(below, "web.shop.svc.cluster.local", "A")).toEqual(["A 10.96.0.7"]);
    expect(answerQuery(below, "x.dev.cluster.local", "A").status).toBe("FORWARDED");
  });
});

describe("reverse names", () => {
  it("turn the address round, IPv6 digit by digit", () => {
    expect(reverseName(ip("10.10.1.2"))).toBe("2.1.10.10.in-addr.arpa");
    expect(reverseName(ip("2001:db8::567:89ab"))).toBe("b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
  });
});

describe("a large headless service", () => {
  it("is derived in a moment", () => {
    const pods = Array.from({ length: 5000 }, (_, i) => pod(`p${i}`, [`10.244.${i >> 8}.${i & 255}`], { labels: { app: "db" } }));
    const given = withNamespaces({
      nodes: [node("node-a", "192.168.10.11")],
      services: [service("db", [], [http], { selector: { app: "db" } })],
      pods,
    });
    const started = performance.now();
    expect(answerQuery(dnsZones(given), "db.shop.svc.cluster.local", "A").records).toHaveLength(5000);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
