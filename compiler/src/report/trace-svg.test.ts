import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { columnsOf } from "./columns.ts";
import { delivered, dropped, errorOnTheWay, hairpin, long, noSuchName, throughNodePort } from "./story.testing.ts";
import { pictureOf, pitch } from "./trace-picture.ts";
import { traceSvg } from "./trace-svg.ts";
import type { Story } from "./types.ts";
import { allNamed, parseXml } from "./xml.testing.ts";
import type { XmlElement } from "./xml.testing.ts";

const stories = { delivered, dropped, hairpin, throughNodePort, long, noSuchName, errorOnTheWay };

interface Rectangle {
  readonly what: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Where a text stands: capitals reach 0.8 of the size above the base line, descenders 0.2 below. */
function placeOfText(text: XmlElement): Rectangle {
  const number = (name: string): number => Number(text.attributes[name]);
  const size = number("font-size");
  const width = columnsOf(text.text) * size * pitch;
  const left = number("x") - (text.attributes["text-anchor"] === "middle" ? width / 2 : 0);
  return { what: text.text, left, right: left + width, top: number("y") - 0.8 * size, bottom: number("y") + 0.2 * size };
}

function placeOfBox(box: XmlElement): Rectangle {
  const number = (name: string): number => Number(box.attributes[name] ?? "0");
  return {
    what: box.attributes["class"] ?? "",
    left: number("x"),
    right: number("x") + number("width"),
    top: number("y"),
    bottom: number("y") + number("height"),
  };
}

function overlap(x: Rectangle, y: Rectangle): boolean {
  return x.left < y.right && y.left < x.right && x.top < y.bottom && y.top < x.bottom;
}

function inside(inner: Rectangle, outer: Rectangle): boolean {
  return inner.left >= outer.left && inner.right <= outer.right && inner.top >= outer.top && inner.bottom <= outer.bottom;
}

describe.each(Object.entries(stories))("the picture of %s", (_name, story) => {
  const svg = parseXml(traceSvg(story));
  const texts = allNamed(svg, "text").map(placeOfText);
  const boxes = allNamed(svg, "rect").map(placeOfBox);

  it("should have no two texts in one place", () => {
    for (const [index, one] of texts.entries())
      for (const other of texts.slice(index + 1))
        expect([one.what, other.what, overlap(one, other)]).toEqual([one.what, other.what, false]);
  });

  it("should hold everything inside its paper", () => {
    const paper = boxes.find((box) => box.what === "kn-paper");
    for (const item of [...texts, ...boxes]) expect([item.what, paper !== undefined && inside(item, paper)]).toEqual([item.what, true]);
  });

  it("should have no packet on top of another one or of a host's events", () => {
    const packets = boxes.filter((box) => box.what.startsWith("kn-packet"));
    for (const [index, one] of packets.entries()) for (const other of packets.slice(index + 1)) expect(overlap(one, other)).toBe(false);
    for (const box of boxes.filter((one) => /kn-(?:nat|error) /u.test(one.what)))
      for (const packet of packets) expect(overlap(box, packet)).toBe(false);
  });

  it("should have no packet on a host's box", () => {
    const hosts = boxes.filter((box) => /^kn-(?:pod|node|router|external)$/u.test(box.what));
    for (const packet of boxes.filter((box) => /^kn-(?:packet|outer)/u.test(box.what)))
      for (const host of hosts) expect(overlap(packet, host)).toBe(false);
  });
});

describe("traceSvg", () => {
  it("should number the arrows in the order of the way", () => {
    const { arrows } = pictureOf(delivered);
    expect(arrows.map((arrow) => arrow.number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(arrows.map((arrow) => arrow.colour)).toEqual([...Array<string>(4).fill("request"), ...Array<string>(4).fill("reply")]);
    expect(arrows.map((arrow) => arrow.x2 > arrow.x1)).toEqual([true, true, true, true, false, false, false, false]);
  });

  it("should draw the way there on one line and the way back on the next", () => {
    const lines = pictureOf(delivered).arrows.map((arrow) => arrow.y);
    expect(new Set(lines.slice(0, 4)).size).toBe(1);
    expect(new Set(lines.slice(4)).size).toBe(1);
    expect(lines[4]).toBeGreaterThan(lines[0] ?? Infinity);
  });

  it("should draw the outer packet around the inner one, between the nodes only", () => {
    const boxes = allNamed(parseXml(traceSvg(delivered)), "rect").map(placeOfBox);
    const outers = boxes.filter((box) => box.what.startsWith("kn-outer"));
    const packets = boxes.filter((box) => box.what.startsWith("kn-packet"));
    expect(outers).toHaveLength(4);
    for (const outer of outers) expect(packets.filter((packet) => inside(packet, outer))).toHaveLength(1);
  });

  it("should put a pod inside its node's boundary", () => {
    const boxes = allNamed(parseXml(traceSvg(delivered)), "rect").map(placeOfBox);
    const groups = boxes.filter((box) => box.what === "kn-group");
    expect(groups).toHaveLength(2);
    for (const pod of boxes.filter((box) => box.what === "kn-pod")) expect(groups.filter((group) => inside(pod, group))).toHaveLength(1);
    expect(boxes.filter((box) => box.what === "kn-router").some((router) => groups.some((group) => overlap(router, group)))).toBe(false);
  });

  it("should mark translations, and what stopped the packet", () => {
    const words = (story: Story, kind: string): readonly string[] => {
      const svg = parseXml(traceSvg(story));
      const marked = allNamed(svg, "rect")
        .filter((box) => (box.attributes["class"] ?? "").startsWith(`kn-${kind} `))
        .map(placeOfBox);
      return marked.map((box) =>
        allNamed(svg, "text")
          .map(placeOfText)
          .filter((text) => inside(text, box))
          .map((text) => text.what)
          .join(" "),
      );
    };
    expect(words(delivered, "nat")).toEqual([
      "translates the destination to 10.10.1.3:8080",
      "translates the source back to 172.16.10.10:80",
    ]);
    expect(words(dropped, "error")).toEqual(["filter FORWARD drops it in cali-tw-cali3d2c1b0a9f8: policy namespace001/ only-the-client"]);
  });

  it("should have colours for dark surroundings for every class that light ones have", () => {
    const style = allNamed(parseXml(traceSvg(delivered)), "style")[0]?.text ?? "";
    const [light = "", dark = ""] = style.split("@media (prefers-color-scheme: dark){");
    const classes = (text: string): readonly string[] =>
      [...new Set([...text.matchAll(/\.(kn-[a-z-]+)/gu)].map((match) => match[1] ?? ""))].sort();
    expect(classes(dark)).toEqual(classes(light));
  });

  it("should stay well-formed whatever hosts are called", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", minLength: 1, maxLength: 30 }),
        fc.string({ unit: "binary", maxLength: 30 }),
        (where, did) => {
          const steps = dropped.steps.map((step) => ({
            ...step,
            where: step.kind === "node" ? where : step.where,
            did: `${did}${step.did}`,
          }));
          const svg = parseXml(traceSvg({ ...dropped, to: where, summary: did, steps }));
          expect(allNamed(svg, "script")).toEqual([]);
        },
      ),
      { seed: 20261122, numRuns: 100 },
    );
  });
});
