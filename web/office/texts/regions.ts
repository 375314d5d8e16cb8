// Countries and territories, as people read them.
import { languages, locale } from "./say";

/** The codes that the contracts take: those of kit/grammar. */
export const regions: readonly string[] = (
  "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR " +
  "CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU " +
  "ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ " +
  "MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI " +
  "SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"
).split(" ");

// One for each locale: making one takes longer than naming all countries by it.
const namers = new Map<string, Intl.DisplayNames>();

function namerOf(within: string): Intl.DisplayNames {
  const namer = namers.get(within) ?? new Intl.DisplayNames(within, { type: "region", fallback: "code" });
  namers.set(within, namer);
  return namer;
}

/** The name of a country or territory; its code where the browser knows no name, and what is none as it is. */
export function regionName(code: string, within = locale): string {
  return !/^[A-Z]{2}$/.test(code) ? code : (namerOf(within).of(code) ?? code);
}

/** A country to choose. */
export interface RegionChoice {
  value: string;
  label: string;
  /** What it is called in the languages that the office has. */
  names: readonly string[];
}

const choiceOf = (code: string): RegionChoice => ({ value: code, label: regionName(code), names: languages.map((language) => regionName(code, language)) });

let sorted: readonly RegionChoice[] | undefined;

/** All of them to choose from, by their names. One that is set already is among them, whatever it is. */
export function regionChoices(set: string): readonly RegionChoice[] {
  const sorter = new Intl.Collator(locale);
  const byName = (a: RegionChoice, b: RegionChoice) => sorter.compare(a.label, b.label);
  sorted ??= regions.map(choiceOf).sort(byName);
  return set === "" || regions.includes(set) ? sorted : [...sorted, choiceOf(set)].sort(byName);
}
