import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeTreeAside } from "./write-aside.ts";
import { WriteError, writeTree } from "./write.ts";
import type { TreeFile } from "./write.ts";

let parent = "";
let out = "";

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "knet-aside-"));
  out = join(parent, "out");
});

afterEach(() => {
  rmSync(parent, { recursive: true, force: true });
});

/** More than goes over at once, in files and in text, with texts that repeat and one that is not ASCII. */
function* many(count: number): Generator<TreeFile> {
  for (let index = 0; index < count; index++) {
    const folder = `nodes/n${index}`;
    yield { path: `${folder}/own`, text: `${index} é ${"x".repeat(3000)}\n` };
    const shared = "*nat\nCOMMIT\n";
    yield index === 0 ? { path: `${folder}/shared`, text: shared } : { path: `${folder}/shared`, text: shared, sameAs: "nodes/n0/shared" };
  }
}

describe("writing a tree in a thread", () => {
  it("leaves the same files, links and report as writing it here", async () => {
    const here = writeTree(join(parent, "here"), many(400));
    expect(await writeTreeAside(out, many(400))).toEqual(here);
    for (const { path } of here.files) expect(readFileSync(join(out, path), "utf8"), path).toBe(readFileSync(join(parent, "here", path), "utf8"));
    expect(statSync(join(out, "nodes/n0/shared")).nlink).toBe(400);
    expect(readdirSync(parent).toSorted()).toEqual(["here", "out"]);
  });

  it("again finds everything unchanged, and only reports when it is on trial", async () => {
    await writeTreeAside(out, many(3));
    const again = await writeTreeAside(out, many(3));
    expect(new Set(again.files.map(({ change }) => change))).toEqual(new Set(["unchanged"]));
    expect(await writeTreeAside(out, many(2), { dryRun: true })).toMatchObject({ removed: ["nodes/n2/own", "nodes/n2/shared"] });
    expect(existsSync(join(out, "nodes/n2/own"))).toBe(true);
  });

  it("asks for no more files than the thread keeps up with, once it refuses one", async () => {
    let asked = 0;
    function* endless(): Generator<TreeFile> {
      yield { path: "../x", text: "" };
      for (; ; asked++) yield { path: `a/${asked}`, text: "y".repeat(10_000) };
    }
    await expect(writeTreeAside(out, endless())).rejects.toMatchObject({ name: "WriteError", problem: "bad-path", path: "../x" });
    expect(asked).toBeLessThan(10_000);
    expect(readdirSync(parent)).toEqual([]);
  });

  it("says what the system refuses as writing it here does", async () => {
    writeFileSync(out, "mine");
    const problem = await writeTreeAside(out, many(2)).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(WriteError);
    expect(problem).toMatchObject({ problem: "not-a-directory", path: out, message: `${out} is not a directory` });
    expect(readFileSync(out, "utf8")).toBe("mine");
  });

  it("leaves the folder as it was when a file cannot be made", async () => {
    await writeTreeAside(out, many(2));
    function* failing(): Generator<TreeFile> {
      yield* many(300);
      throw new RangeError("no such chain");
    }
    await expect(writeTreeAside(out, failing())).rejects.toThrow(new RangeError("no such chain"));
    expect(readdirSync(out).toSorted()).toEqual([".knet-files", "nodes"]);
    expect(readdirSync(join(out, "nodes"))).toEqual(["n0", "n1"]);
  });
});
