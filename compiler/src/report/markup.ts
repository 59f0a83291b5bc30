/** XML and HTML as text. Everything that is not markup itself passes through here. */

/** What XML 1.0 cannot hold even when escaped (production 2, `Char`): shown as a replacement character. */
// eslint-disable-next-line no-control-regex
const notXml = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/gu;

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "\r": "&#13;" };

/** Text for an element's content; valid in XML 1.0 and in HTML. */
export function escapeText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(notXml, "\uFFFD")
    .replaceAll(/[&<>"'\r]/gu, (character) => entities[character] ?? character);
}

/** Text for a quoted attribute value: white space that a parser would normalise is written as references. */
export function escapeAttribute(text: string): string {
  return escapeText(text).replaceAll(/[\t\n]/gu, (character) => `&#${character.charCodeAt(0)};`);
}

export type Attributes = Readonly<Record<string, string | number | null>>;

/** A start tag's inside: attributes in the order given, those that are null left out. */
function open(name: string, attributes: Attributes): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== null)
    .map(([key, value]) => ` ${key}="${escapeAttribute(String(value))}"`);
  return `${name}${written.join("")}`;
}

/** An element around markup. Without children it is closed at once, which HTML allows only inside SVG and for void elements. */
export function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
  return children.length === 0 ? `<${open(name, attributes)}/>` : `<${open(name, attributes)}>${children.join("")}</${name}>`;
}

/** An element around plain text. */
export function textElement(name: string, attributes: Attributes, text: string): string {
  return `<${open(name, attributes)}>${escapeText(text)}</${name}>`;
}

/** An element with each child on lines of its own, indented by two blanks. */
export function block(name: string, attributes: Attributes, children: readonly string[]): string {
  if (children.length === 0) return `<${open(name, attributes)}/>`;
  return `<${open(name, attributes)}>\n${children.map((child) => `  ${child}\n`).join("")}</${name}>`;
}
