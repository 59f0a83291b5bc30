/**
 * Where everything stands in the picture of a journey. Hosts are tall boxes side by side, a node's boundary goes around its pods,
 * and the packet's way crosses them row by row: a new row begins wherever the packet turns back.
 */
import { formatIp } from "@knet/language/values";
import { columnsOf, cut, printable, wrap } from "./columns.ts";
import { laneKey, lanesOf } from "./lanes.ts";
import type { Lane } from "./lanes.ts";
import { formatDestination, formatKind, formatSource } from "./packets.ts";
import { lookupSentence, verdictSentence } from "./trace-text.ts";
import type { Story, StoryPacket, StoryStep } from "./types.ts";
import { isDrawn, isQuiet, visitsOf, wireName } from "./visits.ts";
import type { Visit } from "./visits.ts";

export type Colour = "request" | "reply" | "bad" | "plain" | "dim";

export interface PictureText {
  readonly x: number;
  /** Of the base line. */
  readonly y: number;
  readonly anchor: "start" | "middle";
  readonly size: number;
  readonly bold: boolean;
  readonly colour: Colour;
  readonly text: string;
}

export interface PictureBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly role: "group" | StoryStep["kind"] | "packet" | "outer" | "nat" | "error";
  readonly colour: Colour;
}

export interface PictureArrow {
  readonly x1: number;
  readonly x2: number;
  readonly y: number;
  readonly colour: Colour;
  /** Stands in a circle on the line. */
  readonly number: number;
  readonly middle: number;
}

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly PictureBox[];
  readonly arrows: readonly PictureArrow[];
  readonly texts: readonly PictureText[];
}

/** Width of a character of the fixed-pitch fonts that the picture asks for, in parts of the font size; the widest of them. */
export const pitch = 0.61;
export const sizes = { title: 17, name: 13, event: 11, packet: 11 } as const;

const margin = 20;
const lineHeight = 15;
const boxPadding = 10;
const groupPadding = 12;
const groupTitle = 24;
const cardPadding = 7;
export const numberRadius = 9;
/** Between a packet and the arrow under it, which carries a circle with its number; and below the arrow the wire's name. */
const aboveArrow = numberRadius + 4;
const belowArrow = numberRadius + lineHeight + 2;
const eventColumns: Readonly<Record<StoryStep["kind"], number>> = { pod: 18, node: 26, router: 20, external: 20 };
const nameColumns = 15;

interface Event {
  readonly lines: readonly string[];
  readonly role: "nat" | "error" | null;
}

interface Stop {
  readonly visit: Visit;
  readonly lane: number;
  readonly row: number;
  readonly events: readonly Event[];
}

interface Hop {
  readonly from: number;
  readonly to: number;
  readonly row: number;
  readonly colour: "request" | "reply";
  readonly card: Card;
  readonly wire: string | null;
}

/** A packet as drawn on a wire: its lines, and those of the packet around it. */
interface Card {
  readonly inner: readonly string[];
  readonly outer: readonly string[];
}

interface Placed {
  readonly lane: Lane;
  readonly name: readonly string[];
  /** Of pods and machines, under the name. */
  readonly address: string | null;
  readonly x: number;
  readonly width: number;
}

/** The layout of the request's and the reply's way. Units are pixels; text is set in a fixed-pitch font. */
export function pictureOf(story: Story): Picture {
  const visits = visitsOf(story.steps.filter((step) => step.phase !== "dns"));
  const lanes = lanesOf(visits);
  const { stops, hops } = wayOf(visits, lanes, story);
  const boxes: PictureBox[] = [];
  const arrows: PictureArrow[] = [];
  const texts: PictureText[] = [];

  const placed = placeLanes(lanes, stops, hops, addressesOf(story));
  const right = Math.max(520, ...placed.map((lane) => lane.x + lane.width + groupPadding)) + margin;
  let y = heading(story, right, texts);

  const top = y + groupTitle;
  const nameLines = Math.max(0, ...placed.map((lane) => headOf(lane).length));
  let rowTop = top + boxPadding + nameLines * lineHeight + 8;
  let number = 0;
  for (let row = 0; row <= Math.max(-1, ...stops.map((stop) => stop.row)); row++) {
    const rowHops = hops.filter((hop) => hop.row === row);
    const rowStops = stops.filter((stop) => stop.row === row);
    const cardHeight = Math.max(0, ...rowHops.map((hop) => heightOfCard(hop.card)));
    const eventHeight = Math.max(0, ...rowStops.map((stop) => heightOfEvents(stop.events)));
    const height = Math.max(cardHeight + (rowHops.length > 0 ? aboveArrow + belowArrow : 0), eventHeight);
    const line = rowTop + cardHeight + aboveArrow;
    for (const hop of rowHops) drawHop(hop, placed, line, ++number, { boxes, arrows, texts });
    for (const stop of rowStops) drawEvents(stop, placed, rowTop, { boxes, texts });
    rowTop += height + 16;
  }

  const bottom = rowTop;
  boxes.unshift(...frames(placed, top, bottom, texts));
  y = lanes.length === 0 ? y + 10 : bottom + groupPadding + 26;
  const words = wrap(printable(verdictSentence(story)), Math.floor((right - 2 * margin) / (sizes.name * pitch)));
  for (const text of words) {
    texts.push({
      x: margin,
      y,
      anchor: "start",
      size: sizes.name,
      bold: true,
      colour: story.verdict === "delivered" ? "reply" : "bad",
      text,
    });
    y += lineHeight + 3;
  }
  return { width: right, height: y + 4, boxes, arrows, texts };
}

// The way -------------------------------------------------------------------------------------------

function wayOf(
  visits: readonly Visit[],
  lanes: readonly Lane[],
  story: Story,
): { readonly stops: readonly Stop[]; readonly hops: readonly Hop[] } {
  const stops: Stop[] = [];
  const hops: Hop[] = [];
  let row = 0;
  let direction = 0;
  for (const [index, visit] of visits.entries()) {
    const lane = lanes.findIndex((candidate) => candidate.key === laneKey(visit));
    const before = visits[index - 1];
    const from = stops.at(-1);
    if (before !== undefined && from !== undefined) {
      if (before.phase === visit.phase) {
        const towards = Math.sign(lane - from.lane);
        if (towards !== 0 && direction !== 0 && towards !== direction) row++;
        if (towards !== 0) direction = towards;
        const packet = before.steps.at(-1)?.packet;
        if (packet !== undefined && towards !== 0) {
          hops.push({
            from: from.lane,
            to: lane,
            row,
            colour: visit.phase === "reply" ? "reply" : "request",
            card: cardOf(packet),
            wire: wireName(before),
          });
        }
      } else {
        row++;
        direction = 0;
      }
    }
    stops.push({ visit, lane, row, events: eventsOf(visit, story, index === visits.length - 1) });
  }
  return { stops, hops };
}

function eventsOf(visit: Visit, story: Story, last: boolean): readonly Event[] {
  const failed = last && story.verdict !== "delivered";
  const events: Event[] = [];
  for (const [index, step] of visit.steps.entries()) {
    const final = failed && index === visit.steps.length - 1;
    if (!final && (isQuiet(step) || !isDrawn(step))) continue;
    const role = final || step.outcome === "stopped" || step.layer === "error" ? "error" : step.layer === "nat" ? "nat" : null;
    // A filter is worth showing for whose rule it was.
    const did = step.layer === "filter" && step.source !== null ? `${step.did}: ${step.source.name}` : step.did;
    events.push({ lines: wrap(printable(did), eventColumns[visit.kind]), role });
  }
  return events;
}

function cardOf(packet: StoryPacket): Card {
  const inner = [formatSource(packet), `→ ${formatDestination(packet)}`, formatKind(packet)].map(printable);
  if (packet.outer === null) return { inner, outer: [] };
  const { outer } = packet;
  const port = outer.dport > 0 ? ` ${outer.dport}` : "";
  return { inner, outer: [formatIp(outer.src), `→ ${formatIp(outer.dst)}`, `${outer.protocol}${port}`].map(printable) };
}

/** The address that each pod or machine sends from or receives at, for its box. */
function addressesOf(story: Story): ReadonlyMap<string, string> {
  const addresses = new Map<string, string>();
  for (const step of story.steps) {
    const key = laneKey(step);
    if (step.phase === "dns" || addresses.has(key) || step.kind === "node" || step.kind === "router") continue;
    if (step.layer === "send") addresses.set(key, formatIp(step.packet.src));
    if (step.layer === "deliver") addresses.set(key, formatIp(step.packet.dst));
  }
  return addresses;
}

// Measures ------------------------------------------------------------------------------------------

function widthOf(lines: readonly string[], size: number): number {
  return Math.max(0, ...lines.map(columnsOf)) * size * pitch;
}

function widthOfCard(card: Card): number {
  const inner = widthOf(card.inner, sizes.packet) + 2 * cardPadding;
  if (card.outer.length === 0) return inner;
  return Math.max(inner, widthOf(card.outer, sizes.packet)) + 2 * cardPadding;
}

function heightOfCard(card: Card): number {
  const inner = card.inner.length * lineHeight + 2 * cardPadding - 4;
  return card.outer.length === 0 ? inner : inner + card.outer.length * lineHeight + 2 * cardPadding;
}

function heightOfEvents(events: readonly Event[]): number {
  return events.reduce((sum, event) => sum + event.lines.length * lineHeight + 10, 0);
}

/** Names break behind the namespace, and where they must. */
function nameLines(where: string): readonly string[] {
  const name = printable(where);
  if (columnsOf(name) <= nameColumns) return [name];
  const slash = name.indexOf("/");
  const parts = slash < 0 ? [name] : [name.slice(0, slash + 1), name.slice(slash + 1)];
  return parts.flatMap((part) => wrap(part, nameColumns));
}

function placeLanes(
  lanes: readonly Lane[],
  stops: readonly Stop[],
  hops: readonly Hop[],
  addresses: ReadonlyMap<string, string>,
): readonly Placed[] {
  const placed: Placed[] = [];
  let x = margin + groupPadding;
  for (const [index, lane] of lanes.entries()) {
    const inGroup = lanes.some((other) => other.group === lane.group && other.key !== lane.key);
    const address = addresses.get(lane.key) ?? null;
    const name = inGroup && lane.kind === "node" ? ["host network"] : nameLines(lane.where);
    const events = stops.filter((stop) => stop.lane === index).flatMap((stop) => stop.events.flatMap((event) => event.lines));
    const width = Math.ceil(
      Math.max(70, widthOf(headOf({ name, address }), sizes.name), widthOf(events, sizes.event) + 12) + 2 * boxPadding,
    );
    placed.push({ lane, name, address, x, width });
    const next = lanes[index + 1];
    if (next === undefined) break;
    const boundary = next.group === lane.group ? 0 : groupPadding * 2;
    // A packet's card stands in the gap where its hop begins.
    const cards = hops.filter((hop) => (hop.to > hop.from ? hop.from === index : hop.from === index + 1));
    x += width + boundary + Math.ceil(Math.max(48, ...cards.map((hop) => widthOfCard(hop.card) + 28)));
  }
  return placed;
}

function headOf({ name, address }: Pick<Placed, "name" | "address">): readonly string[] {
  return address === null ? name : [...name, address];
}

// Drawing -------------------------------------------------------------------------------------------

function heading(story: Story, right: number, texts: PictureText[]): number {
  const room = Math.floor((right - 2 * margin) / (sizes.title * pitch));
  let y = margin + 14;
  for (const text of wrap(printable(`${story.from} → ${story.to}  ${story.port}/${story.protocol}`), room)) {
    texts.push({ x: margin, y, anchor: "start", size: sizes.title, bold: true, colour: "plain", text });
    y += 24;
  }
  if (story.lookup !== null) {
    const text = printable(lookupSentence(story.lookup));
    texts.push({
      x: margin,
      y,
      anchor: "start",
      size: sizes.name,
      bold: false,
      colour: "dim",
      text: cut(text, Math.floor((right - 2 * margin) / (sizes.name * pitch))),
    });
    y += 20;
  }
  return y;
}

/** The boxes of hosts and the boundaries of nodes, outermost first, with their names. */
function frames(placed: readonly Placed[], top: number, bottom: number, texts: PictureText[]): readonly PictureBox[] {
  const groups: PictureBox[] = [];
  const hosts: PictureBox[] = [];
  for (const group of new Set(placed.map(({ lane }) => lane.group))) {
    const members = placed.filter(({ lane }) => lane.group === group);
    const first = members[0];
    const last = members.at(-1);
    if (first === undefined || last === undefined || members.length < 2) continue;
    const x = first.x - groupPadding;
    const width = last.x + last.width + groupPadding - x;
    const name = members.find(({ lane }) => lane.key === group)?.lane.where ?? group;
    groups.push({ x, y: top - groupTitle, width, height: bottom - top + groupTitle + groupPadding, role: "group", colour: "plain" });
    const text = cut(printable(name), Math.floor((width - 20) / (sizes.name * pitch)));
    texts.push({ x: x + 10, y: top - groupTitle + 16, anchor: "start", size: sizes.name, bold: true, colour: "plain", text });
  }
  for (const host of placed) {
    const { lane, name, x, width } = host;
    hosts.push({ x, y: top, width, height: bottom - top, role: lane.kind, colour: "plain" });
    for (const [index, text] of headOf(host).entries()) {
      const isAddress = index === name.length;
      texts.push({
        x: x + width / 2,
        y: top + boxPadding + 8 + index * lineHeight,
        anchor: "middle",
        size: isAddress ? sizes.event : sizes.name,
        bold: !isAddress,
        colour: isAddress ? "dim" : "plain",
        text,
      });
    }
  }
  return [...groups, ...hosts];
}

interface Canvas {
  readonly boxes: PictureBox[];
  readonly arrows: PictureArrow[];
  readonly texts: PictureText[];
}

function drawHop(hop: Hop, placed: readonly Placed[], line: number, number: number, canvas: Canvas): void {
  const from = placed[hop.from];
  const to = placed[hop.to];
  const rightwards = hop.to > hop.from;
  const beside = placed[rightwards ? hop.from + 1 : hop.from - 1];
  if (from === undefined || to === undefined || beside === undefined) return;
  const [x1, x2] = rightwards ? [from.x + from.width, to.x] : [from.x, to.x + to.width];
  const gap = rightwards ? [x1, beside.x] : [beside.x + beside.width, x1];
  const middle = ((gap[0] ?? 0) + (gap[1] ?? 0)) / 2;
  canvas.arrows.push({ x1, x2, y: line, colour: hop.colour, number, middle });
  canvas.texts.push({ x: middle, y: line + 4, anchor: "middle", size: sizes.packet, bold: true, colour: hop.colour, text: String(number) });
  if (hop.wire !== null) {
    const text = cut(printable(hop.wire), Math.floor(((gap[1] ?? 0) - (gap[0] ?? 0)) / (sizes.packet * pitch)) - 1);
    canvas.texts.push({ x: middle, y: line + numberRadius + 13, anchor: "middle", size: sizes.packet, bold: false, colour: "dim", text });
  }

  const { card } = hop;
  const width = widthOfCard(card);
  const height = heightOfCard(card);
  const x = middle - width / 2;
  let y = line - aboveArrow - height;
  const write = (lines: readonly string[], start: number): void => {
    for (const [index, text] of lines.entries()) {
      canvas.texts.push({
        x: middle,
        y: start + index * lineHeight + 11,
        anchor: "middle",
        size: sizes.packet,
        bold: false,
        colour: hop.colour,
        text,
      });
    }
  };
  if (card.outer.length > 0) {
    canvas.boxes.push({ x, y, width, height, role: "outer", colour: hop.colour });
    write(card.outer, y + cardPadding - 3);
    y += card.outer.length * lineHeight + cardPadding;
    canvas.boxes.push({
      x: x + cardPadding,
      y,
      width: width - 2 * cardPadding,
      height: height - card.outer.length * lineHeight - 2 * cardPadding,
      role: "packet",
      colour: hop.colour,
    });
  } else {
    canvas.boxes.push({ x, y, width, height, role: "packet", colour: hop.colour });
  }
  write(card.inner, y + cardPadding - 2);
}

function drawEvents(stop: Stop, placed: readonly Placed[], rowTop: number, canvas: Pick<Canvas, "boxes" | "texts">): void {
  const host = placed[stop.lane];
  if (host === undefined) return;
  const way = stop.visit.phase === "reply" ? "reply" : "request";
  let y = rowTop;
  for (const event of stop.events) {
    const height = event.lines.length * lineHeight + 4;
    const colour = event.role === "error" ? "bad" : way;
    if (event.role !== null)
      canvas.boxes.push({ x: host.x + boxPadding, y, width: host.width - 2 * boxPadding, height, role: event.role, colour });
    for (const [index, text] of event.lines.entries()) {
      canvas.texts.push({
        x: host.x + boxPadding + 6,
        y: y + index * lineHeight + 13,
        anchor: "start",
        size: sizes.event,
        bold: event.role !== null,
        colour: event.role === null ? "plain" : colour,
        text,
      });
    }
    y += height + 6;
  }
}
