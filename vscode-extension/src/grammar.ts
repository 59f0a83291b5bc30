/** The TextMate grammar of knet, made of the language's own keyword tables. */
import { blockKeywords, blocks, statementKeywords } from "@knet/language";

interface Rule {
  readonly name?: string;
  readonly match?: string;
  readonly begin?: string;
  readonly end?: string;
  readonly captures?: Readonly<Record<string, { readonly name: string }>>;
  readonly patterns?: readonly Rule[];
}

const word = "[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*";
/** A keyword is a whole word: not a part of a name with hyphens, nor of a path. */
const alone = (words: readonly string[]): string => `(?<![\\w/-])(?:${words.join("|")})(?![\\w/-])`;
const sorted = (words: Iterable<string>): readonly string[] => [...new Set(words)].toSorted((x, y) => y.length - x.length || (x < y ? -1 : 1));

export function grammar(): { readonly name: string; readonly scopeName: string; readonly patterns: readonly Rule[] } {
  const attributes = sorted(blocks.flatMap((block) => block.attributes.map((attribute) => attribute.name)));
  return {
    name: "knet",
    scopeName: "source.knet",
    patterns: [
      { name: "comment.line.documentation.knet", match: "///.*$" },
      { name: "comment.line.double-slash.knet", match: "//.*$" },
      { name: "string.quoted.double.knet", begin: '"', end: '"|$', patterns: [{ name: "constant.character.escape.knet", match: "\\\\." }] },
      { name: "constant.other.mac.knet", match: "\\b[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}\\b" },
      { name: "constant.numeric.address.knet", match: "\\b\\d{1,3}(?:\\.\\d{1,3}){3}(?:/\\d{1,2})?\\b" },
      { name: "constant.numeric.address.knet", match: "(?<![\\w:])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?:/\\d{1,3})?(?![\\w:])" },
      { name: "constant.numeric.port.knet", match: "\\b\\d+(?:\\.\\.\\d+)?(?:/(?:tcp|udp|sctp))?\\b" },
      { name: "constant.language.knet", match: alone(["true", "false", "tcp", "udp", "sctp"]) },
      {
        match: `^\\s*(${sorted(blockKeywords).join("|")})\\s+(${word}(?:\\.${word})*)?(?!\\s*=[^=])`,
        captures: { 1: { name: "keyword.declaration.knet" }, 2: { name: "entity.name.knet" } },
      },
      { match: `(?<![\\w/-])(${attributes.join("|")})(?=\\s*=[^=])`, captures: { 1: { name: "variable.other.property.knet" } } },
      { name: "keyword.control.knet", match: alone(sorted(statementKeywords)) },
      { name: "keyword.operator.knet", match: "->|==|!=|=|\\.\\." },
      { name: "entity.name.reference.knet", match: `${word}/(?:${word}|\\*)` },
    ],
  };
}

/** The file's text. */
export function grammarText(): string {
  return `${JSON.stringify(grammar(), null, 2)}\n`;
}
