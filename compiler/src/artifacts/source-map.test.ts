import { positionAt, sourceFile } from "@knet/language";
import type { Origin, Span } from "@knet/language";
import { array, assert, nat, property } from "fast-check";
import { describe, expect, it } from "vitest";
import type { PrintedLine } from "../dataplane/printed.ts";
import { itemIndex, lookUpLine, OriginTable, SourceMapBuilder, sourceMapPathOf } from "./source-map.ts";
import type { MapReader, NodeMap, PositionOf, SourceMap } from "./source-map.ts";

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

/** The map at the top, of files that each are one block. */
function topOf(files: Readonly<Record<string, readonly PrintedLine[]>>): SourceMap {
  const builder = new SourceMapBuilder(new OriginTable(positionOf));
  for (const [path, lines] of Object.entries(files)) builder.add({ path, blocks: [lines] });
  return JSON.parse(builder.topText()) as SourceMap;
}

/** Reads these maps and no other. */
function reader(top: SourceMap, nodes: Readonly<Record<string, NodeMap>> = {}): MapReader {
  return { top: () => top, node: (path) => nodes[path] ?? null };
}

function linesOf(lines: readonly PrintedLine[]): unknown {
  const file = topOf({ f: lines }).files["f"];
  return file !== undefined && "lines" in file ? file.lines : null;
}

describe("the source map", () => {
  it("joins lines of one cause, and counts lines and columns from 1", () => {
    expect(topOf({ "routers/core/routes.ip": [line(proxy), line(proxy), line(web), line({ ...web }), line(proxy)] })).toEqual({
      version: 1,
      sources: ["shop.knet"],
      origins: [
        ["cluster demo · proxy iptables", 0, 2, 3, 2, 17],
        ["service web", 0, 4, 1, 4, 15],
      ],
      files: { "routers/core/routes.ip": { lines: [2, 0, 2, 1, 1, 0] } },
    });
  });

  it("gives framing lines to what follows them, and the last ones to what came before", () => {
    expect(linesOf([line(null), line(proxy), line(null), line(null), line(web), line(null)])).toEqual([2, 0, 4, 1]);
  });

  it("joins runs and framing where the blocks of a file meet", () => {
    const builder = new SourceMapBuilder(new OriginTable(positionOf));
    const shared = [line(proxy), line(web), line(null)];
    builder.add({ path: "a", blocks: [[line(null)], shared, shared, [line(web)]] });
    builder.add({ path: "b", blocks: [shared, [line(null)]] });
    expect((JSON.parse(builder.topText()) as SourceMap).files).toEqual({ a: { lines: [2, 0, 1, 1, 2, 0, 3, 1] }, b: { lines: [1, 0, 3, 1] } });
  });

  it("names what stands in no source, and files that nothing accounts for", () => {
    const elsewhere = { name: "elsewhere", span: { file: "other.knet", start: 0, end: 1 } };
    const map = topOf({ f: [line({ name: "namespace kube-system", span: null }), line(elsewhere)], framing: [line(null), line(null)] });
    expect([map.sources, map.origins]).toEqual([[], [["namespace kube-system"], ["elsewhere"], ["knet"]]]);
    expect(lookUpLine(reader(map), "framing", 2)).toEqual({ name: "knet", source: null, startLine: 0, startColumn: 0, endLine: 0, endColumn: 0 });
  });

  it("keeps apart declarations of one name, and names of one declaration", () => {
    expect(topOf({ f: [line(web), line({ ...web, span: proxy.span }), line({ ...web, name: "service web · port http" }), line(web)] })).toMatchObject({
      origins: [
        ["service web", 0, 4, 1, 4, 15],
        ["service web", 0, 2, 3, 2, 17],
        ["service web · port http", 0, 4, 1, 4, 15],
      ],
      files: { f: { lines: [1, 0, 1, 1, 1, 2, 1, 0] } },
    });
  });

  it("is JSON with a line per origin and per file", () => {
    const builder = new SourceMapBuilder(new OriginTable(positionOf));
    expect(builder.topText()).toBe('{\n  "version": 1,\n  "sources": [],\n  "origins": [],\n  "files": {}\n}\n');
    expect(builder.nodeText()).toBe('{\n  "version": 1,\n  "files": {}\n}\n');
    builder.add({ path: "a", blocks: [[line(web)]] });
    builder.add({ path: "b", blocks: [] });
    expect(builder.topText()).toBe(
      '{\n  "version": 1,\n  "sources": ["shop.knet"],\n  "origins": [\n    ["service web",0,4,1,4,15]\n  ],\n  "files": {\n    "a": {"lines":[1,0]},\n    "b": {"lines":[]}\n  }\n}\n',
    );
  });

  it("says once what another file has line for line, wherever that file is mapped, and every origin at the top", () => {
    const origins = new OriginTable(positionOf);
    const [top, first, second] = [new SourceMapBuilder(origins), new SourceMapBuilder(origins), new SourceMapBuilder(origins)];
    const lines = [line(proxy), line(web)];
    first.add({ path: "nodes/a/x", blocks: [lines] });
    second.add({ path: "nodes/b/x", blocks: [lines] }, "nodes/a/x");
    second.add({ path: "nodes/b/y", blocks: [[line(web)]] });
    const [a, b] = [first, second].map((builder) => JSON.parse(builder.nodeText()) as NodeMap);
    expect(b).toEqual({ version: 1, files: { "nodes/b/x": { sameAs: "nodes/a/x" }, "nodes/b/y": { lines: [1, 1] } } });
    const map = JSON.parse(top.topText()) as SourceMap;
    if (a === undefined || b === undefined) throw new Error("there are two nodes");
    const both = reader(map, { "nodes/a/knet.map.json": a, "nodes/b/knet.map.json": b });
    expect(lookUpLine(both, "nodes/b/x", 2)).toMatchObject({ name: "service web", source: "shop.knet", startLine: 4 });
    expect(lookUpLine(both, "nodes/b/x", 3)).toBeNull();
    expect(lookUpLine(both, "nodes/b/y", 1)).toMatchObject({ name: "service web" });
    expect(lookUpLine(reader(map, { "nodes/b/knet.map.json": b }), "nodes/b/x", 2)).toBeNull();
  });

  it("of a node's files stands in the node's folder, and of all others at the top", () => {
    expect(["nodes/a/links.ip", "nodes/a/pods/shop.web/links.ip", "routers/core/links.ip", "manifests/shop/namespace.yaml"].map(sourceMapPathOf)).toEqual([
      "nodes/a/knet.map.json",
      "nodes/a/knet.map.json",
      "knet.map.json",
      "knet.map.json",
    ]);
  });

  it("finds every line of a file however it is cut into blocks, and none outside it", () => {
    const origins = [proxy, web, { name: "namespace kube-system", span: null }];
    assert(
      property(array(nat(2), { minLength: 1, maxLength: 40 }), nat(40), (picks, cut) => {
        const lines = picks.map((pick) => line(origins[pick] ?? null));
        const builder = new SourceMapBuilder(new OriginTable(positionOf));
        builder.add({ path: "f", blocks: [lines.slice(0, cut), lines.slice(cut)] });
        const maps = reader(JSON.parse(builder.topText()) as SourceMap);
        for (const [index, pick] of picks.entries()) expect(lookUpLine(maps, "f", index + 1)?.name).toBe(origins[pick]?.name);
        expect(lookUpLine(maps, "f", 0)).toBeNull();
        expect(lookUpLine(maps, "f", picks.length + 1)).toBeNull();
        expect(lookUpLine(maps, "toString", 1)).toBeNull();
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
