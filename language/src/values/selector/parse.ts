/** Selector text to tree. */
import { byBytes, SelectorError } from "./syntax.ts";
import type { Comparison, Selector } from "./syntax.ts";

const labelCharacter = /[A-Za-z0-9_./-]/;
const longestLabel = 512;
/** Parentheses and negations inside each other; beyond it a selector is refused instead of exhausting the stack. */
const deepest = 256;

/** The selector that `text` spells; the empty text selects everything. Throws {@link SelectorError}. */
export function parseSelector(text: string): Selector {
  return new SelectorParser(text).parse();
}

class SelectorParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Selector {
    this.#blanks();
    if (this.#at === this.#text.length) return { kind: "all" };
    const selector = this.#or();
    if (this.#at < this.#text.length) throw this.#error(`unexpected ${this.#rest()}`);
    return selector;
  }

  #error(message: string): SelectorError {
    return new SelectorError(message, this.#at);
  }

  #rest(): string {
    return JSON.stringify(this.#text.slice(this.#at, this.#at + 20));
  }

  /** Blanks and tabs only: a newline is no white space here. */
  #blanks(): void {
    while (this.#text[this.#at] === " " || this.#text[this.#at] === "\t") this.#at++;
  }

  #accept(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    this.#blanks();
    return true;
  }

  #or(): Selector {
    return this.#group("or", "||", () => this.#group("and", "&&", () => this.#operation()));
  }

  #group(kind: "and" | "or", token: string, operand: () => Selector): Selector {
    const first = operand();
    const operands = [first];
    while (this.#accept(token)) operands.push(operand());
    return operands.length === 1 ? first : { kind, operands };
  }

  #operation(): Selector {
    let negated = false;
    while (this.#accept("!")) negated = !negated;
    const operand = this.#primary();
    return negated ? { kind: "not", operand } : operand;
  }

  #primary(): Selector {
    if (this.#accept("(")) {
      if (++this.#depth > deepest) throw this.#error("too many nested parentheses");
      const inner = this.#or();
      this.#depth--;
      this.#close();
      return inner;
    }
    if (this.#accept("all(")) return this.#call({ kind: "all" });
    if (this.#accept("global(")) return this.#call({ kind: "global" });
    if (this.#accept("has(")) return this.#call({ kind: "has", key: this.#label() });
    return this.#comparison(this.#label());
  }

  #close(): void {
    if (!this.#accept(")")) throw this.#error(`expected ")" before ${this.#rest()}`);
  }

  #call(selector: Selector): Selector {
    this.#close();
    return selector;
  }

  #label(): string {
    const start = this.#at;
    while (labelCharacter.test(this.#text[this.#at] ?? "")) this.#at++;
    const label = this.#text.slice(start, this.#at);
    if (label === "" || label.length > longestLabel) {
      this.#at = start;
      throw this.#error(label === "" ? `expected a label before ${this.#rest()}` : "a label has at most 512 characters");
    }
    this.#blanks();
    return label;
  }

  /** A word operator ends before a character that no label has. */
  #word(word: string): boolean {
    return !labelCharacter.test(this.#text[this.#at + word.length] ?? "") && this.#accept(word);
  }

  /** `starts with`, `startswith`: the words may touch. */
  #words(first: string, second: string): boolean {
    const start = this.#at;
    if (this.#accept(first) && this.#word(second)) return true;
    this.#at = start;
    return false;
  }

  #comparison(key: string): Selector {
    const compare = (operator: Comparison): Selector => ({ kind: "compare", operator, key, value: this.#string() });
    if (this.#accept("==")) return compare("==");
    if (this.#accept("!=")) return compare("!=");
    if (this.#word("contains")) return compare("contains");
    if (this.#words("starts", "with")) return compare("starts with");
    if (this.#words("ends", "with")) return compare("ends with");
    if (this.#words("not", "in")) return { kind: "not-in", key, values: this.#set() };
    if (this.#word("in")) return { kind: "in", key, values: this.#set() };
    throw this.#error(`expected an operator behind label ${JSON.stringify(key)}`);
  }

  #string(): string {
    const quote = this.#text[this.#at];
    if (quote !== '"' && quote !== "'") throw this.#error(`expected a quoted string before ${this.#rest()}`);
    const end = this.#text.indexOf(quote, this.#at + 1);
    if (end < 0) throw this.#error("unclosed string");
    const value = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    this.#blanks();
    return value;
  }

  #set(): readonly string[] {
    if (!this.#accept("{")) throw this.#error(`expected "{" before ${this.#rest()}`);
    const values = new Set<string>();
    while (!this.#accept("}")) {
      values.add(this.#string());
      if (this.#accept(",")) continue;
      if (!this.#accept("}")) throw this.#error(`expected "," or "}" before ${this.#rest()}`);
      break;
    }
    return [...values].toSorted(byBytes);
  }
}
