import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { LabError } from "../../compiler/src/lab/errors.ts";
import type { LoadProblem } from "../../compiler/src/lab/errors.ts";
import { openLab } from "../../compiler/src/lab/lab.ts";
import type { LabOptions } from "../../compiler/src/lab/lab.ts";
import { labCommand } from "../../compiler/src/lab/support.ts";
import { LabProcess } from "../../compiler/src/lab/process.ts";
import type { Fabric } from "../../compiler/src/fabric/types.ts";
import { named, noLab, noTracing, outcome, probe } from "./lab.ts";
import { payload, twoSubnets } from "./two-subnets.ts";

/** Ids of the processes in a pid namespace, by its inode. */
function processesIn(namespace: number): readonly string[] {
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return statSync(`/proc/${name}/ns/pid`).ino === namespace;
    } catch {
      return false;
    }
  });
}

function namespaceFiles(): readonly string[] {
  return existsSync("/run/netns") ? readdirSync("/run/netns").sort() : [];
}

async function untilEmpty(namespace: number): Promise<readonly string[]> {
  for (let tries = 0; tries < 100 && processesIn(namespace).length > 0; tries++) await sleep(50);
  return processesIn(namespace);
}

async function problemsOf(fabric: Fabric, options: LabOptions = {}): Promise<readonly LoadProblem[]> {
  try {
    const lab = await openLab(fabric, options);
    await lab.close();
    return [];
  } catch (error) {
    if (error instanceof LabError && error.kind === "load") return error.problems;
    throw error;
  }
}

describe.skipIf(noLab !== null)(named("the end of a laboratory", noLab), () => {
  it("leaves no process and no namespace when it is closed, and closes twice without harm", async () => {
    const before = namespaceFiles();
    const lab = await openLab(twoSubnets());
    expect(processesIn(lab.pidNamespace).length).toBeGreaterThanOrEqual(2);
    await lab.close();
    expect(await untilEmpty(lab.pidNamespace)).toEqual([]);
    await lab.close();
    expect(namespaceFiles()).toEqual(before);
    await expect(lab.probe([probe("pod/shop/web-0 -> 10.10.0.65 tcp 8080")])).rejects.toMatchObject({ kind: "closed" });
  });

  it("leaves nothing behind when the process that opened it is killed without warning", async () => {
    const before = namespaceFiles();
    const child = spawn(process.execPath, [fileURLToPath(new URL("open-and-wait.ts", import.meta.url))], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line]: unknown[] = await once(child.stdout, "data");
    const namespace = Number(String(line).trim());
    expect(processesIn(namespace).length).toBeGreaterThanOrEqual(2);
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    expect(await untilEmpty(namespace)).toEqual([]);
    expect(namespaceFiles()).toEqual(before);
  });

  it("comes at once, also while it boots", async () => {
    const starting = new LabProcess();
    const booting = starting
      .boot({ create: "", wires: "", namespaces: [], pairs: [], listeners: [], variant: "legacy" }, 5000)
      .catch((error: unknown) => error);
    await starting.close();
    expect(await booting).toMatchObject({ kind: "closed" });
  });

  it("ends a laboratory that does not answer in time", async () => {
    const silent = new LabProcess();
    await expect(silent.boot({}, 1)).rejects.toMatchObject({ kind: "timeout", message: "the laboratory did not answer within 1 ms" });
    await silent.close();
  });

  it("hides two laboratories from each other", async () => {
    await using first = await openLab(twoSubnets());
    await using second = await openLab(twoSubnets({ listeners: [] }));
    const words = probe("pod/shop/web-0 -> 10.10.0.65 tcp 8080");
    const results = await Promise.all([first.probe([{ ...words, expectOk: true }]), second.probe([words])]);
    expect(results.map(([result]) => outcome(result))).toEqual(["ok from 10.10.0.1 by pod/shop/api-0", "refused"]);
  });
});

describe.skipIf(noLab !== null)(named("whether a laboratory can run", noLab), () => {
  it("is tried for real, and what is missing is named", () => {
    // A PATH with everything but ipset.
    const folder = mkdtempSync(join(tmpdir(), "knet-path-"));
    try {
      const tools = [
        "unshare",
        "ip",
        "bridge",
        "nft",
        ...["ip", "ip6"].flatMap((family) =>
          ["legacy", "nft"].flatMap((variant) => ["restore", "save"].map((what) => `${family}tables-${variant}-${what}`)),
        ),
      ];
      for (const tool of tools) {
        const found = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map((place) => join(place, tool)).find((path) => existsSync(path));
        if (found !== undefined) symlinkSync(found, join(folder, tool));
      }
      const { command, args } = labCommand(["--check"]);
      const report: unknown = JSON.parse(
        execFileSync(join(folder, command), [...args], {
          env: { PATH: folder, LC_ALL: "C" },
          encoding: "utf8",
          stdio: ["ignore", "pipe", "inherit"],
        }),
      );
      expect(report).toMatchObject({ missing: ["ipset restore: ipset is not installed"] });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is denied with the reason where no namespace can be made", () => {
    const support = new URL("../../compiler/src/lab/support.ts", import.meta.url).href;
    // The folders of administrators' tools are always looked into; unshare is not there.
    const script = `import { labSupport } from ${JSON.stringify(support)}; console.log(JSON.stringify(labSupport()));`;
    const said = execFileSync(process.execPath, ["--input-type=module", "-e", script], { env: { PATH: "/nonexistent" }, encoding: "utf8" });
    expect(JSON.parse(said)).toEqual({ available: false, reason: "an own network namespace cannot be made: spawnSync unshare ENOENT" });
  });
});

describe.skipIf(noLab !== null)(named("a file that does not load", noLab), () => {
  const bad = payload("mistaken", 4, "filter", ["one"], ["one -j ACCEPT", "FORWARD -p tcp --frobnicate 7 -j one", "FORWARD -j one"]);

  it("is named with host, line and what the tool said", async () => {
    expect(await problemsOf(twoSubnets({ iptables: [bad] }))).toEqual([
      {
        host: "node/node2",
        file: "nodes/node2/mistaken.iptables",
        line: 4,
        text: "-A FORWARD -p tcp --frobnicate 7 -j one",
        message: expect.stringContaining('unknown option "--frobnicate"'),
      },
    ]);
  });

  it.skipIf(noTracing !== null)(named("is named by its own line where it had to be loaded in pieces", noTracing), async () => {
    const filler = Array.from({ length: 650 }, () => "one -j ACCEPT");
    const long = payload("mistaken", 6, "filter", ["one"], [...filler, "FORWARD -p tcp --frobnicate 7 -j one"]);
    const [problem] = await problemsOf(twoSubnets({ iptables: [long] }), { variant: "nft" });
    expect([problem?.file, problem?.line, problem?.text]).toEqual([
      "nodes/node2/mistaken.ip6tables",
      653,
      "-A FORWARD -p tcp --frobnicate 7 -j one",
    ]);
  });

  it("is named by its own line where `ip` reads it together with others", async () => {
    const fabric = twoSubnets();
    const pod = fabric.dataplane("pod/shop/web-0");
    const odd = pod.routes.map((route, at) => ({ ...route, link: at === 1 ? "eth9" : route.link }));
    const changedPod: Fabric = { ...fabric, dataplane: (id) => (id === "pod/shop/web-0" ? { ...pod, routes: odd } : fabric.dataplane(id)) };
    expect(await problemsOf(changedPod)).toEqual([
      {
        host: "pod/shop/web-0",
        file: "nodes/node1/pods/shop.web-0/routes.ip",
        line: 2,
        text: "route add default via 169.254.1.1 dev eth9",
        message: 'Cannot find device "eth9"',
      },
    ]);
  });

  it("is named for a set that is not there", async () => {
    const [problem] = await problemsOf(
      twoSubnets({ iptables: [payload("sets", 4, "filter", [], ["FORWARD -m set --match-set gone src -j DROP"])] }),
    );
    expect(problem).toMatchObject({
      file: "nodes/node2/sets.iptables",
      line: 2,
      message: expect.stringContaining("Set gone doesn't exist"),
    });
  });

  /** The two-subnet fabric with node2 changed. */
  const changed = (change: Partial<ReturnType<Fabric["dataplane"]>>): Fabric => {
    const fabric = twoSubnets();
    return { ...fabric, dataplane: (id) => (id === "node/node2" ? { ...fabric.dataplane(id), ...change } : fabric.dataplane(id)) };
  };
  const origin = { name: "test", span: null };

  it("is named for a route that the kernel refuses, a set member and a parameter", async () => {
    const { routes } = twoSubnets().dataplane("node/node2");
    const offlink = routes.flatMap((route) => (route.link === "vxlan.calico" ? [{ ...route, onlink: false }] : []));
    expect(await problemsOf(changed({ routes: offlink }))).toMatchObject([
      {
        host: "node/node2",
        file: "nodes/node2/routes.ip",
        line: 1,
        text: expect.stringContaining("10.10.0.0/26 via 10.10.0.0"),
        message: expect.stringContaining("Nexthop has invalid gateway"),
      },
    ]);
    const set = {
      name: "odd",
      type: "hash:ip",
      family: 4,
      maxElements: 8,
      members: [{ text: "10.0.0.300", origin }],
      owner: "test",
      origin,
    } as const;
    expect(await problemsOf(changed({ ipsets: [set], iptables: [] }))).toMatchObject([
      {
        file: "nodes/node2/ipset.restore",
        line: 2,
        text: "add odd 10.0.0.300",
        message: expect.stringContaining("cannot parse 10.0.0.300"),
      },
    ]);
    expect(
      await problemsOf(changed({ sysctls: [{ key: "net/ipv4/conf/eth7/rp_filter", value: "0", owner: "test", origin }] })),
    ).toMatchObject([
      { file: "nodes/node2/sysctl.conf", line: 1, text: "net/ipv4/conf/eth7/rp_filter = 0", message: "No such file or directory" },
    ]);
  });

  it("is told apart from two programs that listen on one port", async () => {
    const listener = { protocol: "tcp", port: 80, address: null, origin } as const;
    const problems = await problemsOf(
      twoSubnets({
        listeners: [
          { host: "node/node2", ...listener },
          { host: "pod/kube-system/agent", ...listener },
        ],
      }),
    );
    expect(problems.map(({ host, message }) => [host, message])).toEqual([
      ["node/node2", "pod/kube-system/agent listening on tcp 0.0.0.0 port 80: Address already in use"],
      ["node/node2", "pod/kube-system/agent listening on tcp :: port 80: Address already in use"],
    ]);
  });
});
