import { describe, expect, it } from "vitest";
import type { ParameterArguments, ProgramHost } from "../expand/types.ts";
import { memoryHost, withoutPlaces } from "../testing/expressions.ts";
import { inCluster } from "../testing/fixtures.ts";
import { renderDiagnostics } from "../diagnostics/render.ts";
import { sourceFile } from "../text/source.ts";
import { checkProgram } from "./check.ts";
import type { CheckResult } from "./check.ts";

const cluster = inCluster("network dc { subnet blue { cidr = 192.168.1.0/24 } }\nnode n in blue");

function check(files: Readonly<Record<string, string>>, parameters?: ParameterArguments): CheckResult {
  return checkProgram("main.knet", files["main.knet"] ?? "", {
    host: memoryHost(files),
    ...(parameters === undefined ? {} : { parameters }),
  });
}

/** `file code message`. */
function said(files: Readonly<Record<string, string>>): readonly string[] {
  return check(files).diagnostics.map(({ code, message, span }) => `${span.file} ${code} ${message}`);
}

describe("imports", () => {
  it("bring the declarations of other files, before the file's own", () => {
    const { program, diagnostics, files } = check({
      "main.knet": 'import "network.knet"\nimport "shops/a.knet"\nnamespace z {}',
      "network.knet": cluster,
      "shops/a.knet": 'import "b.knet"\nimport "../network.knet"\nnamespace a {}',
      "shops/b.knet": "namespace b {}",
    });
    expect(diagnostics).toEqual([]);
    expect(program?.clusters[0]?.namespaces.map((namespace) => [namespace.name, namespace.span.file])).toEqual([
      ["b", "shops/b.knet"],
      ["a", "shops/a.knet"],
      ["z", "main.knet"],
    ]);
    expect([...files.keys()]).toEqual(["main.knet", "network.knet", "shops/a.knet", "shops/b.knet"]);
  });

  it("mean what one file with all declarations means", () => {
    const parts = [
      'namespace a { pod p { labels = { app = "x" }, port 80/tcp } }',
      'namespace a { service s { selects app == "x", port 80/tcp } }',
      'assert "x" { a/p reaches service a/s on 80/tcp }',
    ];
    const whole = checkProgram("main.knet", `${cluster}\n${parts.join("\n")}`);
    const split = check({
      "main.knet": `import "c.knet"\nimport "1.knet"\nimport "2.knet"\n${parts[2] ?? ""}`,
      "c.knet": cluster,
      "1.knet": parts[0] ?? "",
      "2.knet": parts[1] ?? "",
    });
    expect(withoutPlaces(split.program)).toEqual(withoutPlaces(whole.program));
  });

  it("bring constants and templates, or put them behind a name", () => {
    const lib = 'const base = 10.0.0.0/8\nconst deep = { inner = { n = 4 } }\ntemplate one { param n integer, namespace "n-${n}" {} }';
    for (const [plain, main] of [
      [true, 'import "lib.knet"\nuse one { n = prefix(base) }\nnamespace "d-${deep.inner.n}" {}'],
      [false, 'import "lib.knet" as lib\nuse lib.one { n = prefix(lib.base) }\nnamespace "d-${lib.deep.inner.n}" {}'],
    ] as const) {
      const { program, diagnostics } = check({ "main.knet": `${main}\n${cluster}`, "lib.knet": lib });
      expect([plain, diagnostics]).toEqual([plain, []]);
      expect(program?.clusters[0]?.namespaces.map((namespace) => namespace.name)).toEqual(["n-8", "d-4"]);
    }
  });

  it("bring only what a file declares itself, and what it declares itself comes first", () => {
    const { program } = check({
      "main.knet": `import "a.knet"\nnamespace "\${x}-\${y}-\${z}" {}\nconst x = "own"\n${cluster}`,
      "a.knet": 'import "b.knet"\nconst x = "a"\nconst z = y',
      "b.knet": 'const y = "b"',
    });
    expect(program?.clusters[0]?.namespaces[0]?.name).toBe("own-y-b");
  });

  it("set parameters", () => {
    const { program, diagnostics } = check({
      "main.knet": `const n = 2\nimport "tenants.knet" with { count = n + 1 }\n${cluster}`,
      "tenants.knet":
        'param count integer where count in 1..9\nparam prefix string = "t"\nfor i in 1..count { namespace "${prefix}-${i}" {} }',
    });
    expect(diagnostics).toEqual([]);
    expect(program?.clusters[0]?.namespaces.map((namespace) => namespace.name)).toEqual(["t-1", "t-2", "t-3"]);
  });

  it("of one file twice must say the same", () => {
    const tenants = 'param count integer = 1\nfor i in 1..count { namespace "t-${i}" {} }';
    const twice = (one: string, other: string): readonly string[] =>
      said({
        "main.knet": `import "a.knet"\nimport "tenants.knet"${other}\n${cluster}`,
        "a.knet": `import "tenants.knet"${one}`,
        "tenants.knet": tenants,
      });
    expect(twice("", "")).toEqual([]);
    expect(twice(" with { count = 2 }", " with { count = 1 + 1 }")).toEqual([]);
    expect(twice(" with { count = 1 }", "")).toEqual([]);
    expect(twice(" with { count = 2 }", "")).toEqual([
      "main.knet KN2022 `tenants.knet` is imported twice with different arguments: `count` is 2 and 1",
    ]);
    expect(twice("", " with { conut = 2 }")).toEqual(["main.knet KN2019 this import has no parameter `conut`"]);
  });
});

describe("files that were parsed before", () => {
  const files = {
    "main.knet": 'import "network.knet"\nimport "a.knet"\n',
    "network.knet": cluster,
    "a.knet": "namespace a {}",
  };
  const changed = { ...files, "a.knet": "namespace b { pod p on nowhere }" };

  it("are parsed again where their text has changed, and only there", () => {
    const before = check(files).files;
    const after = checkProgram("main.knet", changed["main.knet"], { host: memoryHost(changed), known: before }).files;
    expect([...after].map(([path, parsed]) => [path, parsed === before.get(path)])).toEqual([
      ["main.knet", true],
      ["network.knet", true],
      ["a.knet", false],
    ]);
  });

  it("change nothing of what is said", () => {
    const anew = check(changed);
    const again = checkProgram("main.knet", changed["main.knet"], { host: memoryHost(changed), known: check(files).files });
    expect(anew.diagnostics.map(({ code }) => code)).toEqual(["KN2001"]);
    expect(again.diagnostics).toEqual(anew.diagnostics);
    expect(check(files, undefined).program).toEqual(
      checkProgram("main.knet", files["main.knet"], { host: memoryHost(files), known: anew.files }).program,
    );
  });
});

describe("imports that fail", () => {
  const host: ProgramHost = {
    load: (specifier) =>
      specifier === "locked.knet"
        ? { kind: "unreadable", path: specifier, reason: "permission denied" }
        : { kind: "missing", path: `lib/${specifier}`, ...(specifier.startsWith("rack") ? { nearest: "racks.knet" } : {}) },
  };
  const one = (line: string): readonly string[] => {
    const { diagnostics } = checkProgram("main.knet", `${line}\nnamespace a { pod p on somewhere }\nuse rack\n`, { host });
    return diagnostics.map(({ code, message, help, span }) => `${code} ${message}${help === null ? "" : ` (${help})`} at ${span.start}`);
  };

  it.each([
    ['import "x.knet"', "KN2015 there is no file `x.knet` to import (it would be `lib/x.knet`) at 7"],
    ['import "rack.knet"', 'KN2015 there is no file `rack.knet` to import (did you mean "racks.knet"?) at 7'],
    ['import "locked.knet"', "KN2017 `locked.knet` cannot be read: permission denied at 7"],
    ['import "/etc/x.knet"', "KN2016 `/etc/x.knet` cannot be imported: the path must be relative at 7"],
    ['import "c:/x.knet"', "KN2016 `c:/x.knet` cannot be imported: the path must be relative at 7"],
    [
      'import "https://example.com/x.knet"',
      "KN2016 `https://example.com/x.knet` cannot be imported: a file of the project is imported by its relative path at 7",
    ],
    ['import "a\\\\b.knet"', "KN2016 `a\\b.knet` cannot be imported: folders are separated by `/` at 7"],
    ['import "lib/"', "KN2016 `lib/` cannot be imported: it names a folder at 7"],
    ['import ".."', "KN2016 `..` cannot be imported: it names a folder at 7"],
  ])("%s: one message, and none about what is missing because of it", (line, message) => {
    expect(one(line)).toEqual([message]);
  });

  it("need somebody who reads files", () => {
    expect(checkProgram("main.knet", 'import "x.knet"').diagnostics.map(({ message }) => message)).toEqual([
      "`x.knet` cannot be read: there is nothing here to read files with",
    ]);
  });

  it("may not leave the project's folder", () => {
    expect(said({ "main.knet": `import "../x.knet"\n${cluster}` })).toEqual([
      "main.knet KN2016 `../x.knet` cannot be imported: it leads out of the project's folder `/project`",
    ]);
  });

  it("may not go round in a circle", () => {
    expect(said({ "main.knet": `import "a.knet"\n${cluster}`, "a.knet": 'import "b.knet"', "b.knet": 'import "a.knet"' })).toEqual([
      "b.knet KN2018 files import each other in a circle: `a.knet` → `b.knet` → `a.knet`",
    ]);
    expect(said({ "main.knet": `import "main.knet"\n${cluster}` })).toEqual([
      "main.knet KN2018 files import each other in a circle: `main.knet` → `main.knet`",
    ]);
  });

  it("may not go on without end", () => {
    const files = Object.fromEntries(
      Array.from({ length: 400 }, (_, i) => [i === 0 ? "main.knet" : `f${i}.knet`, `import "f${i + 1}.knet"`]),
    );
    expect(check(files).diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual([
      "KN2017 `f200.knet` cannot be read: 200 files already import each other, one the next",
    ]);
  });
});

describe("what stands in other files", () => {
  it("is wrong there, with the file it stands in", () => {
    expect(
      said({ "main.knet": `import "a.knet"\nnamespace z { pod P }\n${cluster}`, "a.knet": "namespace a { pod Q }\nnamespace b {" }),
    ).toEqual([
      expect.stringMatching(/^a\.knet KN2006 /),
      expect.stringMatching(/^a\.knet KN1006 /),
      expect.stringMatching(/^main\.knet KN2006 /),
    ]);
  });

  it("is shown with its own lines", () => {
    const files = {
      "main.knet": `import "a.knet" with { name = "a" }\nnamespace a {\n  pod p\n}\n${cluster}`,
      "a.knet": 'param name string\n\nnamespace "${name}" {\n  pod p\n}\n',
    };
    const { diagnostics } = check(files);
    const sources = new Map(Object.entries(files).map(([path, text]) => [path, sourceFile(path, text)]));
    expect(renderDiagnostics(diagnostics, (path) => sources.get(path) ?? null)).toBe(`error[KN2002]: pod \`p\` is declared twice
 --> main.knet:3:7
  |
3 |   pod p
  |       ^
 --> a.knet:4:7
  |
4 |   pod p
  |       - first here
`);
  });

  it("is told at the import when its arguments are wrong", () => {
    const files = {
      "main.knet": `import "a.knet" with { count = 30 }\n${cluster}`,
      "a.knet": 'param count integer where count < 10\nfor i in 1..count { namespace "n-${i}" {} }',
    };
    expect(
      check(files).diagnostics.map(({ message, span, related }) => [message, span.file, ...related.map((label) => label.span.file)]),
    ).toEqual([["count is 30, and `count < 10` was asked", "main.knet", "a.knet"]]);
    expect(said({ ...files, "main.knet": `import "a.knet"\n${cluster}` })).toEqual(["main.knet KN3002 this import needs `count = …`"]);
  });

  it("that computes something wrong out of its arguments says who gave them", () => {
    const files = { "main.knet": `import "a.knet" with { name = "Q" }\n${cluster}`, "a.knet": 'param name string\nnamespace "${name}" {}' };
    expect(
      check(files).diagnostics.map(({ code, span, related }) => [
        code,
        span.file,
        ...related.map((label) => `${label.span.file} ${label.text}`),
      ]),
    ).toEqual([["KN2006", "a.knet", "main.knet imported here"]]);
  });
});

describe("names of imports", () => {
  it.each([
    [{ "a.knet": "const x = 1", "b.knet": "const x = 2" }, "KN2021 constant `x` comes from two imports"],
    [{ "a.knet": "template t {}", "b.knet": "template t {}" }, "KN2021 template `t` comes from two imports"],
  ])("two that bring one name are told apart by a name", (files, message) => {
    expect(said({ "main.knet": `import "a.knet"\nimport "b.knet"\n${cluster}`, ...files })).toContain(`main.knet ${message}`);
    expect(said({ "main.knet": `import "a.knet" as _a\nimport "b.knet" as _b\n${cluster}`, ...files })).toEqual([]);
  });

  it("are missed when they are unknown", () => {
    const files = { "a.knet": "const base = 1\ntemplate rack {}" };
    expect(said({ "main.knet": `import "a.knet" as a\nconst _x = a.bsae\n${cluster}`, ...files })).toEqual([
      "main.knet KN2001 there is no constant called `bsae` in `a.knet`",
    ]);
    expect(said({ "main.knet": `import "a.knet" as a\nuse a.rak\n${cluster}`, ...files })).toEqual([
      "main.knet KN2001 there is no template called `rak` in `a.knet`",
    ]);
    expect(said({ "main.knet": `import "a.knet" as a\nconst _x = a + 1\n${cluster}`, ...files })).toEqual([
      "main.knet KN3001 `a` wants a name behind a dot, not the import alone",
    ]);
  });

  it("an import of which nothing is used is a warning, unless it declares something", () => {
    expect(said({ "main.knet": `import "a.knet"\n${cluster}`, "a.knet": "const base = 1" })).toEqual([
      "main.knet KN8005 import `a.knet` is never used",
    ]);
    expect(said({ "main.knet": `import "a.knet" as a\n${cluster}`, "a.knet": 'import "b.knet"', "b.knet": "namespace b {}" })).toEqual([]);
  });
});
