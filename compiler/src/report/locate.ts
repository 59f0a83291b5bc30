/** From the objects of a dataplane, and from spans, to the lines that a reader can open. */
import { lineText, positionAt } from "@knet/language";
import type { Origin, SourceFile } from "@knet/language";
import { fileLines, hostFiles } from "../artifacts/artifacts.ts";
import type { Fabric } from "../fabric/types.ts";
import type { ArtifactRef, SourceRef } from "./types.ts";

/** Prints a host's files when its first item is asked for. */
export class Locator {
  readonly #fabric: Fabric;
  readonly #sources: (path: string) => SourceFile | null;
  readonly #folder: string;
  readonly #hosts = new Map<string, ReadonlyMap<object, ArtifactRef & { readonly origin: Origin | null }>>();

  /** @param folder where the cluster's files are below the output folder: empty, or `west/` */
  constructor(fabric: Fabric, sources: (path: string) => SourceFile | null, folder = "") {
    this.#folder = folder;
    this.#fabric = fabric;
    this.#sources = sources;
  }

  /** The printed line of an item, or null when it stands in no file (a kernel's own route, a parsed dump). */
  artifact(host: string, item: object): ArtifactRef | null {
    const found = this.#index(host).get(item);
    return found === undefined ? null : { file: found.file, line: found.line, text: found.text };
  }

  /** What an item goes back to, whether or not its source is at hand. */
  originOfItem(host: string, item: object): Origin | null {
    return this.#index(host).get(item)?.origin ?? ("origin" in item ? (item.origin as Origin | null) : null);
  }

  /** The declaration behind an item. */
  sourceOfItem(host: string, item: object): SourceRef | null {
    const origin = this.originOfItem(host, item);
    return origin === null ? null : this.source(origin);
  }

  source(origin: Origin): SourceRef | null {
    if (origin.span === null) return null;
    const file = this.#sources(origin.span.file);
    if (file === null) return null;
    const { line } = positionAt(file, origin.span.start);
    return { file: origin.span.file, line: line + 1, name: origin.name, text: lineText(file, line).trim() };
  }

  #index(host: string): ReadonlyMap<object, ArtifactRef & { readonly origin: Origin | null }> {
    let index = this.#hosts.get(host);
    if (index === undefined) {
      const built = new Map<object, ArtifactRef & { readonly origin: Origin | null }>();
      const record = this.#fabric.host(host);
      for (const file of record === undefined ? [] : hostFiles(this.#fabric, record)) {
        fileLines(file).forEach((line, at) => {
          if (line.item !== null && !built.has(line.item)) {
            built.set(line.item, { file: `${this.#folder}${file.path}`, line: at + 1, text: line.text, origin: line.origin });
          }
        });
      }
      index = built;
      this.#hosts.set(host, index);
    }
    return index;
  }
}
