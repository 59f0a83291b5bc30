/** `knet trace --format svg`: the journey as a picture. */
import { element, textElement } from "./markup.ts";
import { numberRadius, pictureOf } from "./trace-picture.ts";
import type { PictureArrow, PictureBox, PictureText } from "./trace-picture.ts";
import type { Story } from "./types.ts";

/** Colours for light surroundings, then for dark ones; every class once each. Viewers without media queries show the light ones. */
const stylesheet = `
.kn-paper{fill:#ffffff}.kn-group{fill:#f4f6f9;stroke:#8a94a3}.kn-pod,.kn-node,.kn-router,.kn-external{fill:#ffffff;stroke:#5b6573}
.kn-router{fill:#fbf6ea;stroke:#a98a3e}.kn-external{fill:#f3f0fa;stroke:#7d6bb0}
.kn-plain{fill:#1d2733}.kn-dim{fill:#5b6573}.kn-request{fill:#0b57b7}.kn-reply{fill:#0a7a48}.kn-bad{fill:#b3261e}
.kn-line-request{stroke:#0b57b7}.kn-line-reply{stroke:#0a7a48}.kn-line-bad{stroke:#b3261e}
.kn-packet,.kn-number{fill:#ffffff}.kn-outer-request{fill:#e3eefc}.kn-outer-reply{fill:#dff4e9}
.kn-nat{fill:#fff3cf}.kn-error{fill:#fde7e5}
@media (prefers-color-scheme: dark){
.kn-paper{fill:#0f141b}.kn-group{fill:#161d27;stroke:#6b7787}.kn-pod,.kn-node,.kn-router,.kn-external{fill:#1b2430;stroke:#8592a3}
.kn-router{fill:#282314;stroke:#b79a52}.kn-external{fill:#221d33;stroke:#9c8bd0}
.kn-plain{fill:#e6ebf2}.kn-dim{fill:#9aa6b5}.kn-request{fill:#7fb6ff}.kn-reply{fill:#6fdca6}.kn-bad{fill:#ff9a92}
.kn-line-request{stroke:#7fb6ff}.kn-line-reply{stroke:#6fdca6}.kn-line-bad{stroke:#ff9a92}
.kn-packet,.kn-number{fill:#0f141b}.kn-outer-request{fill:#16304f}.kn-outer-reply{fill:#12382a}
.kn-nat{fill:#3a3213}.kn-error{fill:#421d1b}
}
`;

const fonts = '"DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace';

/** The picture as one self-contained SVG document, ending in a line break. */
export function traceSvg(story: Story): string {
  const { width, height, boxes, arrows, texts } = pictureOf(story);
  const title = `${story.from} → ${story.to}, ${story.port}/${story.protocol}`;
  const parts = [
    textElement("title", {}, title),
    textElement("desc", {}, story.summary),
    `<style>${stylesheet}</style>`,
    element("rect", { class: "kn-paper", width, height }),
    ...boxes.filter((box) => box.role !== "packet" && box.role !== "outer").map(drawBox),
    ...arrows.map(drawArrow),
    ...boxes.filter((box) => box.role === "packet" || box.role === "outer").map(drawBox),
    ...texts.map(drawText),
  ];
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: "img",
    "font-family": fonts,
  };
  return `${element("svg", attributes, ["\n", ...parts.map((part) => `${part}\n`)])}\n`;
}

function drawBox(box: PictureBox): string {
  const place = { x: round(box.x), y: round(box.y), width: round(box.width), height: round(box.height) };
  switch (box.role) {
    case "group":
      return element("rect", { class: "kn-group", ...place, rx: 10, "stroke-width": 1.2, "stroke-dasharray": "6 4" });
    case "packet":
      return element("rect", { class: `kn-packet kn-line-${box.colour}`, ...place, rx: 4 });
    case "outer":
      return element("rect", { class: `kn-outer-${box.colour} kn-line-${box.colour}`, ...place, rx: 6 });
    case "nat":
    case "error":
      return element("rect", { class: `kn-${box.role} kn-line-${box.colour}`, ...place, rx: 4 });
    default:
      return element("rect", { class: `kn-${box.role}`, ...place, rx: box.role === "router" ? 16 : 6, "stroke-width": 1.4 });
  }
}

function drawArrow(arrow: PictureArrow): string {
  const { x1, x2, y, colour, number, middle } = arrow;
  const forwards = x2 > x1;
  const shaft = forwards ? x2 - 8 : x2 + 8;
  const head = `${round(x2)},${round(y)} ${round(forwards ? x2 - 10 : x2 + 10)},${round(y - 5)} ${round(forwards ? x2 - 10 : x2 + 10)},${round(y + 5)}`;
  return element("g", {}, [
    textElement("title", {}, `${number}`),
    element("line", { class: `kn-line-${colour}`, x1: round(x1), y1: round(y), x2: round(shaft), y2: round(y), "stroke-width": 2 }),
    element("polygon", { class: `kn-${colour}`, points: head }),
    element("circle", { class: `kn-number kn-line-${colour}`, cx: round(middle), cy: round(y), r: numberRadius, "stroke-width": 1.5 }),
  ]);
}

function drawText(text: PictureText): string {
  return textElement(
    "text",
    {
      class: `kn-${text.colour}`,
      x: round(text.x),
      y: round(text.y),
      "font-size": text.size,
      "text-anchor": text.anchor === "middle" ? "middle" : null,
      "font-weight": text.bold ? "bold" : null,
    },
    text.text,
  );
}

/** Tenths of a pixel are enough, and equal on every machine. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}
