/** Programs of several files, and parameters, on the command line. */
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Shell } from "./testing.ts";

const network = `cluster demo {
  service-cidr = 172.16.0.0/16
  cni calico { pool pods { cidr = 10.10.0.0/16, encapsulation = vxlan } }
}
network dc { subnet blue { cidr = 192.168.1.0/24 } }
`;
const racks = `template rack {
  param index integer where index in 0..7
  node "rack-\${index}" in blue { address = 192.168.1.100 + index }
}
`;
const main = `import "network.knet"
import "lib/racks.knet" as racks
param many integer = 2 where many in 1..5
param first integer = 0
for i in first..first + many - 1 { use racks.rack { index = i } }
`;
const files = { "main.knet": main, "network.knet": network, "lib/racks.knet": racks };

/** Names of the nodes that are compiled. */
async function nodes(sh: Shell, ...args: readonly string[]): Promise<readonly string[]> {
  const { exit, stdout, stderr } = await sh.knet(["compile", "main.knet", "-o", "out", "--dry-run", ...args]);
  if (exit !== 0) return [`exit ${exit}`, stderr];
  return [...new Set([...stdout.matchAll(/^nodes\/([^/]+)\//gm)].map((match) => match[1] ?? ""))];
}

describe("a program of several files", () => {
  it("should be checked as one", async () => {
    using sh = new Shell(files);
    expect(await sh.knet(["check", "main.knet"])).toEqual({ exit: 0, stdout: "no problems in 3 files\n", stderr: "" });
  });

  it("should show the lines of the file that is wrong, under the path from where the command runs", async () => {
    using sh = new Shell({ ...files, "lib/racks.knet": racks.replace("address", "addres") });
    const inside = await sh.knet(["check", "./main.knet"]);
    expect(inside.exit).toBe(1);
    expect(inside.stdout).toContain(
      ` --> lib/racks.knet:3:34\n  |\n3 |   node "rack-\${index}" in blue { addres = 192.168.1.100 + index }\n`,
    );
    expect(inside.stdout).toContain("5 | for i in first..first + many - 1 { use racks.rack { index = i } }");
    const github = await sh.knet(["check", "--format", "github", "main.knet"]);
    expect(github.stdout).toMatch(/^::error file=lib\/racks\.knet,line=3,endLine=3,col=34,endColumn=40,title=KN2003::/);
    const sarif: unknown = JSON.parse((await sh.knet(["check", "--format", "sarif", "main.knet"])).stdout);
    expect(sarif).toMatchObject({
      runs: [
        {
          results: [
            {
              locations: [{ physicalLocation: { artifactLocation: { uri: "lib/racks.knet" }, region: { startLine: 3, startColumn: 34 } } }],
              relatedLocations: [{ physicalLocation: { artifactLocation: { uri: "main.knet" }, region: { startLine: 5 } } }],
            },
          ],
        },
      ],
    });
  });

  it("should name its files in the source map", async () => {
    using sh = new Shell(files);
    expect((await sh.knet(["compile", "main.knet", "-o", "out"])).exit).toBe(0);
    const map: unknown = JSON.parse(sh.read("out/knet.map.json"));
    expect(map).toMatchObject({ sources: expect.arrayContaining(["network.knet", "lib/racks.knet"]) as unknown });
  });

  it("should read the imports of standard input from the working directory", async () => {
    using sh = new Shell(files);
    expect((await sh.knet(["check", "-"], main)).stdout).toBe("no problems in 3 files\n");
  });

  it("should repair the file that is named, and no other", async () => {
    const wrong = network.replace("192.168.1.0/24", "192.168.1.1/24");
    using sh = new Shell({ ...files, "network.knet": wrong, "main.knet": `${main}namespace a { pod p { address = "10.10.0.9" } }\n` });
    expect((await sh.knet(["check", "--fix", "main.knet"])).exit).toBe(1);
    expect(sh.read("network.knet")).toBe(wrong);
    expect(sh.read("main.knet")).toContain("address = 10.10.0.9");
  });
});

describe("the project's folder", () => {
  const refused = "leads out of the project's folder";

  it("should be that of the program, unless a folder above it is marked", async () => {
    using sh = new Shell({ "a/main.knet": `import "../network.knet"\nnode n in blue\n`, "network.knet": network });
    expect((await sh.knet(["check", "a/main.knet"])).stdout).toContain(`\`../network.knet\` cannot be imported: it ${refused} \`a\``);
    sh.write("knet.json", "{}");
    expect((await sh.knet(["check", "a/main.knet"])).stdout).toBe("no problems in 2 files\n");
  });

  it("should be the one with `knet.json` rather than a nearer one with `.git`", async () => {
    using sh = new Shell({
      "knet.json": "{}",
      "a/.git/HEAD": "",
      "a/main.knet": `import "../network.knet"\nnode n in blue\n`,
      "network.knet": network,
    });
    expect((await sh.knet(["check", "a/main.knet"])).exit).toBe(0);
  });

  it("should not be left by a link", async () => {
    using sh = new Shell({
      "outside/network.knet": network,
      "project/main.knet": `import "network.knet"\nimport "linked/network.knet"\nnode n in blue\n`,
    });
    symlinkSync(join(sh.folder, "outside/network.knet"), join(sh.folder, "project/network.knet"));
    symlinkSync(join(sh.folder, "outside"), join(sh.folder, "project/linked"));
    const { stdout } = await sh.knet(["check", "project/main.knet"]);
    expect(stdout).toContain("`network.knet` cannot be imported: it leads out");
    expect(stdout).toContain("`linked/network.knet` cannot be imported: it leads out");
    expect(stdout).toContain("2 errors in 1 file");
  });

  it("should have each file once, however many links and spellings lead to it", async () => {
    using sh = new Shell({
      "main.knet": `import "network.knet"\nimport "./lib/../network.knet"\nimport "other.knet"\nnode n in blue\n`,
      "network.knet": network,
      "lib/x": "",
    });
    symlinkSync(join(sh.folder, "network.knet"), join(sh.folder, "other.knet"));
    expect((await sh.knet(["check", "main.knet"])).stdout).toBe("no problems in 2 files\n");
  });
});

describe("an import that cannot be read", () => {
  it("should say what is near, or that it is a folder", async () => {
    using sh = new Shell({ ...files, "main.knet": main.replace("lib/racks", "lib/rack") });
    expect((await sh.knet(["check", "main.knet"])).stdout).toContain('= help: did you mean "lib/racks.knet"?');
    mkdirSync(join(sh.folder, "lib/rack.knet"));
    expect((await sh.knet(["check", "main.knet"])).stdout).toContain("`lib/rack.knet` cannot be read: it is a folder");
  });
});

describe("parameters", () => {
  it("should come from --param, from --params, or have their defaults", async () => {
    using sh = new Shell({ ...files, "p.yaml": "# how many\nmany: 3\nfirst: 1\n", "p.json": '{ "many": 1 }' });
    expect(await nodes(sh)).toEqual(["rack-0", "rack-1"]);
    expect(await nodes(sh, "--param", "many=1", "--param", "first=4")).toEqual(["rack-4"]);
    expect(await nodes(sh, "--params", "p.yaml")).toEqual(["rack-1", "rack-2", "rack-3"]);
    expect(await nodes(sh, "--params", "p.json", "--param", "first=2")).toEqual(["rack-2"]);
    expect(await nodes(sh, "--params", "p.yaml", "--param", "many=1")).toEqual(["rack-1"]);
  });

  it("should be told when they do not fit, with where they came from", async () => {
    using sh = new Shell({ ...files, "p.yaml": "many: [1]\n" });
    const text = await sh.knet(["check", "--param", "many=9", "main.knet"]);
    expect(text.exit).toBe(1);
    expect(text.stdout).toContain("error[KN3016]: many is 9, and 1..5 was asked\n");
    expect(text.stdout).toContain("= note: given by --param many=9\n");
    expect((await sh.knet(["check", "--params", "p.yaml", "main.knet"])).stdout).toContain("`many` wants a whole number, not a list");
    expect((await sh.knet(["check", "--param", "nobody=9", "main.knet"])).stdout).toContain(
      "error[KN2019]: this program has no parameter `nobody`",
    );
  });

  it.each([
    [["--param", "many"], 'error[KN9004]: --param wants name=value, not "many"\n'],
    [["--param", "many=1", "--param", "many=2"], "error[KN9004]: --param many=… is given twice\n"],
    [["--params", "none.yaml"], "error[KN9001]: cannot read none.yaml: "],
    [["--params", "list.yaml"], "error[KN9001]: cannot read list.yaml: it is no map of parameters by their names\n"],
    [["--params", "broken.yaml"], "error[KN9001]: cannot read broken.yaml: "],
    [["--params", "bomb.yaml"], "error[KN9001]: cannot read bomb.yaml: "],
  ])("%j should be wrong usage", async (args, message) => {
    const bomb = Array.from(
      { length: 12 },
      (_, i) =>
        `${String.fromCharCode(98 + i)}: &${String.fromCharCode(98 + i)} [${Array.from({ length: 9 }, () => `*${String.fromCharCode(97 + i)}`).join(", ")}]`,
    );
    using sh = new Shell({ ...files, "list.yaml": "- 1\n", "broken.yaml": "a: [1\n", "bomb.yaml": `a: &a [x, x]\n${bomb.join("\n")}\n` });
    const { exit, stderr } = await sh.knet(["check", "main.knet", ...args]);
    expect([exit, stderr.slice(0, message.length)]).toEqual([2, message]);
  });

  it("should be taken by every command that takes a program", async () => {
    using sh = new Shell(files);
    for (const command of ["check", "lock", "compile", "verify", "trace", "reach"]) {
      const { stdout } = await sh.knet([command, "--help"]);
      expect([command, stdout.includes("--param <name=value>"), stdout.includes("--params <file>")]).toEqual([command, true, true]);
    }
  });
});
