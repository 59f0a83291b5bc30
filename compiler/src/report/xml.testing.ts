/** A strict XML reader for tests. */
import { SaxesParser } from "saxes";

export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  /** All text below it, in order. */
  text: string;
}

/** The root element. @throws Error when the text is not well-formed XML 1.0 */
export function parseXml(xml: string): XmlElement {
  const parser = new SaxesParser<{ xmlns: false }>({ xmlns: false });
  const root: XmlElement = { name: "", attributes: {}, children: [], text: "" };
  const stack = [root];
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", (tag) => {
    const opened: XmlElement = { name: tag.name, attributes: { ...tag.attributes }, children: [], text: "" };
    stack.at(-1)?.children.push(opened);
    stack.push(opened);
  });
  parser.on("text", (text) => {
    for (const open of stack) open.text += text;
  });
  parser.on("closetag", () => {
    stack.pop();
  });
  parser.write(xml).close();
  const [first] = root.children;
  if (first === undefined) throw new Error("no root element");
  return first;
}

/** Every element with the name, in document order. */
export function allNamed(root: XmlElement, name: string): readonly XmlElement[] {
  return [...(root.name === name ? [root] : []), ...root.children.flatMap((child) => allNamed(child, name))];
}
