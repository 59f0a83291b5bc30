import { chmodSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exitCodes } from "./io.ts";
import { progressLine } from "./progress.ts";
import { Shell } from "./testing.ts";
import { version } from "./version.ts";

const journey = readFileSync(new URL("../../../examples/journey/journey.knet", import.meta.url), "utf8");
const request = ["trace", "journey.knet", "namespace001/pod-0", "myapp"];

function shell(files: Readonly<Record<string, string | Uint8Array>> = {}): Shell {
  return new Shell({ "journey.knet": journey, ...files });
}

const usageHelp = "  = help: `knet --help` lists the commands, `knet COMMAND --help` their options\n";

/** No message of knet shows where in knet it was made. */
const stackTrace = /\bat .*(?:\.ts|\.mjs|\.js|node:)/;

describe("exit codes", () => {
  it("should be listed by --help, one line each", async () => {
    using sh = shell();
    const { exit, stdout } = await sh.knet(["--help"]);
    expect(exit).toBe(0);
    for (const [code, meaning] of exitCodes) expect(stdout).toContain(`  ${String(code).padEnd(4)} ${meaning}\n`);
  });

  it("0: a program without problems", async () => {
    using sh = shell();
    expect(await sh.knet(["check", "journey.knet"])).toEqual({ exit: 0, stdout: "no problems in 1 file\n", stderr: "" });
  });

  it("1: an error in the program, with a code frame at its place", async () => {
    using sh = shell({ "typo.knet": journey.replace("in blue  {", "in bleu  {") });
    const { exit, stdout } = await sh.knet(["check", "typo.knet"]);
    expect(exit).toBe(1);
    expect(stdout).toMatch(/^error\[KN2\d{3}\]/);
    expect(stdout).toContain("typo.knet:30:16");
    expect(stdout).toContain("blue");
    expect(stdout).toContain("1 error");
  });

  it.each(["json", "sarif", "github", "junit"])("1: a program that cannot be verified is reported in the form that was asked for: %s", async (format) => {
    using sh = shell({ "typo.knet": journey.replace("in blue  {", "in bleu  {") });
    const verified = await sh.knet(["verify", "typo.knet", "--format", format]);
    expect(verified.exit).toBe(1);
    expect(verified.stdout).toBe((await sh.knet(["check", "typo.knet", "--format", format])).stdout);
    expect(verified.stdout).toContain("KN2001");
  });

  it("2: an output folder without a name, which a script's empty variable gives", async () => {
    using sh = shell();
    const { exit, stdout, stderr } = await sh.knet(["compile", "journey.knet", "-o", ""]);
    expect([exit, stdout, stderr]).toEqual([2, "", "error[KN9004]: -o names no folder\n  = help: name the folder to write: `-o out`\n"]);
  });

  it("1: a warning with --deny-warnings, 0 without", async () => {
    using sh = shell({ "warning.knet": journey.replace(`applies to app == "myapp"`, `applies to app == "nobody"`) });
    expect((await sh.knet(["check", "warning.knet"])).exit).toBe(0);
    expect((await sh.knet(["check", "--deny-warnings", "warning.knet"])).exit).toBe(1);
  });

  it("2: an unknown option, command or format, named with what is near", async () => {
    using sh = shell();
    const unknown = await sh.knet(["check", "--formt", "json", "journey.knet"]);
    expect(unknown.exit).toBe(2);
    expect(unknown.stderr).toBe(`error[KN9004]: unknown option '--formt'\n(Did you mean --format?)\n${usageHelp}`);
    expect((await sh.knet(["chekc", "journey.knet"])).stderr).toBe(`error[KN9004]: unknown command 'chekc'\n(Did you mean check?)\n${usageHelp}`);
    expect((await sh.knet(["check", "--format", "xml", "journey.knet"])).exit).toBe(2);
    expect((await sh.knet(["compile", "journey.knet"])).exit).toBe(2);
  });

  it("4: an assertion that fails, with its witness", async () => {
    using sh = shell({ "open.knet": journey.replace(/ {2}policy[\s\S]*?\n {2}}\n/, "") });
    const { exit, stdout } = await sh.knet(["verify", "open.knet"]);
    expect(exit).toBe(4);
    expect(stdout).toContain("fails  the client, and only the client, reaches myapp");
    expect(stdout).toContain("1 holds, 1 fails of 2 assertions");
  });

  it("5: --locked without a lock, and with one that is out of date; 0 once it is written", async () => {
    using sh = shell();
    const missing = await sh.knet(["check", "--locked", "journey.knet"]);
    expect([missing.exit, missing.stderr]).toEqual([5, "error[KN5011]: there is no knet.lock beside the program\n  = help: run `knet lock` and commit the file\n"]);
    expect((await sh.knet(["lock", "journey.knet"])).exit).toBe(0);
    expect((await sh.knet(["check", "--locked", "journey.knet"])).exit).toBe(0);
    sh.write("journey.knet", journey.replace("pod pod-2 on node-b", "pod pod-9 on node-b"));
    expect((await sh.knet(["check", "--locked", "journey.knet"])).exit).toBe(5);
  });

  it("6: nothing fails but something is undecided", async () => {
    using sh = shell({ "open.knet": `${journey}\nassert "a pod without ports" { namespace001/pod-1 reaches namespace001/pod-0 }\n` });
    const { exit, stdout } = await sh.knet(["verify", "open.knet"]);
    expect(exit).toBe(6);
    expect(stdout).toContain("unknown");
  });
});

describe("bad input gets one message, a code and the right exit code", () => {
  const deep = `cluster demo ${"{".repeat(10_000)}`;
  const noise = Uint8Array.from({ length: 4096 }, (_unused, i) => (i * 7919 + (i >> 3) * 104729) & 0xff);

  it.each([
    ["a missing file", ["check", "jurney.knet"], 2, "error[KN9001]: cannot read jurney.knet: no such file or folder\n  = help: did you mean journey.knet?\n"],
    ["a folder", ["check", "."], 2, "error[KN9001]: cannot read .: it is a folder\n  = help: name a .knet file\n"],
    ["an unknown node", ["compile", "journey.knet", "-o", "out", "--node", "node-c"], 2, "error[KN9003]: no node is called node-c\n  = help: did you mean node-a?\n"],
    ["an unknown pod", ["trace", "journey.knet", "namespace001/pod-7", "myapp"], 2, "error[KN9003]: no pod or workload is called namespace001/pod-7\n  = help: did you mean namespace001/pod-0?\n"],
    ["a pod without its namespace", ["trace", "journey.knet", "pod-0", "myapp"], 2, "error[KN9003]: no pod or workload is called pod-0\n  = help: did you mean namespace001/pod-0?\n"],
    ["an unknown code", ["explain", "KN303"], 2, "error[KN9005]: there is no code \"KN303\"\n  = help: did you mean KN3003?\n"],
    ["a port out of range", [...request, "--port", "99999"], 2, "error[KN9004]: --port wants a port from 1 to 65535, not \"99999\"\n"],
    ["a backend that is none", [...request, "--port", "80", "--backend", "namespace001/pod-2"], 2, "error[KN9003]: namespace001/pod-2 is no backend of this request\n  = help: it can go to namespace001/pod-1, namespace001/pod-3\n"],
    ["a port that is not said", [...request.slice(0, 3), "svc:kube-system/kube-dns"], 2, "error[KN9004]: which port of svc:kube-system/kube-dns?\n  = help: say --port (and --proto): it offers 53/udp, 53/tcp, 9153/tcp\n"],
  ] as const)("%s", async (_name, args, exit, stderr) => {
    using sh = shell();
    expect(await sh.knet(args)).toEqual({ exit, stdout: "", stderr });
  });

  it.each([
    ["ten thousand nested braces", deep],
    ["an empty file", ""],
    ["a NUL in the middle", journey.replace("cluster", "clus\u0000ter")],
    ["a wrong type", journey.replace("block-size    = 26", `block-size    = "26"`)],
    ["half a file", journey.slice(0, journey.length / 2)],
  ])("%s", async (_name, content) => {
    using sh = shell({ "bad.knet": content });
    const started = performance.now();
    const { exit, stdout, stderr } = await sh.knet(["check", "bad.knet"]);
    expect(performance.now() - started).toBeLessThan(5000);
    expect([exit, stderr]).toEqual([1, ""]);
    expect(stdout).toMatch(/^error\[KN\d{4}\]: .+\n\s+--> bad\.knet:\d+:\d+\n/);
    expect(stdout).not.toMatch(stackTrace);
  });

  it("random bytes", async () => {
    using sh = shell({ "bad.knet": noise });
    const stderr = "error[KN9001]: cannot read bad.knet: it is not UTF-8\n  = help: save it in UTF-8\n";
    expect(await sh.knet(["check", "bad.knet"])).toEqual({ exit: 2, stdout: "", stderr });
  });

  it("an imported file that is not UTF-8, told once, at the import", async () => {
    using sh = shell({ "main.knet": `import "latin.knet"\n${journey}`, "latin.knet": Buffer.from("// caf\xe9\nconst x = 1\n", "latin1") });
    const { exit, stdout } = await sh.knet(["check", "main.knet"]);
    expect(exit).toBe(1);
    expect(stdout.match(/\[KN\d{4}\].*/g)).toEqual(["[KN2017]: `latin.knet` cannot be read: it is not UTF-8"]);
    expect(stdout).toContain("--> main.knet:1:8\n");
  });

  it("a lock that is no lock", async () => {
    using sh = shell({ "knet.lock": "{" });
    const { exit, stderr } = await sh.knet(["check", "journey.knet"]);
    expect(exit).toBe(2);
    expect(stderr).toMatch(/^error\[KN5010\]: .*knet\.lock is no lock: not JSON/);
  });
});

describe("output", () => {
  it("should be the same bytes on every run, and a second compile changes nothing", async () => {
    using sh = shell();
    await sh.knet(["compile", "journey.knet", "-o", "one"]);
    await sh.knet(["compile", "journey.knet", "-o", "two"]);
    expect(sh.tree("one")).toEqual(sh.tree("two"));
    expect((await sh.knet(["compile", "journey.knet", "-o", "one"])).stdout).toMatch(/: 0 new or changed\n$/);
  });

  it("should lead from a generated line to the place of its declaration, counted from 1", async () => {
    using sh = shell();
    await sh.knet(["compile", "journey.knet", "-o", "out"]);
    const { sources, origins, files } = JSON.parse(sh.read("out/knet.map.json")) as { sources: string[]; origins: unknown[][]; files: Record<string, { lines: number[] }> };
    const path = "manifests/namespace001/service-myapp.yaml";
    const [count, origin, ...more] = files[path]?.lines ?? [];
    expect([count, more]).toEqual([sh.read(`out/${path}`).split("\n").length - 1, []]);
    const declared = journey.split("\n").findIndex((text) => text.includes("service myapp")) + 1;
    expect([sources, origins[origin ?? -1]?.slice(0, 4)]).toEqual([["journey.knet"], ["service namespace001/myapp", 0, declared, 3]]);
  });

  it("should write the rules that all nodes share once, and only the nodes that are asked for", async () => {
    using sh = shell();
    await sh.knet(["compile", "journey.knet", "-o", "out"]);
    const inode = (node: string): number => statSync(join(sh.folder, `out/nodes/${node}/kube-proxy.iptables`)).ino;
    expect(inode("node-a")).toBe(inode("node-b"));
    await sh.knet(["compile", "journey.knet", "-o", "out", "--node", "node-b"]);
    expect(existsSync(join(sh.folder, "out/nodes/node-a"))).toBe(false);
    expect(JSON.parse(sh.read("out/nodes/node-b/knet.map.json")).files["nodes/node-b/kube-proxy.iptables"]).toHaveProperty("lines");
  });

  it("should say on a terminal how many nodes are done once it takes a while", async () => {
    using sh = shell();
    const told: string[] = [];
    const line = progressLine({ isTTY: true, columns: 40, write: (text) => void told.push(text) }, "compiling");
    line.update("0/500 nodes");
    expect(told).toEqual([]);
    await new Promise((done) => setTimeout(done, 450));
    line.update("7/500 nodes");
    line.end();
    expect(told).toEqual(["\r\u001b[Kcompiling: 7/500 nodes", "\r\u001b[K"]);
    expect((await sh.knet(["compile", "journey.knet", "-o", "out"])).stderr).toBe("");
  });

  it("should leave the earlier output as it was when the program has an error", async () => {
    using sh = shell();
    await sh.knet(["compile", "journey.knet", "-o", "out"]);
    const before = sh.tree("out");
    sh.write("journey.knet", journey.replace("10.10.0.0/16", "10.10.0.1/16"));
    expect((await sh.knet(["compile", "journey.knet", "-o", "out"])).exit).toBe(1);
    expect(sh.tree("out")).toEqual(before);
  });

  it("should refuse a folder that is a file, and leave the file alone", async () => {
    using sh = shell({ out: "precious" });
    const { exit, stderr } = await sh.knet(["compile", "journey.knet", "-o", "out"]);
    expect(exit).toBe(2);
    expect(stderr).toMatch(/^error\[KN9002\]: .*out/);
    expect(sh.read("out")).toBe("precious");
  });

  it.skipIf(process.getuid?.() === 0)("should refuse a folder that cannot be written (skipped: root may write everywhere)", async () => {
    using sh = shell({ "locked/keep": "" });
    chmodSync(join(sh.folder, "locked"), 0o555);
    const { exit, stderr } = await sh.knet(["compile", "journey.knet", "-o", "locked/out"]);
    chmodSync(join(sh.folder, "locked"), 0o755);
    expect(exit).toBe(2);
    expect(stderr).toMatch(/^error\[KN9002\]/);
  });

  it.skipIf(!existsSync("/proc/self"))("should refuse a place that the system does not let be made, at once (skipped: no /proc)", async () => {
    using sh = shell();
    const compiled = await sh.knet(["compile", "journey.knet", "-o", "/proc/knet/out"]);
    expect([compiled.exit, compiled.stderr]).toEqual([
      2,
      "error[KN9002]: cannot write /proc/knet/out: no such file or folder\n  = help: name a folder that can be written with -o\n",
    ]);
    const started = await sh.knet(["init", "/proc/knet"]);
    expect([started.exit, started.stderr]).toEqual([
      2,
      "error[KN9002]: cannot write /proc/knet/cluster.knet: no such file or folder\n  = help: choose a folder that can be written\n",
    ]);
  });

  it("should remove what it wrote before and no longer writes, and nothing else", async () => {
    using sh = shell();
    await sh.knet(["compile", "journey.knet", "-o", "out"]);
    sh.write("out/notes.txt", "mine");
    sh.write("journey.knet", journey.replace(`  pod pod-2 on node-b { labels = { app = "batch" } }\n`, ""));
    const { stdout } = await sh.knet(["compile", "journey.knet", "-o", "out"]);
    expect(stdout).toContain("removed 6");
    expect(existsSync(join(sh.folder, "out/nodes/node-b/pods/namespace001.pod-2"))).toBe(false);
    expect(sh.read("out/notes.txt")).toBe("mine");
  });

  it("should write nothing with --dry-run and say what it would", async () => {
    using sh = shell();
    const { stdout } = await sh.knet(["compile", "journey.knet", "-o", "out", "--dry-run"]);
    expect(existsSync(join(sh.folder, "out"))).toBe(false);
    expect(stdout).toContain("nodes/node-a/kube-proxy.iptables (added)\n");
    expect(stdout).toMatch(/would write \d+ files/);
  });

  it("should hold nothing but the machine form when a format is asked for", async () => {
    using sh = shell();
    for (const args of [["check", "journey.knet"], ["verify", "journey.knet"], [...request, "--port", "80"], ["compile", "journey.knet", "-o", "out"], ["explain", "KN3003"]]) {
      const { stdout, stderr } = await sh.knet([...args, "--format", "json"]);
      expect(JSON.parse(stdout)).toBeTypeOf("object");
      expect(stderr).toBe("");
    }
  });

  it("should have colours when asked, and none of them otherwise", async () => {
    using sh = shell();
    const escape = "\u001b[";
    expect((await sh.knet([...request, "--port", "80"])).stdout).not.toContain(escape);
    expect((await sh.knet([...request, "--port", "80", "--color", "always"])).stdout).toContain(escape);
  });

  it("should read a program from standard input", async () => {
    using sh = new Shell();
    expect((await sh.knet(["check", "-"], journey)).exit).toBe(0);
    const { stdout, exit } = await sh.knet(["check", "-"], journey.replace("10.10.0.0/16", "10.10.0.1/16"));
    expect(exit).toBe(1);
    expect(stdout).toContain("<stdin>:11:23");
  });
});

describe("knet check --fix", () => {
  it("should write what the repair says and leave everything else as it was", async () => {
    using sh = shell({ "bits.knet": journey.replace("10.10.0.0/16", "10.10.3.7/16") });
    const { exit, stderr } = await sh.knet(["check", "--fix", "bits.knet"]);
    expect([exit, stderr]).toEqual([0, "repaired 1 problem in bits.knet\n"]);
    expect(sh.read("bits.knet")).toBe(journey);
  });

  it("should not guess: a name that is merely near is offered, not applied", async () => {
    const typo = journey.replace("in blue  {", "in bleu  {");
    using sh = shell({ "typo.knet": typo });
    expect((await sh.knet(["check", "--fix", "typo.knet"])).exit).toBe(1);
    expect(sh.read("typo.knet")).toBe(typo);
  });

  it("should not touch a file that it cannot repair", async () => {
    const broken = journey.replace("cidr          = 10.10.0.0/16", "cidr          =");
    using sh = shell({ "broken.knet": broken });
    expect((await sh.knet(["check", "--fix", "broken.knet"])).exit).toBe(1);
    expect(sh.read("broken.knet")).toBe(broken);
  });
});

describe("every command", () => {
  it.each(["init", "check", "lock", "compile", "verify", "trace", "explain"])("%s --help should show an example", async (command) => {
    using sh = shell();
    const { exit, stdout } = await sh.knet([command, "--help"]);
    expect(exit).toBe(0);
    expect(stdout).toMatch(new RegExp(`Example:\\n {2}knet ${command} `));
  });

  it("should know its version, which is the package's", async () => {
    using sh = new Shell();
    const { version: published } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };
    expect((await sh.knet(["--version"])).stdout).toBe(`${version}\n`);
    expect(version).toBe(published);
  });
});

describe("knet init", () => {
  it("should write a cluster that checks, verifies and compiles, and refuse to do it twice", async () => {
    using sh = new Shell();
    expect((await sh.knet(["init", "mine"])).exit).toBe(0);
    expect(sh.tree("mine").map(([path]) => path)).toEqual([".github/workflows/knet.yml", ".vscode/settings.json", "cluster.knet"]);
    expect((await sh.knet(["check", "--deny-warnings", "mine/cluster.knet"])).stdout).toBe("no problems in 1 file\n");
    expect((await sh.knet(["verify", "mine/cluster.knet"])).exit).toBe(0);
    expect((await sh.knet(["compile", "mine/cluster.knet", "-o", "out"])).exit).toBe(0);
    sh.write("mine/cluster.knet", "changed");
    const again = await sh.knet(["init", "mine"]);
    expect([again.exit, again.stderr]).toEqual([2, "error[KN9006]: mine/cluster.knet is already there; nothing was written\n  = help: choose another folder: `knet init DIR`\n"]);
    expect(sh.read("mine/cluster.knet")).toBe("changed");
  });
});

describe("knet lock", () => {
  it("should keep every address when the program grows, and drop what is gone", async () => {
    using sh = shell();
    await sh.knet(["lock", "journey.knet"]);
    const before = JSON.parse(sh.read("knet.lock")) as { pods: Record<string, unknown>; services: Record<string, unknown> };
    sh.write("journey.knet", journey.replace("  pod pod-2 on node-b", `  pod aaa-first on node-b {}\n  pod pod-2 on node-b`).replace("  service myapp {", "  service aaa { selects app == \"myapp\", port 80/tcp -> 8080 }\n  service myapp {"));
    await sh.knet(["lock", "journey.knet"]);
    const after = JSON.parse(sh.read("knet.lock")) as typeof before;
    expect(after.pods).toMatchObject(before.pods);
    expect(after.services).toMatchObject(before.services);
    expect(Object.keys(after.pods)).toContain("namespace001/aaa-first");
    sh.write("journey.knet", journey);
    await sh.knet(["lock", "journey.knet"]);
    expect(JSON.parse(sh.read("knet.lock"))).toEqual(before);
    expect((await sh.knet(["lock", "journey.knet"])).stdout).toContain("is up to date");
  });
});
