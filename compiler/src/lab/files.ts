/** Which tool loads which printed file. What is booted is what `knet compile` writes, never something else. */
import { fileLines, hostFiles } from "../artifacts/artifacts.ts";
import { printedText } from "../dataplane/printed.ts";
import type { Fabric, Host } from "../fabric/types.ts";

/** The tool that reads a file; `ip6` is `ip -6`. */
export type Loader = "ip" | "ip6" | "bridge" | "sysctl" | "ipset" | "iptables" | "ip6tables";

export interface LabFile {
  /** Path in the artifact tree: `nodes/node-a/kube-proxy.iptables`. */
  readonly name: string;
  readonly loader: Loader;
  readonly text: string;
}

/** Null: no tool loads it, programs of the host read it. */
const loaders: ReadonlyMap<string, Loader | null> = new Map([
  ["ip", "ip"],
  ["ip6", "ip6"],
  ["bridge", "bridge"],
  ["sysctl.conf", "sysctl"],
  ["ipset.restore", "ipset"],
  ["ipset", "ipset"],
  ["iptables", "iptables"],
  ["ip6tables", "ip6tables"],
  ["resolv.conf", null],
]);

/** The files of one host in the order in which they are loaded. Throws when nobody says how one is loaded. */
export function loadedFiles(fabric: Fabric, host: Host): readonly LabFile[] {
  return hostFiles(fabric, host).flatMap((file) => {
    const { path } = file;
    const base = path.slice(path.lastIndexOf("/") + 1);
    const loader = loaders.get(base) ?? loaders.get(base.slice(base.lastIndexOf(".") + 1));
    if (loader === undefined && !loaders.has(base)) throw new Error(`the laboratory has no tool that loads ${path}`);
    return loader === undefined || loader === null ? [] : [{ name: path, loader, text: printedText(fileLines(file)) }];
  });
}
