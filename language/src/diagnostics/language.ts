/** The catalogue of the language: KN1xxx syntax, KN2xxx names, KN3xxx types, KN4xxx model, KN8xxx lint. */
import { defineCatalogue } from "./catalogue.ts";
import { lintEntries } from "./lint.ts";
import { modelEntries } from "./model.ts";
import { nameEntries } from "./names.ts";
import { networkEntries } from "./network.ts";
import { suppressionEntries } from "./suppression.ts";
import { syntaxEntries } from "./syntax.ts";
import { typeEntries } from "./types.ts";

export const languageCatalogue = defineCatalogue({
  ...syntaxEntries,
  ...nameEntries,
  ...typeEntries,
  ...modelEntries,
  ...lintEntries,
  ...networkEntries,
  ...suppressionEntries,
});

export type LanguageDiagnosticName = keyof typeof languageCatalogue.entries;
