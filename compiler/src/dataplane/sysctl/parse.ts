/** Kernel parameters as `sysctl -a` prints them and `sysctl.conf` writes them. */
import { DumpError } from "../dump/entries.ts";
import { unknownOwner } from "../dump/owners.ts";
import type { Sysctl } from "./types.ts";

/**
 * The path below /proc/sys. The separator that comes first decides how a name is read: behind a slash everything stands as it is; behind
 * a dot the two change places, so that a device name keeps its own dots: `net.ipv4.conf.vxlan/calico.rp_filter`.
 */
export function sysctlKey(name: string): string {
  const first = name.search(/[./]/);
  if (first < 0 || name[first] === "/") return name;
  return name.replaceAll(/[./]/g, (separator) => (separator === "." ? "/" : "."));
}

/**
 * The assignments in order, keys in the slash form; of a key that comes twice the last one holds. Blanks inside a value (`4096
 * 131072 6291456`) become one space each, which is how the kernel takes them.
 *
 * @throws {DumpError} for a line that is no assignment, a key that is none, or a pattern, whose meaning
 *   depends on the devices of the machine.
 */
export function parseSysctls(source: string, file = "sysctl -a"): readonly Sysctl[] {
  return source.split("\n").flatMap((raw, index) => {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) return [];
    const place = { unit: "line", number: index + 1 } as const;
    const equals = line.indexOf("=");
    if (equals < 0) throw new DumpError(file, place, null, "not an assignment `key = value`");
    // A leading `-` lets sysctl go on when the key cannot be set.
    const name = line.slice(line.startsWith("-") ? 1 : 0, equals).trim();
    if (/[*?[\]]/.test(name))
      throw new DumpError(file, place, "key", `${name} is a pattern, and which keys it stands for depends on the machine`);
    if (!/^[^\s/.]+(?:[/.][^\s/.]+)+$/.test(name))
      throw new DumpError(file, place, "key", `${JSON.stringify(name)} is no kernel parameter`);
    const value = line
      .slice(equals + 1)
      .trim()
      .replaceAll(/\s+/g, " ");
    return [{ key: sysctlKey(name), value, owner: unknownOwner, origin: { name: `${file} line ${place.number}`, span: null } }];
  });
}
