/** The only room that speaks the Language Server Protocol. */
import { createConnection, DiagnosticSeverity, ProposedFeatures, TextDocuments, TextDocumentSyncKind } from "vscode-languageserver/node";
import type { Connection, Diagnostic } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { Checked } from "@knet/compiler";
import { editorDiagnostics } from "../features/diagnostics.ts";
import { Documents } from "../workspace/documents.ts";

/** Answers on the connection until the client says exit. */
export function serve(connection: Connection): void {
  const checked = new Documents();
  const documents = new TextDocuments(TextDocument);
  connection.onInitialize(() => ({
    serverInfo: { name: "knet" },
    capabilities: { textDocumentSync: TextDocumentSyncKind.Incremental },
  }));
  const publish = (uri: string, version: number, result: Checked): void => {
    const diagnostics = editorDiagnostics(result).map(({ range, severity, code, message, related }): Diagnostic => ({
      range,
      severity: severity === "error" ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
      code,
      source: "knet",
      message,
      relatedInformation: related.map((place) => ({ location: { uri: place.uri, range: place.range }, message: place.message })),
    }));
    void connection.sendDiagnostics({ uri, version, diagnostics });
  };
  documents.onDidChangeContent(({ document }) => {
    const { uri, version } = document;
    publish(uri, version, checked.update({ uri, version, text: document.getText() }));
    for (const [importer, result] of checked.refreshImporters(uri)) publish(importer.uri, importer.version, result);
  });
  documents.onDidClose(({ document }) => {
    checked.close(document.uri);
    void connection.sendDiagnostics({ uri: document.uri, diagnostics: [] });
  });
  documents.listen(connection);
  connection.listen();
}

/** The process: `knet-lsp --stdio`. */
export function main(): void {
  serve(createConnection(ProposedFeatures.all));
}
