import { describe, expect, it } from "vitest";
import { checkProgram } from "../program/check.ts";
import { inCluster, messages } from "../testing/fixtures.ts";
import { applyEdits } from "../text/edit.ts";

/** A pod that a service selects and that is not ready: KN8031 at the service. */
const shop = (service: string): string => inCluster(`namespace shop {\n  pod web { labels = { app = "web" }, port 80/tcp, ready = false }\n${service}\n}`);
const web = '  service web { selects app == "web", port 80/tcp }';
const notReady = "KN8031 service `shop/web` has no endpoints: the pod it selects is not ready";

/** The program after the fix of its first finding. */
function repaired(text: string): string {
  return applyEdits(text, checkProgram("t.knet", text).diagnostics[0]?.fixes[0]?.edits ?? []);
}

describe("knet-ignore", () => {
  it("silences a warning of its own line, and of the line below", () => {
    expect(messages(shop(web))).toEqual([notReady]);
    expect(messages(shop(`${web} // knet-ignore KN8031`))).toEqual([]);
    expect(messages(shop(`${web} // knet-ignore KN8031 it is started by hand`))).toEqual([]);
    expect(messages(shop(`  // knet-ignore KN8031\n${web}`))).toEqual([]);
    expect(messages(shop(`  //knet-ignore KN8031: by hand\n  // More about it.\n${web}`))).toEqual([]);
    expect(messages(shop(`  // knet-ignore KN8031\r\n${web}`))).toEqual([]);
  });

  it("silences nothing else: another line, another code, a word that only begins like it", () => {
    expect(messages(shop(`  // knet-ignore KN8031\n\n${web}`))).toContain(notReady);
    expect(messages(shop(`${web}\n  // knet-ignore KN8031\n  pod other`))).toContain(notReady);
    expect(messages(shop(`${web} // knet-ignore KN8001`))).toContain(notReady);
    expect(messages(shop(`${web} // knet-ignored KN8031`))).toEqual([notReady]);
    expect(messages(shop(`${web} /// knet-ignore KN8031`))).toEqual([notReady]);
    expect(messages(shop(`${web} // see knet-ignore KN8031`))).toEqual([notReady]);
  });

  it("names several codes with commas between them", () => {
    const text = shop(`${web} // knet-ignore KN8031, KN8001 both`);
    expect(messages(text)).toEqual(["KN8091 nothing to ignore: KN8001 is not found on this line"]);
    expect(messages(repaired(text))).toEqual([]);
    expect(repaired(text)).toContain('80/tcp } // knet-ignore KN8031 both');
  });

  it("names codes that are not found together", () => {
    expect(messages(inCluster("// knet-ignore KN8001, KN8031\nnamespace a { pod p }"))).toEqual([
      "KN8091 nothing to ignore: KN8001 and KN8031 are not found on the line below",
    ]);
  });

  it("silences its own line only of what is told once for several lines", () => {
    const service = (name: string, more = ""): string => `  service ${name} { selects app == "wep", port 80/tcp }${more}`;
    const space = (...services: readonly string[]): string => inCluster(`namespace shop {\n  pod p { port 80/tcp }\n${services.join("\n")}\n}`);
    const ignore = " // knet-ignore KN8001";
    const told = (text: string): readonly (readonly string[])[] =>
      checkProgram("t.knet", text).diagnostics.map((found) => [found.code, ...[found, ...found.related].map(({ span }) => /service (\w+)[^\n]*$/.exec(text.slice(0, span.start))?.[1] ?? "")]);
    expect(told(space(service("a"), service("b"), service("c")))).toEqual([["KN8001", "a", "b", "c"]]);
    expect(told(space(service("a", ignore), service("b"), service("c")))).toEqual([["KN8001", "b", "c"]]);
    expect(told(space(service("a"), service("b", ignore), service("c")))).toEqual([["KN8001", "a", "c"]]);
    expect(told(space(service("a", ignore), service("b", ignore), service("c", ignore)))).toEqual([]);
  });

  it("is no part of a string", () => {
    expect(messages(shop(web.replace('app == "web"', 'app == "// knet-ignore KN8031"')))).not.toEqual([]);
  });
});

describe("knet-ignore-file", () => {
  it("silences a warning wherever it stands", () => {
    expect(messages(`// What this is about.\n// knet-ignore-file KN8031 nothing runs yet\n\n${shop(web)}`)).toEqual([]);
  });

  it("stands above everything else", () => {
    const text = `${shop(web)}// knet-ignore-file KN8031\n`;
    expect(messages(text)).toEqual([notReady, "KN8090 `knet-ignore-file` stands above everything else in a file"]);
  });
});

describe("comments that silence nothing", () => {
  it.each([
    ["// knet-ignore KN8031", "KN8091 nothing to ignore: KN8031 is not found on the line below"],
    ["// knet-ignore KN8999", "KN8090 there is no code KN8999"],
    ["// knet-ignore KN3003", "KN8090 KN3003 is an error, and errors cannot be ignored"],
    ["// knet-ignore KN8091", "KN8090 KN8091 is about comments like this one and cannot be ignored"],
    ["// knet-ignore", "KN8090 `knet-ignore` names no code: write `// knet-ignore KN8001` and a reason"],
    ["// knet-ignore kn8031", "KN8090 `kn8031` is no code: codes are in capitals"],
    ["// knet-ignore because", "KN8090 `because` is no code: `knet-ignore` names codes such as KN8001, and a reason behind them"],
  ])("%s", (comment, message) => {
    const text = inCluster(`${comment}\nnamespace a { pod p }`);
    expect(messages(text)).toEqual([message]);
    expect(repaired(text)).toBe(inCluster("namespace a { pod p }"));
  });

  it("are removed without the member that they stand behind", () => {
    const text = inCluster("namespace a { pod p }   // knet-ignore KN8031 old\nnamespace b {}");
    expect(repaired(text)).toBe(inCluster("namespace a { pod p }\nnamespace b {}"));
  });

  it("are told at the end of a file, where nothing follows", () => {
    expect(messages(`${inCluster("namespace a { pod p }")}// knet-ignore KN8031`)).toEqual([
      "KN8091 nothing to ignore: KN8031 is not found here: no member stands on the next line",
    ]);
  });

  it("wait while the program has errors, since not all warnings are known then", () => {
    const text = inCluster("// knet-ignore KN8031\nnamespace a { pod p { redy = true } }");
    expect(messages(text)).toEqual(["KN2003 a pod has no attribute `redy`"]);
  });

  it("never silence an error", () => {
    expect(messages(inCluster("node n in blue { address = 192.168.1.999 } // knet-ignore KN1003"))).toHaveLength(2);
  });

  it("leave codes of the compiler to the compiler", () => {
    expect(messages(inCluster("// knet-ignore KN5020\nnamespace a { pod p }"))).toEqual([]);
  });
});
