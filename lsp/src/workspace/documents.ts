/** Open documents and what the compiler says of them; the same text is checked once, unless what it imports may have changed. */
import { checkSource } from "@knet/compiler";
import type { Checked } from "@knet/compiler";
import { documentHost } from "./host.ts";

export interface OpenDocument {
  readonly uri: string;
  readonly version: number;
  readonly text: string;
}

interface Known {
  readonly document: OpenDocument;
  readonly checked: Checked;
}

export class Documents {
  readonly #open = new Map<string, Known>();

  update(document: OpenDocument): Checked {
    const known = this.#open.get(document.uri);
    const still = known !== undefined && known.document.text === document.text && known.checked.sources.length === 1;
    const checked = still ? known.checked : this.#check(document);
    this.#open.set(document.uri, { document, checked });
    return checked;
  }

  /** Other open documents that import one, checked anew. */
  refreshImporters(uri: string): readonly (readonly [document: OpenDocument, checked: Checked])[] {
    const importers = [...this.#open.values()].filter(
      ({ document, checked }) => document.uri !== uri && checked.sources.some((source) => source.path === uri),
    );
    return importers.map(({ document }) => {
      const checked = this.#check(document);
      this.#open.set(document.uri, { document, checked });
      return [document, checked] as const;
    });
  }

  close(uri: string): void {
    this.#open.delete(uri);
  }

  #check({ uri, text }: OpenDocument): Checked {
    const host = documentHost(uri, (other) => this.#open.get(other)?.document.text ?? null);
    return checkSource(uri, text, null, host === null ? {} : { host });
  }
}
