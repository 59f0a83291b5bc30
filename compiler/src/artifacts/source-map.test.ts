import { positionAt, sourceFile } from "@knet/language";
import type { Origin, Span } from "@knet/language";
import { array, assert, nat, property } from "fast-check";
import { describe, expect, it } from "vitest";
import type { PrintedLine } from "../dataplane/printed.ts";
import { itemIndex, lookUpLine, PlaceTable, SourceMapBuilder, sourceMapPathOf } from "./source-map.ts";
import type { PositionOf, SourceMap } from "./source-map.ts";

const text = "cluster demo {\n  proxy iptables\n}\nservice web {}\n";
const source = sourceFile("shop.knet", text);
const positionOf: PositionOf = (span) =>
  span.file === source.path ? { start: positionAt(source, span.start), end: positionAt(source, span.end) } : null;

function spanOf(words: string): Span {
  const start = text.indexOf(words);
  return { file: "shop.knet", start, end: start + words.length };
}

const proxy: Origin = { name: "cluster demo · proxy iptables", span: spanOf("proxy iptables") };
const web: Origin = { name: "service web", span: spanOf("service web {}") };
const line = (origin: Origin | null, item: object | null = null): PrintedLine => ({ text: "x", item, origin });

function mapOf(builder: SourceMapBuilder): SourceMap {
  return JSON.parse(builder.text()) as SourceMap;
}

function linesOf(lines: readonly PrintedLine[]): unknown {
  const builder = new SourceMapBuilder(new PlaceTable(positionOf));
  builder.add({ path: "f", lines });
  const file = mapOf(builder).files["f"];
  return file !== undefined && "lines" in file ? file.lines : null;
}

describe("the source map", () => {
  it("joins lines of one cause, and counts lines and columns from 1", () => {
    const builder = new SourceMapBuilder(new PlaceTable(positionOf));
    builder.add({ path: "nodes/node-a/kube-proxy.iptables", lines: [line(proxy), line(proxy), line(web), line({ ...web }), line(proxy)] });
    expect(mapOf(builder)).toEqual({
      version: 1,
      sources: ["shop.knet"],
      names: ["cluster demo · proxy iptables", "service web"],
      files: {
        "nodes/node-a/kube-proxy.iptables": {
          lines: [
            [1, 2, 0, 2, 3, 2, 17, 0],
            [3, 4, 0, 4, 1, 4, 15, 1],
            [5, 5, 0, 2, 3, 2, 17, 0],
          ],
        },
      },
    });
  });

  it("gives framing lines to what follows them, and the last ones to what came before", () => {
    expect(linesOf([line(null), line(proxy), line(null), line(null), line(web), line(null)])).toEqual([
      [1, 2, 0, 2, 3, 2, 17, 0],
      [3, 6, 0, 4, 1, 4, 15, 1],
    ]);
  });

  it("names what stands in no source, and files that nothing accounts for", () => {
    expect(
      linesOf([
        line({ name: "namespace kube-system", span: null }),
        line({ name: "elsewhere", span: { file: "other.knet", start: 0, end: 1 } }),
      ]),
    ).toEqual([
      [1, 1, -1, 0, 0, 0, 0, 0],
      [2, 2, -1, 0, 0, 0, 0, 1],
    ]);
    const builder = new SourceMapBuilder(new PlaceTable(positionOf));
    builder.add({ path: "f", lines: [line(null), line(null)] });
    expect(lookUpLine(mapOf(builder), "f", 2)).toEqual({
      name: "knet",
      source: null,
      startLine: 0,
      startColumn: 0,
      endLine: 0,
      endColumn: 0,
    });
  });

  it("is JSON with a line per file", () => {
    const builder = new SourceMapBuilder(new PlaceTable(positionOf));
    expect(builder.text()).toBe('{\n  "version": 1,\n  "sources": [],\n  "names": [],\n  "files": {}\n}\n');
    builder.add({ path: "a", lines: [line(web)] });
    builder.add({ path: "b", lines: [] });
    expect(builder.text()).toBe(
      '{\n  "version": 1,\n  "sources": ["shop.knet"],\n  "names": ["service web"],\n  "files": {\n    "a": {"lines":[[1,1,0,4,1,4,15,0]]},\n    "b": {"lines":[]}\n  }\n}\n',
    );
  });

  it("says once what another file has line for line, wherever that file is mapped", () => {
    const places = new PlaceTable(positionOf);
    const [first, second] = [new SourceMapBuilder(places), new SourceMapBuilder(places)];
    first.add({ path: "nodes/a/x", lines: [line(proxy), line(web)] });
    second.add({ path: "nodes/b/x", lines: [line(proxy), line(web)] }, "nodes/a/x");
    expect(mapOf(second)).toEqual({ version: 1, sources: [], names: [], files: { "nodes/b/x": { sameAs: "nodes/a/x" } } });
    const read = (path: string): SourceMap | null => (path === "nodes/a/knet.map.json" ? mapOf(first) : null);
    expect(lookUpLine(mapOf(second), "nodes/b/x", 2, read)).toMatchObject({ name: "service web", startLine: 4 });
    expect(lookUpLine(mapOf(second), "nodes/b/x", 3, read)).toBeNull();
    expect(lookUpLine(mapOf(second), "nodes/b/x", 2)).toBeNull();
  });

  it("of a node's files stands in the node's folder, and of all others at the top", () => {
    expect(["nodes/a/links.ip", "nodes/a/pods/shop.web/links.ip", "routers/core/links.ip", "manifests/shop/namespace.yaml"].map(sourceMapPathOf)).toEqual([
      "nodes/a/knet.map.json",
      "nodes/a/knet.map.json",
      "knet.map.json",
      "knet.map.json",
    ]);
  });

  it("finds every line of a file, and none outside it", () => {
    const origins = [proxy, web, { name: "namespace kube-system", span: null }];
    assert(
      property(array(nat(2), { minLength: 1, maxLength: 40 }), (picks) => {
        const builder = new SourceMapBuilder(new PlaceTable(positionOf));
        builder.add({ path: "f", lines: picks.map((pick) => line(origins[pick] ?? null)) });
        const map = mapOf(builder);
        for (const [index, pick] of picks.entries()) expect(lookUpLine(map, "f", index + 1)?.name).toBe(origins[pick]?.name);
        expect(lookUpLine(map, "f", 0)).toBeNull();
        expect(lookUpLine(map, "f", picks.length + 1)).toBeNull();
        expect(lookUpLine(map, "toString", 1)).toBeNull();
      }),
      { seed: 20261122, numRuns: 200 },
    );
  });
});

describe("the index of items", () => {
  it("is by identity and gives the first line", () => {
    const [vxlan, other] = [{ name: "vxlan" }, { name: "vxlan" }];
    const index = itemIndex([
      { path: "links.ip", lines: [line(web, vxlan), line(web, vxlan), line(null), line(web, other)] },
      { path: "again", lines: [line(web, vxlan)] },
    ]);
    expect(index.get(vxlan)).toEqual({ file: "links.ip", line: 1 });
    expect(index.get(other)).toEqual({ file: "links.ip", line: 4 });
    expect(index.size).toBe(2);
  });
});
