import { describe, expect, it } from "vitest";
import { labels } from "../testing/model.ts";
import { namespaceSelectorText, podSelectorText, splitLabelSelector } from "./kubernetes.ts";
import { SelectorError, matchesSelector, parseSelector } from "@knet/language/values";
import { namedPortId, printSelector, selectorId } from "./print.ts";

const canonical = (text: string): string => printSelector(parseSelector(text));

describe("canonical text of a selector", () => {
  it.each([
    ["", "all()"],
    [" \t", "all()"],
    ["! (has( b)||! has(a ))", "!(has(b) || !has(a))"],
    ['! (a == "b"&&! c != "d")', '!(a == "b" && !c != "d")'],
    ["(a == 'x' && b == 'y') && c == 'z'", '((a == "x" && b == "y") && c == "z")'],
    ["((a == 'x'))", 'a == "x"'],
    ["! ! has(a)", "has(a)"],
    ["!!!has(a)", "!has(a)"],
    ["a in {'y', \"x\", 'y',}", 'a in {"x", "y"}'],
    ["a notin {}", "a not in {}"],
    ["a startswith 'x' || a endswith'y'", '(a starts with "x" || a ends with "y")'],
    ["in contains 'x'", 'in contains "x"'],
    ["not in {'x'}", 'not in {"x"}'],
    ["contains == 'x'", 'contains == "x"'],
    [`a == 'say "hi"'`, `a == 'say "hi"'`],
    ["global( )", "global()"],
    ["a == 'x' || b == 'y' && c == 'z'", '(a == "x" || (b == "y" && c == "z"))'],
    [
      "(projectcalico.org/namespace == 'shop') && (projectcalico.org/orchestrator == 'k8s' && app == 'web')",
      '(projectcalico.org/namespace == "shop" && (projectcalico.org/orchestrator == "k8s" && app == "web"))',
    ],
  ])("of %j is %j", (text, expected) => {
    expect(canonical(text)).toBe(expected);
    expect(canonical(expected)).toBe(expected);
  });

  it.each([
    ["a", 1],
    ["'a' == b", 0],
    ["a == b", 5],
    ["a = 'b'", 2],
    ["has(a) & has(b)", 7],
    ["has(a) | has(b)", 7],
    ["a == 'b", 5],
    ["(has(a)", 7],
    ["a in {'b'", 9],
    ["has(a) has(b)", 7],
    ["has (a)", 4],
    ["a\n== 'b'", 1],
    ["a in 'b'", 5],
    ["x".repeat(513), 0],
  ])("is refused for %j at %i", (text, offset) => {
    let at: number | null = null;
    try {
      parseSelector(text);
    } catch (error) {
      if (error instanceof SelectorError) at = error.offset;
    }
    expect(at).toBe(offset);
  });

  it("does not exhaust the stack on deep nesting", () => {
    expect(() => parseSelector(`${"(".repeat(100_000)}has(a)`)).toThrow(SelectorError);
  });
});

describe("ids", () => {
  it.each([
    ["all()", "s:5y5I3VdRZfDU01O--xXAPx2yxCQQqMf0M6IWug"],
    ["! (has( b)||! has(a ))", "s:Iss0uCleLYv1GSv_pNm7hAO58kE9jAx1NKyG3Q"],
    ['! (a == "b"&&! c != "d")', "s:lh3haoY1ikTRkd4UZu0nWSaIBknYLPJLX16d-w"],
  ])("of %j", (text, id) => {
    expect(selectorId(parseSelector(text))).toBe(id);
  });

  it("of a named port hash selector, protocol and name", () => {
    expect(namedPortId({ kind: "all" }, "tcp", "http")).toBe("n:cl9_Kgeu4H0OGLbhovVR3NBLUOZscKeMK1Mu4A");
  });
});

describe("matching labels", () => {
  const label = (key: string): string | undefined => ({ app: "web-1", tier: "front" })[key];
  it.each([
    ["app == 'web-1'", true],
    ["app == 'web'", false],
    ["zone == 'a'", false],
    ["zone != 'a'", true],
    ["app contains 'b-'", true],
    ["app starts with 'web'", true],
    ["app ends with '-2'", false],
    ["zone starts with ''", false],
    ["app in {'x', 'web-1'}", true],
    ["app in {}", false],
    ["app not in {}", true],
    ["zone not in {'a'}", true],
    ["has(tier) && !has(zone)", true],
    ["has(zone) || tier == 'front'", true],
    ["all() && global()", true],
  ])("%j is %j", (text, expected) => {
    expect(matchesSelector(parseSelector(text), label)).toBe(expected);
  });
});

describe("Kubernetes label selectors", () => {
  const selector = labels(
    ["tier", "front"],
    { key: "zone", operator: "NotIn", values: ["b", "a"] },
    ["app", "web"],
    { key: "x", operator: "Exists" },
    {
      key: "y",
      operator: "DoesNotExist",
    },
    { key: "app", operator: "In", values: ["web", "api"] },
  );

  it("are split into labels sorted by key and expressions in order", () => {
    expect(splitLabelSelector(selector)).toEqual({
      matchLabels: { app: "web", tier: "front" },
      matchExpressions: [
        { key: "zone", operator: "NotIn", values: ["b", "a"] },
        { key: "x", operator: "Exists" },
        { key: "y", operator: "DoesNotExist" },
        { key: "app", operator: "In", values: ["web", "api"] },
      ],
    });
    // Both must hold, and a map has one value per key.
    expect(splitLabelSelector(labels(["app", "a"], ["app", "b"], ["app", "a"]))).toEqual({
      matchLabels: { app: "a" },
      matchExpressions: [{ key: "app", operator: "In", values: ["b"] }],
    });
  });

  it("become Calico's text", () => {
    expect(podSelectorText(selector)).toBe(
      "projectcalico.org/orchestrator == 'k8s' && app == 'web' && tier == 'front' && zone not in { 'b', 'a' } && has(x) && ! has(y) && app in { 'web', 'api' }",
    );
    expect(podSelectorText(null)).toBe("projectcalico.org/orchestrator == 'k8s'");
    expect(podSelectorText(labels())).toBe("projectcalico.org/orchestrator == 'k8s'");
    expect(namespaceSelectorText(labels())).toBe("all()");
    expect(namespaceSelectorText(labels(["team", "shop"]))).toBe("team == 'shop'");
  });
});
