import { spawn } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  chmodSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WriteError, writeTree } from "./write.ts";
import type { TreeFile, WriteOptions, WriteProblem, WriteReport } from "./write.ts";

let parent = "";
let out = "";

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "knet-write-"));
  out = join(parent, "out");
});

afterEach(() => {
  rmSync(parent, { recursive: true, force: true });
});

type Tree = Readonly<Record<string, string>>;

function write(tree: Tree, options: WriteOptions = {}, dir = out): WriteReport {
  return writeTree(
    dir,
    Object.entries(tree).map(([path, text]) => ({ path, text })),
    options,
  );
}

/** Everything below the folder as path → text; a folder without entries as `path/`. */
function read(dir = out, prefix = ""): Tree {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(join(dir, prefix), { withFileTypes: true })) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) Object.assign(found, readdirSync(join(dir, path)).length === 0 ? { [`${path}/`]: "" } : read(dir, path));
    else found[path] = entry.isSymbolicLink() ? `-> ${readlinkSync(join(dir, path))}` : readFileSync(join(dir, path), "utf8");
  }
  return found;
}

function put(path: string, text: string): void {
  mkdirSync(join(out, path, ".."), { recursive: true });
  writeFileSync(join(out, path), text);
}

function problemOf(run: () => unknown): { readonly problem: WriteProblem; readonly path: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof WriteError) return { problem: error.problem, path: error.path };
    throw error;
  }
  throw new Error("nothing was refused");
}

const first: Tree = { "manifests/a.yaml": "a\n", "nodes/n1/links.ip": "one\n", "nodes/n2/links.ip": "two\n", "knet.map.json": "{}\n" };
const second: Tree = { "manifests/a.yaml": "a\n", "nodes/n1/links.ip": "uno\n", "routers/core/links.ip": "r\n", "knet.map.json": "{}\n" };
const list = (tree: Tree): Tree => ({
  ".knet-files": Object.keys(tree)
    .sort()
    .map((path) => `${path}\n`)
    .join(""),
});

describe("writing a tree", () => {
  it("makes the folder, and the ones above it, and a list of what is in it", () => {
    const deep = join(parent, "x", "y");
    expect(write(first, {}, deep)).toEqual({ files: Object.keys(first).map((path) => ({ path, change: "added" })), bytes: { read: 13, written: 13 }, removed: [] });
    expect(read(deep)).toEqual({ ...first, ...list(first) });
    expect(readdirSync(join(parent, "x"))).toEqual(["y"]);
  });

  it("into an empty folder is like into a new one", () => {
    mkdirSync(out);
    write(first);
    expect(read()).toEqual({ ...first, ...list(first) });
  });

  it("again replaces, adds and removes, and says which", () => {
    write(first);
    expect(write(second)).toEqual({
      files: [
        { path: "manifests/a.yaml", change: "unchanged" },
        { path: "nodes/n1/links.ip", change: "changed" },
        { path: "routers/core/links.ip", change: "added" },
        { path: "knet.map.json", change: "unchanged" },
      ],
      bytes: { read: 11, written: 11 },
      removed: ["nodes/n2/links.ip"],
    });
    expect(read()).toEqual({ ...second, ...list(second) });
  });

  it("of nothing removes everything it wrote", () => {
    write(first);
    write({});
    expect(read()).toEqual({ ".knet-files": "" });
  });

  it("may turn a file into a folder and back", () => {
    write({ a: "file" });
    write({ "a/b": "inside" });
    expect(read()).toEqual({ "a/b": "inside", ...list({ "a/b": "" }) });
    write({ a: "file" });
    expect(read()).toEqual({ a: "file", ...list({ a: "" }) });
  });

  it("on trial reports the same and changes nothing", () => {
    expect(write(first, { dryRun: true }).files).toHaveLength(4);
    expect(existsSync(out)).toBe(false);
    write(first);
    expect(write(second, { dryRun: true })).toMatchObject({ removed: ["nodes/n2/links.ip"] });
    expect(read()).toEqual({ ...first, ...list(first) });
  });

  it("through a link to a folder writes into that folder", () => {
    mkdirSync(join(parent, "real"));
    symlinkSync("real", out);
    write(first);
    expect(read(join(parent, "real"))).toEqual({ ...first, ...list(first) });
    expect(readlinkSync(out)).toBe("real");
  });
});

describe("files of the same text", () => {
  const text = "*nat\nCOMMIT\n";
  const alike: readonly TreeFile[] = [
    { path: "nodes/n1/x", text },
    { path: "nodes/n2/x", text, sameAs: "nodes/n1/x" },
    { path: "nodes/n3/x", text, sameAs: "nodes/n1/x" },
  ];
  const tree: Tree = Object.fromEntries(alike.map((file) => [file.path, text]));
  const inode = (path: string): number => statSync(join(out, path)).ino;

  it("are one file with several names", () => {
    expect(writeTree(out, alike).bytes).toEqual({ read: 36, written: 12 });
    expect(read()).toEqual({ ...tree, ...list(tree) });
    expect(new Set(Object.keys(tree).map(inode)).size).toBe(1);
  });

  it("are compared and replaced like any other", () => {
    writeTree(out, alike);
    expect(writeTree(out, alike, { dryRun: true })).toEqual({ files: alike.map(({ path }) => ({ path, change: "unchanged" })), bytes: { read: 36, written: 12 }, removed: [] });
    const next = [{ path: "nodes/n1/x", text: "*raw\nCOMMIT\n" }, { path: "nodes/n2/x", text }];
    expect(writeTree(out, next)).toMatchObject({ files: [{ change: "changed" }, { change: "unchanged" }], removed: ["nodes/n3/x"] });
    expect(read()).toMatchObject({ "nodes/n1/x": "*raw\nCOMMIT\n", "nodes/n2/x": text });
  });

  it("are copies where the file system has no second names", () => {
    const link = (existing: string, path: string): void => {
      throw Object.assign(new Error(`no links: ${existing} ${path}`), { code: "ENOTSUP", syscall: "link" });
    };
    expect(writeTree(out, alike, { link }).bytes).toEqual({ read: 36, written: 36 });
    expect(read()).toEqual({ ...tree, ...list(tree) });
    expect(new Set(Object.keys(tree).map(inode)).size).toBe(3);
  });

  it("begin a new copy when a file has as many names as it can have", () => {
    const names = new Map<string, number>();
    const link = (existing: string, path: string): void => {
      const count = names.get(existing) ?? 1;
      if (count === 2) throw Object.assign(new Error("too many links"), { code: "EMLINK", syscall: "link" });
      names.set(existing, count + 1);
      linkSync(existing, path);
    };
    const more = [...alike, { path: "nodes/n4/x", text, sameAs: "nodes/n1/x" }];
    expect(writeTree(out, more, { link }).bytes).toEqual({ read: 48, written: 24 });
    expect(["n1", "n2", "n3", "n4"].map((node) => inode(`nodes/${node}/x`) === inode("nodes/n1/x"))).toEqual([true, true, false, false]);
    expect(inode("nodes/n3/x")).toBe(inode("nodes/n4/x"));
  });

  it("must come behind the file that they repeat", () => {
    expect(problemOf(() => writeTree(out, alike.slice(1)))).toEqual({ problem: "bad-path", path: "nodes/n2/x" });
  });
});

describe("files of others", () => {
  it("stay, wherever they are", () => {
    write(first);
    put("README.md", "mine");
    put("nodes/n1/notes.txt", "mine");
    put("nodes/n2/notes.txt", "mine");
    put("manifests/own/b.yaml", "mine");
    mkdirSync(join(out, "nodes/empty"));
    symlinkSync("../README.md", join(out, "nodes/link"));
    const own = {
      "README.md": "mine",
      "nodes/n1/notes.txt": "mine",
      "nodes/n2/notes.txt": "mine",
      "manifests/own/b.yaml": "mine",
      "nodes/empty/": "",
      "nodes/link": "-> ../README.md",
    };
    write(second);
    expect(read()).toEqual({ ...second, ...list(second), ...own });
    write({ "manifests/own/c.yaml": "c" });
    expect(read()).toEqual({ "manifests/own/c.yaml": "c", ...list({ "manifests/own/c.yaml": "" }), ...own });
  });

  it("are not overwritten", () => {
    put("nodes/n1/links.ip", "mine");
    expect(problemOf(() => write(first))).toEqual({ problem: "foreign-file", path: "nodes/n1/links.ip" });
    expect(read()).toEqual({ "nodes/n1/links.ip": "mine" });
  });

  it("are not overwritten by a folder, nor a folder of theirs by a file", () => {
    put("nodes", "mine");
    expect(problemOf(() => write(first))).toEqual({ problem: "foreign-file", path: "nodes" });
    rmSync(join(out, "nodes"));
    put("knet.map.json/x", "mine");
    expect(problemOf(() => write(first))).toEqual({ problem: "foreign-file", path: "knet.map.json" });
    expect(read()).toEqual({ "knet.map.json/x": "mine" });
  });

  it("are not reached through links inside the folder", () => {
    mkdirSync(join(parent, "elsewhere"));
    mkdirSync(out);
    symlinkSync("../elsewhere", join(out, "nodes"));
    expect(problemOf(() => write(first))).toEqual({ problem: "foreign-file", path: "nodes" });
    expect(readdirSync(join(parent, "elsewhere"))).toEqual([]);
  });

  it("are not removed because a forged list names them", () => {
    writeFileSync(join(parent, "precious"), "mine");
    put(".knet-files", "../precious\n");
    expect(problemOf(() => write(first))).toEqual({ problem: "bad-list", path: ".knet-files" });
    expect(readFileSync(join(parent, "precious"), "utf8")).toBe("mine");
  });
});

describe("paths", () => {
  it.each([
    "",
    "/etc/passwd",
    "../x",
    "a/../../x",
    "a//b",
    "a/",
    "./a",
    "a/./b",
    "a\\b",
    "C:/x",
    "a\0b",
    ".knet-files",
    ".knet-staging/x",
    "a b",
    "x.",
    "-rf",
    "a".repeat(256),
  ])("may not be %j", (path) => {
    expect(problemOf(() => write({ "good.txt": "", [path]: "" }))).toEqual({ problem: "bad-path", path });
    expect(readdirSync(parent)).toEqual([]);
  });

  it("may not be given twice, or be both a file and a folder", () => {
    const given = (...paths: readonly string[]): WriteProblem =>
      problemOf(() =>
        writeTree(
          out,
          paths.map((path) => ({ path, text: "" })),
        ),
      ).problem;
    expect(given("a", "a")).toBe("bad-path");
    expect(given("a", "a/b")).toBe("bad-path");
    expect(given("a/b", "a")).toBe("bad-path");
  });
});

describe("a place that cannot be written", () => {
  it("may be a file", () => {
    writeFileSync(out, "mine");
    expect(problemOf(() => write(first))).toEqual({ problem: "not-a-directory", path: out });
    expect(readFileSync(out, "utf8")).toBe("mine");
  });

  it("may lie below a file", () => {
    writeFileSync(out, "mine");
    expect(problemOf(() => write(first, {}, join(out, "x"))).problem).toBe("not-a-directory");
  });

  it.skipIf(process.getuid?.() === 0)("may be read-only", () => {
    write(first);
    chmodSync(out, 0o555);
    expect(problemOf(() => write(second))).toEqual({ problem: "not-writable", path: out });
    chmodSync(out, 0o755);
    expect(read()).toEqual({ ...first, ...list(first) });
  });
});

describe("a run that stops", () => {
  class Stop extends Error {}

  /** Stops at the n-th step; tells whether it got there. */
  function writeUntil(n: number, tree: Tree): boolean {
    let steps = 0;
    const onStep = (): void => {
      if (++steps === n) throw new Stop();
    };
    try {
      write(tree, { onStep });
    } catch (error) {
      if (error instanceof Stop) return true;
      throw error;
    }
    return false;
  }

  it("because an entry may not be moved leaves the folder as it was, whichever entry it is", () => {
    const entries = new Set([...Object.keys(first), ...Object.keys(second)].map((path) => path.split("/")[0]));
    for (const stuck of entries) {
      rmSync(out, { recursive: true, force: true });
      write(first);
      const move = (from: string, to: string): void => {
        if (basename(from) === stuck) throw Object.assign(new Error("not permitted"), { code: "EACCES", syscall: "rename" });
        renameSync(from, to);
      };
      expect(problemOf(() => write(second, { move })), stuck).toEqual({ problem: "not-writable", path: out });
      expect(read(), stuck).toEqual({ ...first, ...list(first) });
    }
  });

  it("because a file cannot be made leaves the folder as it was", () => {
    write(first);
    function* failing(): Generator<{ path: string; text: string }> {
      yield { path: "manifests/a.yaml", text: "new" };
      throw new RangeError("no such chain");
    }
    expect(() => writeTree(out, failing())).toThrow(RangeError);
    expect(read()).toEqual({ ...first, ...list(first) });
  });

  it("at any step is made good by the next run, which may write something else", () => {
    let n = 0;
    let stopped = true;
    while (stopped) {
      n++;
      rmSync(out, { recursive: true, force: true });
      write(first);
      put("nodes/n2/notes.txt", "mine");
      stopped = writeUntil(n, second);
      write({ "only.txt": "x" });
      expect(read(), `stopped at step ${n}`).toEqual({ "only.txt": "x", ...list({ "only.txt": "" }), "nodes/n2/notes.txt": "mine" });
    }
    expect(n).toBeGreaterThan(8);
  });

  it("before everything is staged leaves the earlier tree; a new folder appears only whole", () => {
    for (let n = 1; writeUntil(n, first); n++) expect(existsSync(out)).toBe(false);
    rmSync(out, { recursive: true });
    write(first);
    // Four files, the claim, and the commit come before the first change.
    for (let n = 1; n <= 6; n++) {
      expect(writeUntil(n, second)).toBe(true);
      expect(read()).toEqual({ ...first, ...list(first) });
    }
  });

  it("by being killed leaves one whole tree, or a mark that the next run acts on", async () => {
    write({ "a/0": "old", "b/0": "old" });
    const program = `
      import { writeTree } from ${JSON.stringify(join(import.meta.dirname, "write.ts"))};
      function* files(text) {
        for (let i = 0; i < 400; i++) for (const top of ["a", "b"]) yield { path: top + "/" + i, text };
      }
      console.log("ready");
      for (let run = 0; ; run++) writeTree(${JSON.stringify(out)}, files("run" + run));
    `;
    for (const delay of [5, 60, 140]) {
      const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
      await new Promise((done) => child.stdout.once("data", done));
      await new Promise((done) => setTimeout(done, delay));
      const gone = new Promise((done) => child.once("exit", done));
      child.kill("SIGKILL");
      await gone;
      // In the moment of the renames the folder is marked, and the next run finishes them before anything else.
      if (existsSync(join(out, ".knet-staging", "commit.json"))) continue;
      const tree = Object.entries(read()).filter(([path]) => !path.startsWith(".knet"));
      expect([2, 800]).toContain(tree.length);
      expect(new Set(tree.map(([, text]) => text)).size).toBe(1);
    }
    write({ "c/0": "new" });
    expect(read()).toEqual({ "c/0": "new", ...list({ "c/0": "" }) });
  });

  it("is told from one that still works", () => {
    mkdirSync(join(out, ".knet-staging"), { recursive: true });
    writeFileSync(join(out, ".knet-staging", "pid"), String(process.ppid));
    expect(problemOf(() => write(first)).problem).toBe("busy");
    writeFileSync(join(out, ".knet-staging", "pid"), String(process.pid));
    write(first);
    expect(read()).toEqual({ ...first, ...list(first) });
  });
});
