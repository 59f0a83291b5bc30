/** Opens a laboratory, says the inode of its pid namespace, and waits to be killed. */
import { openLab } from "../../compiler/src/lab/lab.ts";
import { twoSubnets } from "./two-subnets.ts";

const lab = await openLab(twoSubnets());
process.stdout.write(`${lab.pidNamespace}\n`);
await new Promise(() => {
  setInterval(() => undefined, 1000);
});
