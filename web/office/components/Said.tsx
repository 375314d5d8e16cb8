/** What another side said, in its own words: a sentence of the shop's services or of a provider, which the office has no text for. by names who said it, where nothing around it does. */
export function Said({ text, by, lang }: { text: string; by?: string; lang?: "en" }) {
  return <span>{by && <>{by}: </>}<q {...(lang && { lang })}>{text}</q></span>;
}
