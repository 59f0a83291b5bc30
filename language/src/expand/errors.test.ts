import { describe, expect, it } from "vitest";
import { checkProgram } from "../program/check.ts";
import { inCluster } from "../testing/fixtures.ts";
import { applyEdits } from "../text/edit.ts";
import { positionAt, sourceFile } from "../text/source.ts";

/** Each finding: code and message, then the line and text of its place, related places, notes and help. */
function said(snippet: string): readonly string[] {
  const text = inCluster(snippet);
  const source = sourceFile("t.knet", text);
  const place = ({ start, end }: { readonly start: number; readonly end: number }): string =>
    `${positionAt(source, start).line + 1}: ${text.slice(start, end)}`;
  return checkProgram("t.knet", text).diagnostics.map(({ code, message, span, related, notes, help }) =>
    [
      `${code} ${message}`,
      place(span),
      ...related.map((label) => `${place(label.span)} (${label.text})`),
      ...notes.map((note) => `= ${note}`),
      ...(help === null ? [] : [`? ${help}`]),
    ].join("\n"),
  );
}

describe("in a loop", () => {
  it("the body is to blame, with the turn, and once for all turns", () => {
    expect(
      said('for k, zone in [blue, green], i in 1..3 { node "n-${zone}-${i}" in zone { address = host(192.168.9.0/24, k * 10 + i) } }'),
    ).toEqual([
      "KN4005 `192.168.9.1` is not in subnet `blue`\n1: host(192.168.9.0/24, k * 10 + i)\n9: cidr = 192.168.1.0/24 (the subnet is 192.168.1.0/24)\n= with k = 0, zone = blue, i = 1\n= and in 5 more turns",
    ]);
  });

  it("a name that is unknown in every turn is told once", () => {
    expect(said('for i in 1..4 { node "n-${i}" in bleu }')).toEqual([
      "KN2001 there is no subnet called `bleu`\n1: bleu\n= with i = 1\n= and in 3 more turns\n? did you mean `blue`?",
    ]);
  });

  it("a name that is declared in every turn says which turn had it first", () => {
    expect(said("for _i in 1..3 { node n in blue }")).toEqual([
      "KN2002 node `n` is declared twice\n1: n\n1: n (first here (with _i = 1))\n= with _i = 2\n= and in 1 more turn",
    ]);
  });

  it("nested loops tell all their variables, the outermost first", () => {
    expect(said('for a in [x] { for b in 1..1 { node "n-${a}-${b}" in "${a}${b}" } }')).toEqual([
      'KN2001 there is no subnet called `x1`\n1: "${a}${b}"\n= with a = x, b = 1\n? there are `blue`, `green`',
    ]);
  });
});

describe("in a template", () => {
  it("a wrong argument is told where it is given", () => {
    const rack = 'template rack { param index integer where index in 1..9, node "r-${index}" in blue }\n';
    expect(said(`${rack}use rack { index = 12 }`)).toEqual([
      "KN3016 index is 12, and 1..9 was asked\n2: 12\n1: index in 1..9 (asked here)",
    ]);
    expect(said(`${rack}use rack { index = "a" }`)).toEqual([
      'KN3001 `index` wants a whole number, not the string "a"\n2: "a"\n1: index (the parameter)',
    ]);
    expect(said(`${rack}use rack`)).toEqual([
      "KN3002 `use rack` needs `index = …`\n2: use rack\n1: index (the parameter)\n? it wants a whole number",
    ]);
    expect(said(`${rack}use rack { index = 1, idnex = 2 }`)).toEqual([
      "KN2019 `use rack` has no parameter `idnex`\n2: idnex\n? did you mean `index`?",
    ]);
    expect(said(`${rack}use rack { index = 1, index = 2 }`)).toEqual(["KN2012 `index` is given twice\n2: index\n2: index (first here)"]);
  });

  it("what the arguments make of the body is told at the use, with the place in the body", () => {
    expect(said("template t { param a ip\n  node x in blue { address = a }\n}\nuse t { a = 10.0.0.1 }")).toEqual([
      "KN4005 `10.0.0.1` is not in subnet `blue`\n4: use t\n2: a (in the template)\n12: cidr = 192.168.1.0/24 (the subnet is 192.168.1.0/24)",
    ]);
  });

  it("a body that is wrong by itself is told there", () => {
    expect(said("template t { node x in blue { addres = 192.168.1.9 } }\nuse t")).toEqual([
      "KN2003 a node has no attribute `addres`\n1: addres\n2: use t (expanded from `use t` here)\n? did you mean `address`?",
    ]);
  });

  it("a name that no argument is part of is told once, in the body, with all uses", () => {
    expect(said('template t { param i integer\n  node "x-${i}" in bleu\n}\nuse t { i = 1 }\nuse t { i = 2 }')).toEqual([
      "KN2001 there is no subnet called `bleu`\n2: bleu\n4: use t (expanded from `use t` here)\n5: use t (expanded from `use t` here)\n? did you mean `blue`?",
    ]);
  });

  it("loops around the use and in the body are told apart", () => {
    expect(
      said('template t { param s name\n  for i in 1..2 { node "n-${s}-${i}" in s }\n}\nfor s in [red, grey] { use t { s = s } }'),
    ).toEqual(
      [
        "KN2001 there is no subnet called `red`\n4: use t\n2: s (in the template)\n= with s = red\n= in the template with i = 1\n= and in 1 more turn\n? there are `blue`, `green`",
        "KN2001 there is no subnet called `grey`\n4: use t\n2: s (in the template)\n= with s = grey\n= in the template with i = 1\n= and in 1 more turn\n? did you mean `green`?",
      ]
        .slice(0, 1)
        .map((message) => message.replace("and in 1 more turn", "and in 3 more turns")),
    );
  });

  it("a template that uses itself is told where the circle closes, whether or not anybody uses it", () => {
    expect(said("template a { use b }\ntemplate b { if false { use a } }\nuse a")).toEqual([
      "KN2020 this template depends on itself: `a` → `b` → `a`\n2: use a",
    ]);
  });
});

describe("names", () => {
  it.each([
    ["const x = 1\nconst x = 2\nconst _y = x", "KN2002 constant `x` is declared twice\n2: x\n1: x (first here)"],
    ['for i in 1..2, i in 1..2 { namespace "n-${i}" {} }', "KN2002 variable `i` is declared twice\n1: i\n1: i (first here)"],
    ["template t {}\ntemplate t {}\nuse t", "KN2002 template `t` is declared twice\n2: t\n1: t (first here)"],
    ["use nobody", "KN2001 there is no template called `nobody`\n1: nobody\n? no template is declared"],
    ["use lib.rack", "KN2001 there is no import called `lib`\n1: lib.rack\n? no import is declared"],
    ["const _x = hots(10.0.0.0/8, 1)", "KN2001 there is no function called `hots`\n1: hots\n? did you mean `host`?"],
    ["const _x = host(10.0.0.0/8)", "KN3018 `host` takes 2 values, not 1\n1: host(10.0.0.0/8)\n? it is `host(cidr, n)`"],
    ["const _x = slice([1])", "KN3018 `slice` takes 2 to 3 values, not 1\n1: slice([1])\n? it is `slice(x, from, to?)`"],
    ["const _x = format()", "KN3018 `format` takes at least 1 value, not 0\n1: format()\n? it is `format(pattern, values…)`"],
    ["param _p intger = 3", "KN2001 there is no type called `intger`\n1: intger\n? did you mean `integer`?"],
    ["param p integer\nconst _x = p", "KN3002 parameter `p` needs a value\n1: p\n? give it one with `--param p=…`"],
    [
      "namespace a { param p integer = 1 }",
      "KN2005 `param` does not belong in a block or a loop\n1: param p integer = 1\n? it stands at the top of a file or of a template",
    ],
    [
      "template t { template u {} }\nuse t",
      "KN2005 `template` does not belong in a template\n1: template u {}\n? it stands at the top of a file",
    ],
    [
      'if true { import "x.knet" }',
      'KN2005 `import` does not belong in a block or a loop\n1: import "x.knet"\n? it stands at the top of a file',
    ],
    [
      "const i = 3\nfirewall f { applies to node i }",
      'KN3001 `i` wants a name here, not the number 3\n2: i\n? `"${i}"` makes a name of it',
    ],
    ["const _m = { node x in blue }", "KN2005 `node` does not belong in a map\n1: node x in blue\n? a map holds `key = value`"],
  ])("%s", (snippet, message) => {
    expect(said(snippet)).toContain(message);
  });

  it.each([
    ["const unused = 1", "KN8005 constant `unused` is never used\n1: unused"],
    ["param unused integer = 1 where unused > 0", "KN8005 parameter `unused` is never used\n1: unused"],
    ["template unused {}", "KN8005 template `unused` is never used\n1: unused"],
    ["for unused in 1..2 { namespace a {} }", "KN8005 variable `unused` is never used\n1: unused"],
    ["const _x = [1 for unused in 1..2]", "KN8005 variable `unused` is never used\n1: unused"],
    ["template t { param unused integer }\nuse t { unused = 1 }", "KN8005 parameter `unused` is never used\n1: unused"],
  ])("%s: a warning", (snippet, message) => {
    expect(said(snippet)).toEqual([message]);
    expect(said(snippet.replaceAll("unused", "_unused"))).toEqual([]);
  });

  it("are used wherever they are read, also in a branch that is not taken", () => {
    expect(said('const a = 1\nconst b = blue\nconst c = "x"\nif false { node "n-${a}" in b { labels = { "${c}" = "y" } } }')).toEqual([]);
  });
});

describe("what cannot be expanded", () => {
  it("is told alone: nothing is said to be missing because of it", () => {
    expect(said('for i in nobody.knows { node "n-${i}" in blue }\nnamespace a { pod p on n-1 }')).toEqual([
      "KN2001 there is no constant or parameter called `nobody`\n1: nobody.knows\n? a name with dots is written as a string; a field needs a constant or a parameter in front of its dot",
    ]);
    expect(
      said(
        'namespace a { for n in [1] { pod "${[n]}" { labels = { app = "x" }, port 80/tcp } }\n service s { selects app == "x", port 80/tcp } }\nassert "x" { a/p reaches nothing }',
      ),
    ).toEqual(["KN3001 `${…}` wants a value with one text, not a list\n1: [n]\n= with n = 1\n? `join` makes a string of a list"]);
  });

  it("leaves the rest of an attribute's block alone", () => {
    expect(said("namespace a { workload w { replicas = 1 + x, replcas = 3 } }")).toEqual([
      'KN3014 `+` has no meaning for the number 1 and `x`\n1: 1 + x\n? write `"${…}"` to put values into a string',
      "KN2003 a workload has no attribute `replcas`\n1: replcas\n? did you mean `replicas`?",
    ]);
  });

  it("stops at the loop that makes too much of it", () => {
    expect(said("for _i in 1..100000 { for _j in 1..100000 {} }")).toEqual([
      "KN3017 this loop makes the program too large: it would have more than 1000000 items in lists and turns of loops\n1: for _i in 1..100000",
    ]);
    expect(said("const _x = range(1, 2000000)")).toEqual([
      "KN3017 this makes the program too large: it would have more than 1000000 items in lists and turns of loops\n1: range(1, 2000000)",
    ]);
    expect(said("const _x = [i for i in 1..9007199254740991 if i < 0]")).toHaveLength(1);
    expect(
      said('const a = "0123456789"\nconst b = join([a for _i in 1..1000], "")\nconst c = join([b for _i in 1..1000], "")'),
    ).toContainEqual(
      expect.stringContaining('KN3015 `join([b for _i in 1..1000], "")` has no value: the string would have more than 1000000 characters'),
    );
  });
});

describe("repairs", () => {
  it("are offered for what is written in a loop, and work for all turns", () => {
    const text = inCluster('for i in 1..3 { namespace "a-${i}" { pod "p-${i}" { labls = { x = "y" } } } }');
    const [found, ...others] = checkProgram("t.knet", text).diagnostics;
    expect(others).toEqual([]);
    const fixed = applyEdits(text, found?.fixes[0]?.edits ?? []);
    expect(checkProgram("t.knet", fixed).diagnostics).toEqual([]);
  });

  it("are not offered for what is computed", () => {
    const text = inCluster('const a = "Web"\nnamespace "${a}" {}');
    expect(checkProgram("t.knet", text).diagnostics.map(({ code, fixes }) => [code, fixes])).toEqual([["KN2006", []]]);
  });
});

describe("one mistake is one message", () => {
  it.each([
    ['for i in 1..2, i in 1..2 { node "n${i}" in blue }', "KN2002 variable `i` is declared twice\n1: i\n1: i (first here)"],
    ['param x integer = "a"', 'KN3001 `x` wants a whole number, not the string "a"\n1: "a"'],
    ["param x integr = 3", "KN2001 there is no type called `integr`\n1: integr\n? did you mean `integer`?"],
    ['import ""', 'KN2016 `""` cannot be imported: it names no file\n1: ""'],
  ])("%s", (snippet, message) => {
    expect(said(snippet)).toEqual([message]);
  });
});

describe("values that hold one value many times", () => {
  const doubled = (name: string): string =>
    Array.from({ length: 40 }, (_, i) => `const ${name}${i + 1} = [${name}${i}, ${name}${i}]`).join("\n");
  const lists = `const c0 = [1]\n${doubled("c")}\nconst d0 = [1]\n${doubled("d")}\n`;

  it("are compared and told apart without walking them again and again", () => {
    const compared = 'if c40 == d40 and length(distinct([c40, d40, c39])) == 2 { node "${string(c40 == c39)}" in blue }';
    expect(said(`${lists}${compared}`)).toEqual([]);
  });

  it("are cut where a message writes them", () => {
    const message = said(`${lists}template t { param x list of list of list where false }\nuse t { x = c40 }\nconst _d = d40`);
    expect(message.every((line) => line.length < 400)).toBe(true);
    expect(message.length).toBeGreaterThan(0);
  });

  it("are too large to stand in the program", () => {
    expect(said(`${lists}node n in c40\nconst _d = d40`).map((message) => message.split("\n")[0])).toEqual([
      "KN3017 this makes the program too large: it would have more than 4000000 nodes",
    ]);
  });
});
