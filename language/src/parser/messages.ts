/**
 * What the parser expected, in the user's words. Chevrotain lets a provider build message texts; ours are phrases that complete
 * "expected …, found …".
 */
import type { IParserErrorMessageProvider, IToken, TokenType } from "chevrotain";
import * as types from "../lexer/tokens.ts";

/** By rule: what its first token would have been. */
const beginnings: Readonly<Record<string, string>> = {
  value: "a value",
  primary: "a value",
  operand: "a value",
  use: "the name of a template",
  scalar: "a value",
  "label value": "a label value in quotes",
  "port value": "a port such as `80/tcp`",
  peer: "somebody: `pods …`, `namespace …`, an address, …",
  scope: "a namespace",
  selector: "a label key",
  requirement: "a label key",
  comparison: "`==`, `!=`, `in [` or `not in [`",
  direction: "`ingress` or `egress`",
  applies: "`nodes`, `node …`, `all pods`, `namespaces …` or a selector",
  "path clause": "`encapsulated`, `via`, `seen as`, `with mtu` or `balanced within`",
  "source seen": "`node …`, `router …` or an address",
  allow: "`from` or `to`",
  failure: "`node`, `pod` or `link`, then `fails`",
  attribute: "`=`",
};

function nameFor(ruleName: string): string {
  switch (ruleName) {
    case "requirement":
      return "a label key";
    case "forward":
      return "a DNS zone in quotes";
    case "resolve":
      return "a DNS name in quotes";
    case "type":
      return "a type such as `integer`";
    case "binding":
      return "a name for each value";
    default:
      return "a name";
  }
}

export const parserMessages: IParserErrorMessageProvider = {
  buildMismatchTokenMessage({ expected, ruleName }): string {
    if (expected === types.Name || expected === types.Word || expected === types.Identifier) return nameFor(ruleName);
    if (expected === types.Text) return "the path of a file in quotes";
    if (expected === types.RightBracket) return "`,` or `]`";
    if (expected === types.LeftBrace) return "`{`";
    return labelOf(expected);
  },
  buildNotAllInputParsedMessage: () => "a declaration",
  buildNoViableAltMessage: ({ ruleName }): string => beginnings[ruleName] ?? "something else",
  buildEarlyExitMessage: ({ ruleName }): string => beginnings[ruleName] ?? "something else",
};

function labelOf(type: TokenType): string {
  return type.LABEL ?? `\`${type.name}\``;
}

/** Words that may stand where the phrase names only the one that must. */
const alsoExpected: ReadonlyMap<string, readonly string[]> = new Map([["`reaches`", ["except", "never", "resolves"]]]);

/** The words among which a misspelt one is looked for: those that a phrase of this file names. */
export function expectedWords(phrase: string): readonly string[] {
  const named = [...phrase.matchAll(/`([a-z][a-z-]*)(?: …)?`/g)].flatMap((match) => match[1] ?? []);
  return [...named, ...(alsoExpected.get(phrase) ?? [])];
}

/** What was found instead, in the user's words. */
export function describeToken(token: IToken): string {
  const type = token.tokenType;
  if (type === types.EOF) return "the end of the file";
  if (type === types.NewLine) return "the end of the line";
  if (token.image === "") return "the end of the block";
  if (type === types.Text) return token.image.length > 32 ? "a string" : `the string ${token.image}`;
  return `\`${token.image}\``;
}

/** The same messages, with their number kept. */
export function counted(messages: IParserErrorMessageProvider, faults: { count: number }): IParserErrorMessageProvider {
  const count = (message: string): string => {
    faults.count++;
    return message;
  };
  return {
    buildMismatchTokenMessage: (options) => count(messages.buildMismatchTokenMessage(options)),
    buildNotAllInputParsedMessage: (options) => count(messages.buildNotAllInputParsedMessage(options)),
    buildNoViableAltMessage: (options) => count(messages.buildNoViableAltMessage(options)),
    buildEarlyExitMessage: (options) => count(messages.buildEarlyExitMessage(options)),
  };
}
