import { describe, expect, it } from "vitest";
import { parse } from "../parser/parse.ts";
import { checkProgram } from "../program/check.ts";
import { applyEdits } from "../text/edit.ts";
import { format } from "./format.ts";
import { defaultFormat } from "./options.ts";
import { formatRange } from "./range.ts";

/** The formatted text, or the codes of what stands in the way. */
function fmt(text: string, printWidth = defaultFormat.printWidth): string {
  const done = format("test.knet", text, { ...defaultFormat, printWidth });
  return done.ok ? done.text : done.diagnostics.map(({ code }) => code).join(" ");
}

describe("a body", () => {
  it("should stay on one line where nothing breaks behind its brace and it fits", () => {
    expect(fmt('pod web{labels={app="web"},port 80/tcp}')).toBe('pod web { labels = { app = "web" }, port 80/tcp }\n');
  });

  it("should stay broken where a line break follows its brace", () => {
    expect(fmt('pod web {\nlabels = { app = "web" } }')).toBe('pod web {\n  labels = { app = "web" }\n}\n');
  });

  it("should be joined where the line break stands elsewhere", () => {
    expect(fmt("pod web { ready = true\n  host-network = true\n}")).toBe("pod web { ready = true, host-network = true }\n");
  });

  it("should stay broken where a comma would join what the line break parts", () => {
    expect(fmt("policy p { isolates ingress\n  x = 1 }")).toBe("policy p {\n  isolates ingress\n  x = 1\n}\n");
  });

  it("should be broken with all commas gone where it does not fit", () => {
    expect(fmt('pod web { labels = { app = "web" }, host-network = true, }', 40)).toBe(
      'pod web {\n  labels       = { app = "web" }\n  host-network = true\n}\n',
    );
  });

  it("should be {} where nothing is in it", () => {
    expect(fmt("dns coredns {\n\n}")).toBe("dns coredns {}\n");
  });

  it("should keep one empty line between members, and none at its ends", () => {
    expect(fmt("\n\na = 1\n\n\n\nbc = 2\npod x {\n\n  y = 1\n\n}\n\n\n")).toBe("a = 1\n\nbc = 2\npod x {\n  y = 1\n}\n");
  });
});

describe("columns", () => {
  it("should set the = of consecutive lines below each other, ports and constants among them", () => {
    expect(fmt("a = 1\nlong-name = 2\nport http = 80/tcp -> http\n\nconst x = 1\nb = 2")).toBe(
      "a         = 1\nlong-name = 2\nport http = 80/tcp -> http\n\nconst x = 1\nb       = 2\n",
    );
  });

  it("should end at an empty line, and at a member of several lines", () => {
    expect(fmt("a = 1\n\nlong = 2\nmap = {\n  x = 1\n}\nanother = 3\nb = 4")).toBe(
      "a = 1\n\nlong = 2\nmap = {\n  x = 1\n}\nanother = 3\nb       = 4\n",
    );
  });

  it("should not end at a comment", () => {
    expect(fmt("a = 1\n// why\nlong = 2")).toBe("a    = 1\n// why\nlong = 2\n");
  });

  it("should set the braces of consecutive lines below each other", () => {
    expect(fmt("subnet blue { cidr = 10.0.0.0/8 }\nsubnet green { cidr = fd00::/8 }\nrouter core { joins = [blue, green] }")).toBe(
      "subnet blue  { cidr = 10.0.0.0/8 }\nsubnet green { cidr = fd00::/8 }\nrouter core  { joins = [blue, green] }\n",
    );
  });

  it("should not mix blocks that do not belong together", () => {
    expect(fmt("proxy iptables\ndns a {}\npod web {}\nservice webserver {}\nnetwork dc {}")).toBe(
      "proxy iptables\ndns a {}\npod web           {}\nservice webserver {}\nnetwork dc {}\n",
    );
  });

  it("should leave room for a block without a body", () => {
    expect(fmt("node a in blue { address = 10.0.0.1 }\nnode b in green")).toBe("node a in blue  { address = 10.0.0.1 }\nnode b in green\n");
  });

  it("should set the types of consecutive parameters below each other", () => {
    expect(fmt("param workers integer=3 where workers in 1..40\nparam size one of [small,large]=small")).toBe(
      "param workers integer = 3 where workers in 1..40\nparam size    one of [small, large] = small\n",
    );
  });

  it("should not be set where that made a line too long", () => {
    expect(fmt('a = "123456789"\nlong-name = 1', 18)).toBe('a = "123456789"\nlong-name = 1\n');
  });

  it("should count wide characters twice", () => {
    expect(fmt('"日本" = 1\nabcdefg = 2')).toBe('"日本"  = 1\nabcdefg = 2\n');
  });
});

describe("a sentence", () => {
  it("should begin its lines with its words where it does not fit", () => {
    expect(fmt('policy p {\n  allow ingress from pods app == "client", all pods on 80/tcp, http\n}', 50)).toBe(
      'policy p {\n  allow ingress\n      from pods app == "client", all pods\n      on 80/tcp, http\n}\n',
    );
  });

  it("should go on behind commas, deeper", () => {
    expect(
      fmt('assert "x" {\n  nothing except shop/one, shop/two, shop/three reaches some backend of service shop/web on 80/tcp\n}', 30),
    ).toBe(
      `assert "x" {
  nothing
      except shop/one,
          shop/two, shop/three
      reaches some backend of service shop/web
      on 80/tcp
}
`,
    );
  });

  it("should break a long selector at its `and`", () => {
    expect(fmt('service s {\n  selects app == "web" and tier == "front" and not has beta\n}', 40)).toBe(
      'service s {\n  selects app == "web"\n      and tier == "front"\n      and not has beta\n}\n',
    );
  });

  it("should be joined where it fits", () => {
    expect(fmt("policy p {\n  allow ingress\n    from anyone\n    on http,\n      80/tcp\n}")).toBe(
      "policy p {\n  allow ingress from anyone on http, 80/tcp\n}\n",
    );
  });
});

describe("a value", () => {
  it("should have a space around operators and none around signs, dots and brackets", () => {
    expect(fmt("a=min( 1 + 2 * n ,sites[ 0 ].x)\nb = -( x )\nc=1 .. 3\nd = racks[ i ].cidr")).toBe(
      "a = min(1 + 2 * n, sites[0].x)\nb = -(x)\nc = 1..3\nd = racks[i].cidr\n",
    );
  });

  it("should have one item on each line where it does not fit", () => {
    expect(fmt("joins = [blue, green, yellow]", 20)).toBe("joins = [\n  blue,\n  green,\n  yellow\n]\n");
  });

  it("should break a loop of values at its words", () => {
    expect(fmt('spread over ["worker-${i}-${j}" for i in 1..3, j in 1..2 if i != j]', 40)).toBe(
      'spread over [\n  "worker-${i}-${j}"\n  for i in 1..3, j in 1..2\n  if i != j\n]\n',
    );
  });

  it("should break a choice at then and else", () => {
    expect(fmt("replicas = if size == large then 9 else 2", 30)).toBe("replicas = if size == large\n    then 9\n    else 2\n");
  });

  it("should go on behind and, or and plus", () => {
    expect(fmt("a = first-of-them + second-of-them + third", 30)).toBe("a = first-of-them\n    + second-of-them + third\n");
  });
});

describe("a directive", () => {
  it("should be laid out like a block", () => {
    expect(fmt('for i in 1..3 , zone in zones if not(i==2){node "w-${i}" in zone{}}')).toBe(
      'for i in 1..3, zone in zones if not (i == 2) { node "w-${i}" in zone {} }\n',
    );
  });

  it("should break all branches where one is broken", () => {
    expect(fmt("if a { x = 1 } else if b {\n x = 2 } else { x = 3 }")).toBe(
      "if a {\n  x = 1\n} else if b {\n  x = 2\n} else {\n  x = 3\n}\n",
    );
  });

  it("should stay on one line where all of it was", () => {
    expect(fmt("if a { x = 1 }\nelse { x = 2 }")).toBe("if a { x = 1 } else { x = 2 }\n");
  });

  it("should keep imports, templates and uses", () => {
    expect(fmt('import"a.knet"as racks with{count=3}\ntemplate rack{param index integer}\nuse racks.pair{index=0}')).toBe(
      'import "a.knet" as racks with { count = 3 }\ntemplate rack { param index integer }\nuse racks.pair { index = 0 }\n',
    );
  });
});

describe("names", () => {
  it("should lose quotes that they can do without where they declare something", () => {
    expect(
      fmt('pod "web" {\n  labels = { "app" = "web", "a.b/c" = "d" }\n  port "http" = 80/tcp\n}\nservice s { selects "app" == "web" }'),
    ).toBe('pod web {\n  labels    = { app = "web", "a.b/c" = "d" }\n  port http = 80/tcp\n}\nservice s { selects app == "web" }\n');
  });

  it("should keep quotes that mean something: around a title, a value, a reference, an expression, a keyword", () => {
    const text = 'assert "works" {\n  "a/b" reaches node "node-a"\n}\npod "p-${i}" {}\npod "in"     { "x.y" = "z" }\n';
    expect(fmt(text)).toBe(text);
  });
});

describe("comments", () => {
  it("should stay above what they stand above, at its indentation", () => {
    expect(fmt("      // first\n\n///  says\n/// what\npod a {\n// inside\n}\n// last")).toBe(
      "// first\n\n///  says\n/// what\npod a {\n  // inside\n}\n// last\n",
    );
  });

  it("should stay behind what they stand behind, below each other on consecutive lines", () => {
    expect(fmt("a = 1 // one\nlong-name = 2     // two\nb = 3\nc = 4 // four")).toBe(
      "a         = 1  // one\nlong-name = 2  // two\nb         = 3\nc         = 4  // four\n",
    );
  });

  it("should break a body that they stand in", () => {
    expect(fmt("pod a { // why\n  x = 1, // one\n  y = 2 }")).toBe("pod a {  // why\n  x = 1  // one\n  y = 2\n}\n");
  });

  it("should move behind a brace or a comma that follows them", () => {
    expect(fmt("pod a // why\n{ x = 1 }\njoins = [a // one\n, b]")).toBe("pod a {  // why\n  x = 1\n}\njoins = [\n  a,  // one\n  b\n]\n");
  });

  it("should stand between the lines of a sentence", () => {
    expect(fmt("policy p {\n  allow ingress // in\n    from anyone\n    // ports\n    on 80/tcp\n}")).toBe(
      "policy p {\n  allow ingress  // in\n      from anyone\n      // ports\n      on 80/tcp\n}\n",
    );
  });

  it("should be all that is left of a file without declarations", () => {
    expect(fmt("\n\n// only\n\n\n// these\n\n")).toBe("// only\n\n// these\n");
    expect(fmt(" \n\n")).toBe("");
  });
});

describe("a damaged file", () => {
  it("should be formatted where only punctuation with one meaning is missing", () => {
    expect(fmt("pod a { x = 1 y = 2 }")).toBe("pod a { x = 1, y = 2 }\n");
    expect(fmt("pod a { app: 'web' }")).toBe('pod a { app = "web" }\n');
  });

  it("should be refused where the missing punctuation leaves more than one meaning", () => {
    expect(fmt('dns coredns { forward : "corp.example" to [192.168.1.53] }')).toContain("KN1016");
    expect(fmt("cluster : demo { a = 1 }")).toContain("KN1016");
  });

  it("should be formatted around a word that is wrong in itself", () => {
    expect(fmt("address=10.0.0.256")).toBe("address = 10.0.0.256\n");
  });

  it("should be refused with what is wrong", () => {
    expect(fmt("pod a { x = 1")).toBe("KN1006");
    expect(fmt("pod a { x = }")).toBe("KN1005");
  });

  it("should be refused with what a check says, at its places in the text as it stands", () => {
    const text = "const a = 1\r\npod @ b { x = }\r\nconst b = ]";
    const done = format("t.knet", text);
    const syntax = checkProgram("t.knet", text).diagnostics.filter(({ code }) => code.startsWith("KN1"));
    expect(done.ok ? [] : done.diagnostics.map(({ code, span }) => [code, span.start, span.end])).toEqual(syntax.map(({ code, span }) => [code, span.start, span.end]));
    expect(text.slice(syntax[0]?.span.start, syntax[0]?.span.end)).toBe("@");
  });
});

describe("options", () => {
  it("should indent with tabs where the project does", () => {
    const done = format("test.knet", "pod a {\nx=1\nlong=2 }", { printWidth: 80, tabWidth: 4, useTabs: true });
    expect(done).toEqual({ ok: true, text: "pod a {\n\tx    = 1\n\tlong = 2\n}\n" });
  });

  it("should keep a byte order mark", () => {
    expect(fmt("\uFEFFa=1")).toBe("\uFEFFa = 1\n");
  });
});

describe("formatRange", () => {
  /** Formats what stands between two `|`. */
  function range(marked: string): string {
    const [before = "", inside = "", after = ""] = marked.split("|");
    const text = before + inside + after;
    return applyEdits(text, formatRange(parse("test.knet", text).tree, before.length, before.length + inside.length));
  }

  it("should format the declaration around the cursor and nothing else", () => {
    expect(range("pod a{x=1}\n  pod   b{ y|| =1}\npod c{z=1}\n")).toBe("pod a{x=1}\n  pod   b{ y = 1}\npod c{z=1}\n");
    expect(range("pod a{x=1}\n  pod ||  b{ y =1}\npod c{z=1}\n")).toBe("pod a{x=1}\npod b { y = 1 }\npod c{z=1}\n");
  });

  it("should format all declarations that a selection touches", () => {
    expect(range("namespace n {\n pod a{x|=1}\n pod b{y=1|}\n pod c{z=1}\n}\n")).toBe(
      "namespace n {\n  pod a { x = 1 }\n  pod b { y = 1 }\n pod c{z=1}\n}\n",
    );
  });

  it("should keep the line ends of the file", () => {
    expect(range("pod a {\r\nx|=|1\r\n}\r\n")).toBe("pod a {\r\n  x = 1\r\n}\r\n");
  });

  it("should change no character that is right already", () => {
    const text = "pod a {\n  x = 1\n  y =  2\n}\n";
    expect(formatRange(parse("test.knet", text).tree, 0, text.length).map(({ span, text: put }) => [span.start, span.end, put])).toEqual([
      [21, 23, " "],
    ]);
  });

  it("should do nothing between declarations", () => {
    expect(range("pod a{}\n\n|  |\n\npod b{}\n")).toBe("pod a{}\n\n  \n\npod b{}\n");
  });
});
