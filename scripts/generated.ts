/** Every generated file of the repository with the text that it must have. */
import { grammarText } from "../vscode-extension/src/grammar.ts";

export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

export async function generatedFiles(): Promise<readonly GeneratedFile[]> {
  return [{ path: "vscode-extension/syntaxes/knet.tmLanguage.json", text: grammarText() }];
}
