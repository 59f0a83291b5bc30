import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";

const entry = fileURLToPath(new URL("./process.ts", import.meta.url));

describe("the language server over stdio", () => {
  it("should publish what is wrong, withdraw it when it is mended, and end with 0", async () => {
    const child = spawn(process.execPath, [entry, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
    const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
    const connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
    const published: { readonly diagnostics: readonly { readonly code: string; readonly range: unknown }[] }[] = [];
    let wake: () => void = () => {};
    connection.onNotification("textDocument/publishDiagnostics", (params: (typeof published)[number]) => {
      published.push(params);
      wake();
    });
    const next = async (count: number): Promise<void> => {
      while (published.length < count) await new Promise<void>((resolve) => (wake = resolve));
    };
    connection.listen();
    await connection.sendRequest("initialize", { processId: process.pid, rootUri: null, capabilities: {} });
    await connection.sendNotification("initialized", {});
    const uri = "file:///cluster.knet";
    const text = `cluster demo {\n  service-cidr = 172.16.0.0/16\n  cni calico { pool pods { cidr = 10.10.0.1/16, encapsulation = vxlan } }\n}\nnetwork dc { subnet blue { cidr = 192.168.1.0/24 } }\nnode node-a in blue {}\n`;
    await connection.sendNotification("textDocument/didOpen", { textDocument: { uri, languageId: "knet", version: 1, text } });
    await next(1);
    await connection.sendNotification("textDocument/didChange", {
      textDocument: { uri, version: 2 },
      contentChanges: [{ text: text.replace("10.10.0.1/16", "10.10.0.0/16") }],
    });
    await next(2);
    await connection.sendRequest("shutdown");
    await connection.sendNotification("exit");
    const start = text.split("\n")[2]?.indexOf("10.10") ?? -1;
    expect(published[0]?.diagnostics.map(({ code, range }) => ({ code, range }))).toEqual([
      { code: "KN3003", range: { start: { line: 2, character: start }, end: { line: 2, character: start + "10.10.0.1/16".length } } },
    ]);
    expect(published[1]?.diagnostics).toEqual([]);
    expect(await ended).toBe(0);
  });
});
