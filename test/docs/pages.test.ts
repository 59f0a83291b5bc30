/** The tutorial and the cookbook do what they say: `npm run update` writes what their commands print, and what that should be stands here. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { carriedOutPages, carryOut } from "../../scripts/pages.ts";
import type { CarriedOut } from "../../scripts/pages.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(fileURLToPath(new URL(path, root)), "utf8");

async function outcomes(path: string): Promise<{ readonly done: CarriedOut; readonly exits: readonly string[] }> {
  const done = await carryOut(read(path));
  return { done, exits: done.commands.filter(({ line }) => line.startsWith("knet ")).map(({ line, exit }) => `${exit} ${line.split(" ").slice(1, 2).join()}`) };
}

/** What each page should come to: exit codes of its commands in their order, and what its last part is about. */
const recipes: readonly (readonly [page: string, exits: readonly string[], failing: string, witness: string])[] = [
  [
    "default-deny-with-dns",
    ["0 check", "0 verify", "0 reach", "0 check", "4 verify"],
    "every pod resolves names",
    "shop/api-0 → service kube-system/kube-dns on 53/udp is dropped",
  ],
  ["three-zones", ["0 check", "0 verify", "0 trace", "4 verify"], "one lost node is survived", "shop/client-0 → service shop/web on 80/tcp is unreachable"],
  [
    "dual-stack",
    ["0 check", "0 verify", "0 compile", "4 verify"],
    "customers come in by both families",
    "internet → node node-a on 30080/tcp over IPv6 is refused: nobody listens there",
  ],
  ["ingress-tier", ["0 check", "0 verify", "0 trace", "4 verify"], "customers come in at two ports", "internet → node node-a on 30080/tcp is dropped"],
  [
    "database-for-two",
    ["0 check", "0 verify", "0 reach", "4 verify"],
    "the catalogue and the checkout, and only they, use the database",
    "staging/checkout-0 → data/database-0 on 5432/tcp gets through",
  ],
  [
    "monitoring",
    ["0 check", "0 verify", "4 verify"],
    "the monitoring scrapes every team, and only that",
    "monitoring/prometheus → shop/app-0 on 9102/tcp is dropped",
  ],
  [
    "external-api",
    ["0 check", "0 verify", "0 trace", "4 verify"],
    "nobody calls the provider's test systems",
    "on 443/tcp gets through",
  ],
  [
    "environments",
    ["0 check", "0 verify", "0 verify", "0 check", "1 check", "4 verify"],
    "one lost node is survived",
    "service shop/web on 80/tcp is unreachable",
  ],
  [
    "racks",
    ["0 check", "0 verify", "0 verify", "0 reach", "1 check", "0 check", "4 verify"],
    "every rack's web is reached, and a machine may go",
    "shop/client → service shop/web on 80/tcp is dropped for 2 of 3 backends",
  ],
  [
    "host-network-agents",
    ["0 check", "0 verify", "0 trace", "4 verify"],
    "the agents of all machines are read",
    "monitoring/prometheus → node node-b on 9100/tcp is dropped",
  ],
];

describe("the cookbook", () => {
  it("should have an outcome here for every page, and name every page", () => {
    const pages = recipes.map(([page]) => `docs/cookbook/${page}.md`).toSorted();
    expect(carriedOutPages().filter((path) => path !== "docs/tutorial.md")).toEqual(pages);
    for (const [page] of recipes) expect(read("docs/cookbook/README.md")).toContain(`(${page}.md)`);
  });

  it.each(recipes)("%s", { timeout: 60_000 }, async (page, exits, failing, witness) => {
    const path = `docs/cookbook/${page}.md`;
    const { done, exits: ended } = await outcomes(path);
    expect(ended).toEqual(exits);
    const verified = done.commands.filter(({ line }) => line.startsWith("knet verify"));
    for (const { output } of verified.slice(0, -1)) {
      // Proved, and not sampled.
      expect(output).toMatch(/^(?:✓ holds {2}.* \((?:exact|enumerated), \d+ flows?\)\n)+\n(\d+) holds of \1 assertions?\n/);
      expect(output).toMatch(/they agree\n$/);
    }
    const last = verified.at(-1)?.output ?? "";
    expect(last).toContain(`✗ fails  ${failing} (`);
    expect(last).toContain(witness);
    expect(done.text, "`npm run update` writes what the commands print").toBe(read(path));
  });
});

describe("the tutorial", () => {
  it("should lead from an empty folder to a verified cluster", { timeout: 60_000 }, async () => {
    const path = "docs/tutorial.md";
    const { done, exits } = await outcomes(path);
    expect(exits.join(", ")).toBe(
      [
        "0 init, 0 check, 1 check, 0 compile, 0 trace",
        "4 verify, 0 verify, 0 reach",
        "1 check, 0 verify, 0 verify, 1 check",
        "0 lock, 0 check",
        "0 fmt, 0 check, 0 verify, 4 verify",
      ].join(", "),
    );
    const printed = (line: string): readonly string[] => done.commands.filter((command) => command.line.startsWith(line)).map(({ output }) => output);
    expect(printed("knet check")[1]).toContain("did you mean `blue`?");
    expect(printed("cat out/nodes/node-a/routes.ip")[0]).toContain("dev vxlan.calico onlink");
    expect(printed("knet verify")[0]).toContain("shop/client → data/db on 5432/tcp gets through\n    because no policy isolates ingress of pod data/db");
    expect(printed("knet verify")[1]).toContain("3 holds of 3 assertions");
    expect(printed("knet verify cluster.knet --param workers=5")[0]).toContain("3 holds of 3 assertions");
    // What CI says of a sound program is nothing.
    expect(printed("knet verify --format github").map((output) => output.split(",")[0])).toEqual(["", "::error file=cluster.knet"]);
    expect(done.text, "`npm run update` writes what the commands print").toBe(read(path));
  });
});

describe("carrying out a page", () => {
  const page = (block: string): string => ["# A page", "", "```console", block, "```", "", "More.", ""].join("\n");

  it("should put what a command prints in the place of what is said of it, and leave the rest", async () => {
    expect((await carryOut(page("$ knet explain KN9999\nall is well\n$ echo $?"))).text).toBe(
      page('$ knet explain KN9999\nerror[KN9005]: there is no code "KN9999"\n  = help: `knet explain` lists all codes\n$ echo $?\n2'),
    );
  });

  it("should write files, change them at the one place that a change fits, and refuse others", async () => {
    const files = "```knet a.knet\nnode x in blue\nnode y in blue\n```\n";
    const change = (lines: string): string => `${files}\`\`\`diff a.knet\n${lines}\n\`\`\`\n${page("$ cat a.knet")}`;
    const { commands } = await carryOut(change(" node x in blue\n-node y in blue\n+node z in blue"));
    expect(commands).toEqual([{ line: "cat a.knet", exit: 0, output: "node x in blue\nnode z in blue\n" }]);
    await expect(carryOut(change("-node q in blue"))).rejects.toThrow("stand in it 0 times");
  });

  it("should run nothing of the machine", async () => {
    await expect(carryOut(page("$ rm -r ."))).rejects.toThrow("a page may not run rm -r .");
  });
});
