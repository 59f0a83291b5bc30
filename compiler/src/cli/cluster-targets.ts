/** FROM, TO and --backend where a program has several clusters: `west/shop/client`, `svc:west/shop/web`, `node:west/node-a`. */
import { contains, formatIp, parseIp } from "@knet/language/values";
import { nearest } from "@knet/language";
import { rangesOf } from "../compilation/clusters.ts";
import type { Compilation } from "../compilation/compilation.ts";
import { CommandError } from "./command-error.ts";

export interface Asked {
  readonly from: string;
  readonly to: string;
  readonly backend?: string;
}

/**
 * The cluster that the parties name, and the parties as it knows them. With one cluster they are as they were written.
 * @throws CommandError when they name none, different ones or one that is not there, or when TO is an address of another cluster
 */
export function askedOf(compilations: readonly Compilation[], asked: Asked): Asked & { readonly compilation: Compilation } {
  const [only, second] = compilations;
  if (only === undefined) throw new Error("a program has at least one cluster");
  if (second === undefined) return { ...asked, compilation: only };
  const parts = { from: split(asked.from), to: split(asked.to), backend: asked.backend === undefined ? null : split(asked.backend) };
  const named = [parts.from.cluster, parts.to.cluster, parts.backend?.cluster ?? null].filter((name) => name !== null);
  const [name] = named;
  const names = compilations.map(({ model }) => model.cluster.name);
  if (name === undefined) throw unknown("the program has several clusters, and neither FROM nor TO names one", `write ${names.map((cluster) => `${cluster}/namespace/pod`).join(" or ")}`);
  for (const wanted of named) {
    if (names.includes(wanted)) continue;
    const near = nearest(wanted, names);
    throw unknown(`no cluster is called ${wanted}`, near === null ? `the clusters are ${names.join(", ")}` : `did you mean ${near}?`);
  }
  const other = named.find((wanted) => wanted !== name);
  if (other !== undefined) throw unknown(`${asked.from} and ${asked.to} are in different clusters, and a trace follows packets in one`, "name two parties of one cluster");
  for (const { text, cluster } of [parts.from, parts.to]) {
    if (cluster === null && /^(?:svc:|node:)|^[^/:]+\/[^/]+$/.test(text)) throw unknown(`${text} names no cluster`, `write ${placed(text, name)}`);
    const address = parseIp(text);
    const holder = address === null ? undefined : compilations.find(({ model }) => model.cluster.name !== name && rangesOf(model).some((range) => contains(range, address)));
    const isOwn = address !== null && compilations.some(({ model }) => model.cluster.name === name && rangesOf(model).some((range) => contains(range, address)));
    if (address !== null && holder !== undefined && !isOwn)
      throw unknown(`${formatIp(address)} is an address of cluster ${holder.model.cluster.name}, and a trace follows packets in one cluster`, "name two parties of one cluster");
  }
  const compilation = compilations.find(({ model }) => model.cluster.name === name) ?? only;
  return { compilation, from: parts.from.text, to: parts.to.text, ...(parts.backend === null ? {} : { backend: parts.backend.text }) };
}

interface Parts {
  readonly cluster: string | null;
  /** The party without its cluster. */
  readonly text: string;
}

function split(text: string): Parts {
  const found = /^(svc:|node:|)([^/:.]+)\/(.+)$/.exec(text);
  const [, kind = "", cluster = "", rest = ""] = found ?? [];
  const slashes = rest.split("/").length - 1;
  return found === null || slashes !== (kind === "node:" ? 0 : 1) ? { cluster: null, text } : { cluster, text: `${kind}${rest}` };
}

function placed(text: string, cluster: string): string {
  return text.replace(/^(svc:|node:|)/, `$1${cluster}/`);
}

function unknown(message: string, help: string): CommandError {
  return new CommandError("unknown-endpoint", message, help);
}
