/** Kernel parameters as `sysctl -p` reads them. */
import type { PrintedLine } from "../printed.ts";
import type { Sysctl } from "./types.ts";

export function printSysctls(sysctls: readonly Sysctl[]): readonly PrintedLine[] {
  return sysctls.map((sysctl) => ({ text: `${sysctl.key} = ${sysctl.value}`, item: sysctl, origin: sysctl.origin }));
}
