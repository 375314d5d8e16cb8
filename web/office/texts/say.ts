// The office's texts, by typed ids: what is missing in a language does not compile.
import de from "../../messages/de/office.json";
import en from "../../messages/en/office.json";
import { reload } from "../form/leaving";
import type { CodeId, Codes } from "./codes";

type Forms = { one: string; other: string };
type Catalog = typeof en;

/** The id of a text. */
export type TextId = { [Id in keyof Catalog]: Catalog[Id] extends string ? Id : never }[keyof Catalog];
/** The id of a text about a number of things. */
export type CountId = Exclude<keyof Catalog, TextId>;
/** What stands in a text: `{{.Name}}` by its name. */
export type Values = Readonly<Record<string, string | number>>;

/** The languages that the office has. */
export const languages = ["en", "de"] as const;
export type Language = (typeof languages)[number];

const catalogs: Record<Language, Record<TextId, string> & Record<CountId, Forms>> = { en, de };

/** The texts of one language. */
export class Texts {
  readonly #catalog;
  readonly #plural;
  readonly #number;

  constructor(readonly language: Language) {
    this.#catalog = catalogs[language];
    this.#plural = new Intl.PluralRules(language);
    this.#number = new Intl.NumberFormat(language);
  }

  say(id: TextId, values: Values = {}): string {
    return this.#fill(this.#catalog[id], values);
  }

  /** Says a text about a number of things, in the form that the language has for it. */
  count(id: CountId, count: number, values: Values = {}): string {
    const forms = this.#catalog[id];
    const form = this.#plural.select(count) === "one" ? forms.one : forms.other;
    return this.#fill(form, { ...values, Count: count });
  }

  /** Says what a code means. One that this build does not know has no text. */
  code(kind: keyof Codes, name: string): string | undefined {
    const codes: Record<CodeId, string> = this.#catalog;
    const id = `${kind}.${name}`;
    return id in codes ? codes[id as CodeId] : undefined;
  }

  #fill(text: string, values: Values): string {
    return filled(text, values, this.#number);
  }
}

/** A text with values where their names stand: `{{.Name}}`. */
export function filled(text: string, values: Values, numbers?: Intl.NumberFormat): string {
  return text.replace(/\{\{\.(\w+)\}\}/g, (whole, name: string) => {
    const value = values[name];
    return typeof value === "number" ? (numbers?.format(value) ?? String(value)) : (value ?? whole);
  });
}

const kept = "office-language";

// The language that was chosen in this browser, else the first that it prefers.
function chosen(): Language {
  const wanted = [globalThis.localStorage?.getItem(kept) ?? "", ...(globalThis.navigator?.languages ?? [])];
  for (const tag of wanted) {
    const found = languages.find((language) => tag.split("-")[0] === language);
    if (found) return found;
  }
  return "en";
}

/** The texts of the language that is shown, and how numbers and dates are written in it. */
export const texts = new Texts(chosen());
export const locale = globalThis.navigator?.languages?.find((tag) => tag.split("-")[0] === texts.language) ?? texts.language;

export const say = texts.say.bind(texts);
export const count = texts.count.bind(texts);

/** Shows the office in another language. What was typed is kept, as for every load. */
export function choose(language: Language): void {
  localStorage.setItem(kept, language);
  reload();
}
