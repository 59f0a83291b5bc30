/** Open documents and what the compiler says of them; the same text is checked once. */
import { checkSource } from "@knet/compiler";
import type { Checked } from "@knet/compiler";

export interface OpenDocument {
  readonly uri: string;
  readonly version: number;
  readonly text: string;
}

export class Documents {
  readonly #open = new Map<string, { readonly document: OpenDocument; readonly checked: Checked }>();

  update(document: OpenDocument): Checked {
    const known = this.#open.get(document.uri);
    const checked = known !== undefined && known.document.text === document.text ? known.checked : checkSource(document.uri, document.text, null);
    this.#open.set(document.uri, { document, checked });
    return checked;
  }

  close(uri: string): void {
    this.#open.delete(uri);
  }
}
