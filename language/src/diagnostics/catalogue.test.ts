import { describe, expect, it } from "vitest";
import { defineCatalogue } from "./catalogue.ts";
import { applyEdits } from "../text/edit.ts";
import { nearest, oneOf } from "./suggest.ts";

const span = { file: "x.knet", start: 0, end: 1 };

describe("defineCatalogue", () => {
  const catalogue = defineCatalogue({
    "range-full": { code: "KN5001", severity: "error", message: (p: { range: string }) => `${p.range} is full` },
    "odd-name": { code: "KN8100", severity: "warning", local: true, message: () => "an odd name" },
  } as const);

  it("fills the holes of a message", () => {
    expect(catalogue.create("range-full", { range: "10.0.0.0/30" }, { span })).toEqual({
      code: "KN5001",
      name: "range-full",
      severity: "error",
      message: "10.0.0.0/30 is full",
      span,
      label: null,
      related: [],
      notes: [],
      help: null,
      fixes: [],
    });
  });

  it("knows its codes, and which of them need nothing but their own text", () => {
    expect(catalogue.codes).toEqual(["KN5001", "KN8100"]);
    expect(catalogue.isLocal("KN8100")).toBe(true);
    expect(catalogue.isLocal("KN5001")).toBe(false);
  });

  it("refuses a code that is taken", () => {
    const entry = { code: "KN5001", severity: "error", message: () => "" } as const;
    expect(() => defineCatalogue({ a: entry, b: entry })).toThrow("KN5001 (b) is already taken");
  });
});

describe("nearest", () => {
  it("finds swapped, missing, added and wrong letters, whatever the case", () => {
    const names = ["encapsulation", "cidr", "block-size", "nat-outgoing"];
    expect(nearest("encapsualtion", names)).toBe("encapsulation");
    expect(nearest("cdir", names)).toBe("cidr");
    expect(nearest("blocksize", names)).toBe("block-size");
    expect(nearest("NAT-outgoing", names)).toBe("nat-outgoing");
  });

  it("finds nothing where nothing is near, and prefers the first name of equals", () => {
    expect(nearest("mtu", ["cidr", "joins"])).toBeNull();
    expect(nearest("pod-x", ["pod-b", "pod-a"])).toBe("pod-a");
  });
});

describe("oneOf", () => {
  it("reads as a sentence does", () => {
    expect(oneOf(["a"])).toBe("`a`");
    expect(oneOf(["a", "b", "c"])).toBe("`a`, `b` or `c`");
  });
});

describe("applyEdits", () => {
  const at = (start: number, end: number): typeof span => ({ file: "x.knet", start, end });

  it("applies edits in any order and leaves out one that overlaps an earlier", () => {
    expect(
      applyEdits("node a in blue", [
        { span: at(10, 14), text: "green" },
        { span: at(5, 6), text: "b" },
        { span: at(11, 12), text: "!" },
        { span: at(14, 14), text: " {}" },
      ]),
    ).toBe("node b in green {}");
  });

  it("leaves other files alone", () => {
    expect(applyEdits("a", [{ span: { ...at(0, 1), file: "y.knet" }, text: "b" }], "x.knet")).toBe("a");
  });
});
