// Languages, as people read them.
import { locale } from "./say";

/** The name of a language by its code (BCP 47); the code where the browser knows no name, or it is none. */
export function languageName(code: string, within = locale): string {
  try {
    return new Intl.DisplayNames(within, { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}
