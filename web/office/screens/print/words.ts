// What sheets say that customers get, in each language that mails have, the office's own or not.
// The texts are loaded with the sheets alone.
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { Money } from "@shopmesh/api/google/type/money_pb";
import ar from "../../../messages/ar/office_sheets.json";
import de from "../../../messages/de/office_sheets.json";
import en from "../../../messages/en/office_sheets.json";
import { day, money, number } from "../../texts/format";
import type { Values } from "../../texts/say";
import { filled } from "../../texts/say";

/** The id of a text of a sheet. */
export type WordId = keyof typeof en;
/** A language that mails and sheets are written in. */
export type SheetLanguage = "en" | "de" | "ar";

export const catalogs: Record<SheetLanguage, Record<WordId, string>> = { en, de, ar };

// How amounts, numbers and days are written: in Arabic with the digits that the pages have, too.
const locales: Record<SheetLanguage, string> = { en: "en", de: "de", ar: "ar-u-nu-latn" };

/** The words of one language. */
export class Words {
  readonly locale: string;
  readonly direction: "ltr" | "rtl";

  constructor(readonly language: SheetLanguage) {
    this.locale = locales[language];
    this.direction = language === "ar" ? "rtl" : "ltr";
  }

  say(id: WordId, values: Values = {}): string {
    return filled(catalogs[this.language][id], values);
  }

  money(amount: Money | undefined): string {
    return money(amount, this.locale);
  }

  number(value: number): string {
    return number(value, this.locale);
  }

  /** Writes a day with its month's name: which of two numbers is the month differs from country to country. */
  day(at: Timestamp | undefined): string {
    return day(at, this.locale, "long");
  }

  /** How an order is paid. Whether by card or bank the order does not hold: pm_… is an id of Stripe's, and on its page the customer chooses. */
  method(name: string): string {
    if (name.startsWith("sandbox_")) return this.say("sheet.method.test");
    return name === "stripe_checkout" || name.startsWith("pm_") ? this.say("sheet.method.online") : name;
  }
}

/** The words of the language of an order (BCP 47): English where there are none in it, as in its mails. */
export function wordsOf(languageCode: string): Words {
  const primary = languageCode.toLowerCase().split("-")[0];
  return new Words(primary === "de" || primary === "ar" ? primary : "en");
}
