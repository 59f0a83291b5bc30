import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const script = fileURLToPath(new URL("../../bin/knet.mjs", import.meta.url));

/** The script under a Node that says it has another version. */
function runAs(version: string): { readonly status: number | null; readonly stderr: string } {
  const claim = `Object.defineProperty(process.versions, "node", { value: ${JSON.stringify(version)} })`;
  const claiming = `data:text/javascript,${encodeURIComponent(claim)}`;
  const { status, stderr } = spawnSync(process.execPath, ["--import", claiming, script, "--version"], { encoding: "utf8" });
  return { status, stderr };
}

describe("the script that starts knet", () => {
  it.each(["18.20.8", "20.20.2", "22.11.0"])("refuses Node %s in words", (version) => {
    const { status, stderr } = runAs(version);
    expect(status).toBe(2);
    expect(stderr).toBe(
      `error[KN9007]: this is Node ${version}, and knet needs Node 22.12 or later\n  = help: in a checkout \`npx knet\` and \`node_modules/.bin/knet\` run the Node that \`npm start\` brings\n`,
    );
  });

  it.each(["22.12.0", "24.0.0"])("does not refuse Node %s", (version) => {
    expect(runAs(version).stderr).not.toContain("KN9007");
  });
});
