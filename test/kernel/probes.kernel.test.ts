import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LabError } from "../../compiler/src/lab/errors.ts";
import { openLab } from "../../compiler/src/lab/lab.ts";
import type { Lab, Probe } from "../../compiler/src/lab/lab.ts";
import { named, noLab, noTracing, outcome, probe } from "./lab.ts";
import { twoSubnets } from "./two-subnets.ts";

const web = "pod/shop/web-0";
const db = "pod/shop/db-0";
const api = "pod/shop/api-0";

/** Probe and outcome, for both families in each row. */
const table: readonly (readonly [string, string])[] = [
  // Across the nodes, through VXLAN.
  [`${web} -> 10.10.0.65 tcp 8080`, `ok from 10.10.0.1 by ${api}`],
  [`${web} -> fd10::41 tcp 8080`, `ok from fd10::1 by ${api}`],
  [`${web} -> 10.10.0.65 udp 5353`, `ok from 10.10.0.1 by ${api}`],
  [`${web} -> fd10::41 udp 5353`, `ok from fd10::1 by ${api}`],
  // A node's own packets take the address of its tunnel.
  ["node/node1 -> 10.10.0.65 tcp 8080", `ok from 10.10.0.0 by ${api}`],
  ["node/node1 -> fd10::41 tcp 8080", `ok from fd10:: by ${api}`],
  // Nobody listens.
  [`${web} -> 10.10.0.65 tcp 8081`, "refused"],
  [`${web} -> fd10::41 tcp 8081`, "refused"],
  [`${web} -> 10.10.0.65 udp 8081`, "refused"],
  [`${web} -> fd10::41 udp 8081`, "refused"],
  // A service address, translated on the node of the client.
  [`${web} -> 172.16.10.10 tcp 80`, `ok from 10.10.0.1 by ${api}`],
  [`${web} -> fd16::10 tcp 80`, `ok from fd10::1 by ${api}`],
  // DROP is silence.
  [`${web} -> 10.10.0.66 tcp 81`, "timeout"],
  [`${web} -> fd10::42 tcp 81`, "timeout"],
  // REJECT by ICMP and by reset.
  [`${web} -> 10.10.0.66 tcp 82`, "refused"],
  [`${web} -> fd10::42 tcp 82`, "refused"],
  [`${web} -> 10.10.0.66 udp 82`, "refused"],
  [`${web} -> fd10::42 udp 82`, "refused"],
  [`${web} -> 10.10.0.66 tcp 83`, "refused"],
  [`${web} -> fd10::42 tcp 83`, "refused"],
  [`${web} -> 10.10.0.66 tcp 84`, "hostunreach"],
  [`${web} -> fd10::42 tcp 84`, "hostunreach"],
  [`${web} -> 10.10.0.66 udp 84`, "hostunreach"],
  [`${web} -> fd10::42 udp 84`, "hostunreach"],
  // A set names web-0 and not db-0.
  [`${web} -> 10.10.0.66 tcp 80`, "timeout"],
  [`${web} -> fd10::42 tcp 80`, "timeout"],
  [`${db} -> 10.10.0.66 tcp 80`, "ok from 10.10.0.2 by pod/default/nginx"],
  [`${db} -> fd10::42 tcp 80`, "ok from fd10::2 by pod/default/nginx"],
  // A listener with an address of its own is not there for the others.
  [`${web} -> 192.168.2.10 tcp 10250`, "ok from 10.10.0.1 by node/node2"],
  [`${web} -> fd00:2::10 tcp 10250`, "refused"],
  // A host-network pod answers on its node's address.
  [`${web} -> 192.168.2.10 udp 9000`, "ok from 10.10.0.1 by pod/kube-system/agent"],
  [`${web} -> fd00:2::10 udp 9000`, "ok from fd10::1 by pod/kube-system/agent"],
  // No pod has the address: the blackhole swallows what is forwarded, and tells its own host.
  [`${web} -> 10.10.0.9 tcp 80`, "timeout"],
  ["node/node1 -> 10.10.0.9 tcp 80", "invalid"],
  // The router has no default route.
  ["router/core -> 10.200.0.1 tcp 80", "netunreach"],
  ["router/core -> fd99::1 tcp 80", "netunreach"],
];

const variants = [
  ["legacy", noLab],
  ["nft", noTracing],
] as const;

describe.each(variants)("a booted fabric with %s rules", (variant, missing) => {
  describe.skipIf(missing !== null)(named("answers as Linux does", missing), () => {
    let lab: Lab;
    beforeAll(async () => {
      lab = await openLab(twoSubnets(), { variant });
    });
    afterAll(() => lab.close());

    it("gives each probe its verdict, the server that answered and the source that the server saw", async () => {
      const results = await lab.probe(table.map(([words, expected]) => probe(words, { expectOk: expected.startsWith("ok") })));
      expect(results.map((result) => [result.id, outcome(result)])).toEqual(table);
    });
  });
});

describe.skipIf(noLab !== null)(named("probes", noLab), () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab(twoSubnets());
  });
  afterAll(() => lab.close());

  const one = async (words: string, more: Partial<Probe> = {}): Promise<string> => outcome((await lab.probe([probe(words, more)]))[0]);

  it("say that a packet is too big, whether the own device or a node on the way finds out, and once more when asked again", async () => {
    // web-0's device has 1430 bytes; db-0's has 1500, and the tunnels 1450 (IPv4) and 1430 (IPv6).
    expect(await one(`${web} -> 10.10.0.65 udp 5353`, { size: 1431 })).toBe("msgsize");
    expect(await one(`${db} -> 10.10.0.65 udp 5353`, { size: 1451 })).toBe("msgsize");
    expect(await one(`${db} -> 10.10.0.65 udp 5353`, { size: 1451 })).toBe("msgsize");
    expect(await one(`${db} -> fd10::41 udp 5353`, { size: 1431 })).toBe("msgsize");
    await lab.flush();
    expect(await one(`${db} -> 10.10.0.65 udp 5353`, { size: 1451 })).toBe("msgsize");
  });

  it("pass when the packet is exactly as big as the way allows", async () => {
    expect(await one(`${web} -> 10.10.0.65 udp 5353`, { size: 1430, expectOk: true })).toBe(`ok from 10.10.0.1 by ${api}`);
    expect(await one(`${db} -> fd10::41 udp 5353`, { size: 1430, expectOk: true })).toBe(`ok from fd10::2 by ${api}`);
  });

  it("use the source address and port that they are given", async () => {
    const [result] = await lab.probe([probe("node/node1 -> 10.10.0.65 udp 5353", { src: "192.168.1.10", sport: 40123, expectOk: true })]);
    expect([result?.source, result?.sourcePort]).toEqual(["192.168.1.10", 40123]);
  });

  it("may use one port again and again", async () => {
    for (const protocol of ["tcp 8080", "udp 5353", "tcp 8080", "udp 5353"]) {
      expect(await one(`${web} -> 10.10.0.65 ${protocol}`, { sport: 40000, expectOk: true })).toBe(`ok from 10.10.0.1 by ${api}`);
    }
  });

  it("keep the EPERM of a rule of the own host, which is a timeout like any other drop", async () => {
    await using own = await openLab(
      twoSubnets({
        iptables: [
          {
            owner: "own",
            family: 4,
            tables: [
              {
                name: "filter",
                chains: [],
                rules: [
                  { operation: "append", chain: "OUTPUT", text: "-d 10.10.0.1/32 -j DROP", origin: { name: "test", span: null } },
                  { operation: "append", chain: "OUTPUT", text: "-d 10.10.0.2/32 -j REJECT", origin: { name: "test", span: null } },
                ],
              },
            ],
          },
        ],
      }),
    );
    const results = await own.probe(
      ["10.10.0.1 udp 7", "10.10.0.1 tcp 7", "10.10.0.2 udp 7", "10.10.0.2 tcp 7"].map((words) => probe(`node/node2 -> ${words}`)),
    );
    expect(results.map(({ verdict, error }) => [verdict, error])).toEqual([
      ["timeout", "EPERM"],
      ["timeout", null],
      ["refused", "ECONNREFUSED"],
      ["refused", "ECONNREFUSED"],
    ]);
  });

  it("of a protocol that the kernel lacks are skipped by name, among others that are answered", async () => {
    const fabric = twoSubnets();
    const listener = { host: api, protocol: "sctp", port: 9, address: null, origin: { name: "test", span: null } } as const;
    await using own = await openLab({ ...fabric, listeners: [...fabric.listeners, listener] });
    const isLacking = own.skipped.some(({ what }) => what === `${api} listening on sctp 0.0.0.0 port 9`);
    const [sctp, tcp] = await own.probe([
      probe(`${api} -> 10.10.0.65 sctp 9`, { id: "sctp", expectOk: true }),
      probe(`${web} -> 10.10.0.65 tcp 8080`, { id: "tcp", expectOk: true }),
    ]);
    expect([sctp?.id, sctp?.verdict, sctp?.error]).toEqual(
      isLacking ? ["sctp", "skipped", "EPROTONOSUPPORT"] : ["sctp", "ok", null],
    );
    expect([tcp?.id, tcp?.verdict]).toEqual(["tcp", "ok"]);
  });

  it("come by the thousands, in the order in which they were asked", async () => {
    const many = Array.from({ length: 2000 }, (_, at) =>
      probe(`${at % 2 === 0 ? web : db} -> 10.10.0.65 ${at % 3 === 0 ? "udp 5353" : "tcp 8080"}`, { id: String(at), expectOk: true }),
    );
    const results = await lab.probe(many);
    expect(results.map(({ id }) => id)).toEqual(many.map(({ id }) => id));
    expect(results.filter(({ verdict }) => verdict !== "ok")).toEqual([]);
  });

  it.each<[string, Probe, string]>([
    ["a host that is not there", probe("pod/x/gone -> 10.10.0.65 tcp 80"), "the laboratory has no host pod/x/gone"],
    ["a size of TCP", probe(`${web} -> 10.10.0.65 tcp 80`, { id: "p", size: 100 }), "probe p: only UDP has a size"],
    [
      "a packet smaller than its headers",
      probe(`${web} -> fd10::41 udp 80`, { id: "p", size: 47 }),
      "probe p: an IP packet with UDP has 48 to 65535 bytes, not 47",
    ],
    [
      "a source address that the host does not have",
      probe(`${web} -> 10.10.0.65 udp 80`, { id: "p", src: "10.10.0.9" }),
      `probe p from ${web} to 10.10.0.65 udp 80 cannot be made: EADDRNOTAVAIL`,
    ],
  ])("cannot be made with %s", async (_, asked, message) => {
    await expect(lab.probe([asked])).rejects.toThrow(new LabError("probe", message));
  });
});
