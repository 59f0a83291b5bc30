import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { editorDiagnostics } from "../features/diagnostics.ts";
import { Documents } from "./documents.ts";

const folder = mkdtempSync(join(tmpdir(), "knet-lsp-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const uriOf = (name: string): string => pathToFileURL(join(folder, name)).href;
const network = `cluster demo {
  service-cidr = 172.16.0.0/16
  cni calico { pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan } }
}
network dc { subnet blue { cidr = 192.168.1.0/24 } }
`;
const main = 'import "network.knet"\nnode n in blue\n';

describe("documents that import others", () => {
  it("should read them from the disk, or as they are open", () => {
    writeFileSync(join(folder, "network.knet"), network);
    const documents = new Documents();
    const first = documents.update({ uri: uriOf("main.knet"), version: 1, text: main });
    expect(editorDiagnostics(first)).toEqual([]);
    documents.update({ uri: uriOf("network.knet"), version: 1, text: network.replace("subnet blue", "subnet green") });
    const [[importer, result] = []] = documents.refreshImporters(uriOf("network.knet"));
    expect(importer?.uri).toBe(uriOf("main.knet"));
    expect(result === undefined ? [] : editorDiagnostics(result).map(({ code, range }) => [code, range.start])).toEqual([
      ["KN2001", { line: 1, character: 10 }],
    ]);
    documents.close(uriOf("network.knet"));
    expect(editorDiagnostics(documents.update({ uri: uriOf("main.knet"), version: 2, text: main }))).toEqual([]);
  });

  it("should show errors of another file at their beginning, with the place there", () => {
    writeFileSync(join(folder, "broken.knet"), `${network}node Big in blue\n`);
    const found = editorDiagnostics(new Documents().update({ uri: uriOf("main.knet"), version: 1, text: 'import "broken.knet"\n' }));
    expect(found.map(({ code, range, related }) => [code, range.start, related.map((place) => [place.uri, place.range.start])])).toEqual([
      ["KN2006", { line: 0, character: 0 }, [[uriOf("broken.knet"), { line: 5, character: 5 }]]],
    ]);
  });

  it("should import nothing where there is no folder", () => {
    const found = editorDiagnostics(new Documents().update({ uri: "untitled:Untitled-1", version: 1, text: 'import "network.knet"\n' }));
    expect(found.map(({ code }) => code)).toEqual(["KN2017"]);
  });
});
