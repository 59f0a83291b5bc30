import { describe, expect, it } from "vitest";
import { applyEdits } from "../text/edit.ts";
import { parse } from "./parse.ts";

/** The text, what is said about it, and the text after the fix that is offered; null: none, or one that cannot know enough. */
const mistakes: readonly (readonly [text: string, said: string, repaired: string | null])[] = [
  ["for i 1..3 { node a }", "expected `in`, found `1`", "for i in 1..3 { node a }"],
  ["for i of xs { node a }", "a loop is written `for name in values`, not with `of`", "for i in xs { node a }"],
  ["for i = 1..3 { node a }", "a loop is written `for name in values`, not with `=`", "for i in 1..3 { node a }"],
  ["foreach i in xs { node a }", "a loop begins with `for`, not with `foreach`", "for i in xs { node a }"],
  ['for "i" in xs { node a }', "the name of a loop's value is a word", "for i in xs { node a }"],
  ["for (i in xs) { node a }", "a loop has no parentheses around its head: `for name in values { … }`", null],
  ["for i in xs: { node a }", "expected `,`, `if` or `{`, found `:`", null],
  ["for i in xs node a", "expected `{`, found `node`", null],
  ["for i in { node a }", "expected the values of the loop, found `{`", null],
  ["for a, b, c in xs { node a }", "expected `in`, found `,`", null],
  ["for i in xs\n  node a\n}", "a `{` is missing behind `for i in xs`", "for i in xs {\n  node a\n}"],
  ["for", "expected a name for each value, found the end of the file", null],
  ["for i in", "expected a value, found the end of the file", null],
  ["for i in 1..3", "expected `{`, found the end of the file", null],
  ["if { node a }", "expected a condition, found `{`", null],
  ["if x = y { node a }", "`=` gives a value; values are compared with `==`", "if x == y { node a }"],
  ["if x node a", "expected `{`, found `node`", null],
  ["if x && y { node a }", "`&&` is written `and`", "if x and y { node a }"],
  ["if x || y { node a }", "`||` is written `or`", "if x or y { node a }"],
  ["if !x { node a }", "`!` is written `not`", "if not x { node a }"],
  ["if x === y { node a }", "`===` is written `==`", "if x == y { node a }"],
  ["if a < b < c { node a }", "`<` compares two values, and a comparison stands to its left already", null],
  ["if x { node a } elif y { node b }", "`elif` is written `else if`", "if x { node a } else if y { node b }"],
  ["if x { node a } else node b", "expected `{`, found `node`", null],
  ["else { node a }", "`else` stands behind the closing brace of an `if`", null],
  ["let x = 5", "a constant is declared with `const`", "const x = 5"],
  ["var x = 5", "a constant is declared with `const`", "const x = 5"],
  ["const x 5", "expected `=`, found `5`", null],
  ["const x = 1 / 2", "there is no division", null],
  ["const x = a -b", "`-` between two values has a space on both sides", "const x = a - b"],
  ["const x = a*b", "`*` between two values has a space on both sides", "const x = a * b"],
  ["const x = a..b..c", "`..` makes a range of two numbers, and a range stands to its left already", null],
  ["const x = 5 +", "expected a value, found the end of the file", null],
  ["const x = if a b else c", "expected `then`, found `b`", "const x = if a then b else c"],
  ["const x = if a then b", "expected `else`, found the end of the file", null],
  ["const x = if a { 1 } else { 2 }", "a value that depends on a condition is written `if condition then this else that`", null],
  ["const x = a ? b : c", "a value that depends on a condition is written `if condition then this else that`", null],
  ["const x = for i in 1..3 { i }", "a list that a loop makes stands in brackets: `[value for name in values]`", null],
  ["const x = [for i in 1..3 : i]", "the value stands in front of its loop: `[value for name in values]`", null],
  ["const x = [i for i of 1..3]", "a loop is written `for name in values`, not with `of`", "const x = [i for i in 1..3]"],
  ["const x = (1 + 2", "this `(` is never closed: a `)` is missing", "const x = (1 + 2)"],
  ["const x = f(1, 2", "this `(` is never closed: a `)` is missing", "const x = f(1, 2)"],
  ["const x = f(1, 2]", "this `(` is never closed: a `)` is missing", "const x = f(1, 2)"],
  ["const x = [1, 2)", "this `[` is never closed: a `]` is missing", "const x = [1, 2]"],
  ["const x = f (1, 2)", "no space stands between `f` and its `(`", "const x = f(1, 2)"],
  ["const x = f(a = 1)", "expected `,` or `)`, found `=`", null],
  ["const x = f(1, , 2)", "expected a value, found `,`", null],
  ["const x = xs[]", "expected a value, found `]`", null],
  ['const x = "a${i"', "this `${` is not closed by a `}` in the string", 'const x = "a${i}"'],
  ['const x = "a${}"', "expected a value, found `}`", null],
  ['const x = "a${b c}"', "expected an operator or `}`, found `c`", null],
  ['const x = "a${f(1}"', "this `(` is never closed: a `)` is missing", 'const x = "a${f(1)}"'],
  ["const x = \"${'b'}\"", "no quotes stand inside `${…}`: give the string a name with `const`", null],
  ['const x = "${a["k"]}"', "this `${` is not closed by a `}` in the string", null],
  ["node rack-${i} in west", "`${…}` has a meaning in quotes only", 'node "rack-${i}" in west'],
  ["node rack-$i in west", "`${…}` has a meaning in quotes only", 'node "rack-${i}" in west'],
  ["const x = $y", "`${…}` has a meaning in quotes only", "const x = y"],
  ["param x: integer = 3", "the type of a parameter stands behind its name without a colon", "param x integer = 3"],
  ["param x = 3", "expected a type such as `integer`, found `=`", null],
  ["param x one of a, b", "expected `[`, found `a`", null],
  ["param x integer where x > 3 = 4", "the default of a parameter stands in front of `where`", null],
  ["template rack(x integer) { node a }", "the parameters of a template stand in its body: `param name type`", null],
  ["template rack\n  node a\n}", "a `{` is missing behind `template rack`", "template rack {\n  node a\n}"],
  ["use rack(1, 2)", "the arguments of a template stand in braces: `use name { parameter = value }`", null],
  ["use rack { index: 1 }", "knet writes `name = value`, without a colon", "use rack { index = 1 }"],
  ['use "rack" { index = 1 }', 'expected the name of a template, found the string "rack"', null],
  ["import foo", "expected the path of a file in quotes, found `foo`", null],
  ["import 'a.knet'", 'strings stand in double quotes: "…"', 'import "a.knet"'],
  ['import "a.knet" { x = 1 }', "expected `with` or the end of the line, found `{`", 'import "a.knet" with { x = 1 }'],
  ['import "a.knet" with', "expected `{`, found the end of the file", null],
  ['import "a${x}.knet"', "the path of an import is written out: which files a program has does not depend on its values", null],
  [
    "node a in b { labels = { a = 1 for k in ks { b = 2 } } }",
    "two members on one line need a comma between them",
    "node a in b { labels = { a = 1, for k in ks { b = 2 } } }",
  ],
];

describe("a mistake in the larger forms", () => {
  it.each(mistakes)("%j: %s", (text, said, repaired) => {
    const { diagnostics } = parse("t.knet", text);
    expect(diagnostics.map(({ message }) => message)).toEqual([said]);
    if (repaired === null) return;
    expect(diagnostics[0]?.fixes.map((fix) => applyEdits(text, fix.edits))).toEqual([repaired]);
    expect(parse("t.knet", repaired).diagnostics).toEqual([]);
  });
});
