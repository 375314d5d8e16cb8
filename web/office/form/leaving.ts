// A tab that is closed takes what was typed with it, so the browser asks first. A page that the
// office loads anew by itself keeps it, and asks nothing.
import { anyKept } from "./draft";

let asks = true;

/** Has the browser ask before a page with drafts is left. */
export function askBeforeLeaving(): void {
  window.addEventListener("beforeunload", (event) => {
    if (asks && anyKept(sessionStorage)) event.preventDefault();
  });
}

/** Loads the page anew. */
export function reload(): void {
  asks = false;
  location.reload();
}

/** A file of the office: where it is missing, because a new build replaced it, the router loads the page anew. */
export async function fileOf<T>(file: Promise<T>): Promise<T> {
  try {
    return await file;
  } catch (error) {
    asks = false;
    throw error;
  }
}
