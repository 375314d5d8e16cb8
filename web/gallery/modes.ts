/** A way to look at all components. */
export interface Mode {
  name: string;
  language: "en" | "de";
  dir: "ltr" | "rtl";
  scheme: "light" | "dark";
  /** The size of the text, where 100 % is the office's. */
  size: string;
  /** The language of what React Aria says itself. */
  locale: string;
}

const light = { name: "light", language: "en", dir: "ltr", scheme: "light", size: "100%", locale: "en" } as const;

/** The ways, those of the shop's gallery. The office has no texts in Arabic, so its own go from right to left. German is the longest. */
export const modes: readonly [Mode, ...Mode[]] = [
  light,
  { ...light, name: "dark", scheme: "dark" },
  { ...light, name: "rtl", dir: "rtl", locale: "ar" },
  { ...light, name: "large", language: "de", size: "140%", locale: "de" },
];
