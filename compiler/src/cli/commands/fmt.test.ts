import { chmodSync, lstatSync, mkdirSync, readdirSync, statSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Shell } from "../testing.ts";

const untidy = "pod   a{x=1}\n";
const tidy = "pod a { x = 1 }\n";

describe("knet fmt", () => {
  it("should format files in place and name those it wrote", async () => {
    using sh = new Shell({ "a.knet": untidy, "b.knet": tidy });
    expect(await sh.knet(["fmt", "a.knet", "b.knet"])).toEqual({ exit: 0, stdout: "formatted a.knet\n", stderr: "" });
    expect([sh.read("a.knet"), sh.read("b.knet")]).toEqual([tidy, tidy]);
  });

  it("should not touch a file that is formatted", async () => {
    using sh = new Shell({ "b.knet": tidy });
    utimesSync(join(sh.folder, "b.knet"), 1_000_000, 1_000_000);
    expect((await sh.knet(["fmt", "b.knet"])).exit).toBe(0);
    expect(statSync(join(sh.folder, "b.knet")).mtimeMs).toBe(1_000_000_000);
  });

  it("should keep the mode of a file and leave nothing else behind", async () => {
    using sh = new Shell({ "a.knet": untidy });
    chmodSync(join(sh.folder, "a.knet"), 0o640);
    await sh.knet(["fmt", "a.knet"]);
    expect(statSync(join(sh.folder, "a.knet")).mode & 0o777).toBe(0o640);
    expect(readdirSync(sh.folder)).toEqual(["a.knet"]);
  });

  it("should format standard input to standard output", async () => {
    using sh = new Shell();
    expect(await sh.knet(["fmt", "-"], untidy)).toEqual({ exit: 0, stdout: tidy, stderr: "" });
    expect(await sh.knet(["fmt", "-"], tidy)).toEqual({ exit: 0, stdout: tidy, stderr: "" });
  });

  it("should take a folder for all .knet files below it, in order, without hidden folders, node_modules and links", async () => {
    using sh = new Shell({
      "all/b.knet": untidy,
      "all/a/z.knet": untidy,
      "all/a.txt": untidy,
      "all/.git/x.knet": untidy,
      "all/node_modules/x.knet": untidy,
      "outside/x.knet": untidy,
    });
    symlinkSync(join(sh.folder, "outside"), join(sh.folder, "all/linked"));
    symlinkSync(join(sh.folder, "outside/x.knet"), join(sh.folder, "all/linked.knet"));
    const { exit, stdout } = await sh.knet(["fmt", "all", "all/b.knet"]);
    expect([exit, stdout]).toEqual([0, "formatted all/a/z.knet\nformatted all/b.knet\n"]);
    expect([sh.read("outside/x.knet"), sh.read("all/.git/x.knet"), sh.read("all/node_modules/x.knet")]).toEqual([untidy, untidy, untidy]);
  });

  it("should format what a link leads to, and leave the link a link, where the link itself is named", async () => {
    using sh = new Shell({ "real.knet": untidy });
    symlinkSync("real.knet", join(sh.folder, "link.knet"));
    expect((await sh.knet(["fmt", "link.knet"])).exit).toBe(0);
    expect(lstatSync(join(sh.folder, "link.knet")).isSymbolicLink()).toBe(true);
    expect(sh.read("real.knet")).toBe(tidy);
  });

  it("should write LF where a file has CRLF", async () => {
    using sh = new Shell({ "a.knet": "a = 1\r\nb = 2\r\n" });
    expect((await sh.knet(["fmt", "--check", "a.knet"])).exit).toBe(3);
    await sh.knet(["fmt", "a.knet"]);
    expect(sh.read("a.knet")).toBe("a = 1\nb = 2\n");
  });
});

describe("knet fmt --check", () => {
  it("3: should list the files that are not formatted, and write nothing", async () => {
    using sh = new Shell({ "a.knet": untidy, "b.knet": tidy, "c.knet": untidy });
    expect(await sh.knet(["fmt", "--check", "."])).toEqual({
      exit: 3,
      stdout: "a.knet\nc.knet\n",
      stderr: "2 files not formatted; `knet fmt` formats\n",
    });
    expect(sh.read("a.knet")).toBe(untidy);
  });

  it("0: should be silent where all are", async () => {
    using sh = new Shell({ "b.knet": tidy });
    expect(await sh.knet(["fmt", "--check", "b.knet"])).toEqual({ exit: 0, stdout: "", stderr: "" });
    expect((await sh.knet(["fmt", "--check", "-"], tidy)).exit).toBe(0);
    expect(await sh.knet(["fmt", "--check", "-"], untidy)).toMatchObject({ exit: 3, stdout: "<stdin>\n" });
  });
});

describe("knet fmt --diff", () => {
  it("should print a unified diff and write nothing", async () => {
    using sh = new Shell({ "a.knet": "a = 1\n\npod   b{x=1}\nc = 2\n" });
    expect(await sh.knet(["fmt", "--diff", "a.knet"])).toEqual({
      exit: 0,
      stdout: "--- a.knet\n+++ a.knet\tformatted\n@@ -1,4 +1,4 @@\n a = 1\n \n-pod   b{x=1}\n+pod b { x = 1 }\n c = 2\n",
      stderr: "",
    });
    expect(sh.read("a.knet")).toBe("a = 1\n\npod   b{x=1}\nc = 2\n");
  });

  it("3: should say by its end, with --check, that something differs", async () => {
    using sh = new Shell({ "a.knet": untidy, "b.knet": tidy });
    const { exit, stdout } = await sh.knet(["fmt", "--check", "--diff", "a.knet"]);
    expect([exit, stdout.split("\n")[0]]).toEqual([3, "--- a.knet"]);
    expect(await sh.knet(["fmt", "--check", "--diff", "b.knet"])).toEqual({ exit: 0, stdout: "", stderr: "" });
  });

  it("should be coloured where that is wanted", async () => {
    using sh = new Shell({ "a.knet": untidy });
    const { stdout } = await sh.knet(["fmt", "--diff", "--color", "always", "a.knet"]);
    expect(stdout).toContain("\u001b[32m+pod a { x = 1 }");
  });
});

describe("what cannot be formatted", () => {
  it("1: should be shown with a code frame and stay as it is, and the other files be formatted", async () => {
    using sh = new Shell({ "a.knet": "pod a {\n  x = \n", "b.knet": untidy });
    const { exit, stdout, stderr } = await sh.knet(["fmt", "a.knet", "b.knet"]);
    expect([exit, stdout]).toEqual([1, "formatted b.knet\n"]);
    expect(stderr).toContain("error[KN1005]");
    expect(stderr).toContain("a.knet:2:6");
    expect(sh.read("a.knet")).toBe("pod a {\n  x = \n");
    expect(await sh.knet(["fmt", "-"], "pod a {")).toMatchObject({ exit: 1, stdout: "" });
  });

  it("2: should be named where it is not there, is no text, or is a folder without programs; the others are formatted", async () => {
    using sh = new Shell({ "b.knet": untidy, "latin.knet": Buffer.from("// caf\xe9\nx=1\n", "latin1"), "empty/readme.md": "" });
    const { exit, stdout, stderr } = await sh.knet(["fmt", "missing.knet", "latin.knet", "empty", "b.knet"]);
    expect([exit, stdout]).toEqual([2, "formatted b.knet\n"]);
    expect(stderr).toContain("cannot read missing.knet: ");
    expect(stderr).toContain("cannot read latin.knet: it is not UTF-8");
    expect(stderr).toContain("there are no .knet files in empty");
    expect(stderr.match(/error\[KN9001\]/g)).toHaveLength(3);
    expect((await sh.knet(["fmt"])).exit).toBe(2);
  });

  it.skipIf(process.getuid?.() === 0)("2: should be named where it cannot be written", async () => {
    using sh = new Shell({ "locked/a.knet": untidy });
    mkdirSync(join(sh.folder, "locked"), { recursive: true });
    chmodSync(join(sh.folder, "locked/a.knet"), 0o444);
    const { exit, stderr } = await sh.knet(["fmt", "locked/a.knet"]);
    expect([exit, sh.read("locked/a.knet")]).toEqual([2, untidy]);
    expect(stderr).toContain("error[KN9002]");
  });
});
