/** The only room that speaks the Language Server Protocol. */
import { createConnection, DiagnosticSeverity, ProposedFeatures, TextDocuments, TextDocumentSyncKind } from "vscode-languageserver/node";
import type { Connection, Diagnostic } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
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
  documents.onDidChangeContent(({ document }) => {
    const { uri, version } = document;
    const found = editorDiagnostics(checked.update({ uri, version, text: document.getText() }));
    const diagnostics = found.map(
      ({ range, severity, code, message, related }): Diagnostic => ({
        range,
        severity: severity === "error" ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
        code,
        source: "knet",
        message,
        relatedInformation: related.map((place) => ({ location: { uri, range: place.range }, message: place.message })),
      }),
    );
    void connection.sendDiagnostics({ uri, version, diagnostics });
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
