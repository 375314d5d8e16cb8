// Where scripts may make HTML of text (Trusted Types): in the frame of a mail, and nowhere else.

interface Policy {
  createHTML(html: string): string | null;
}
declare const trustedTypes: { createPolicy(name: string, rules: Policy): { createHTML(html: string): string } } | undefined;

// Sheets of style are left out: the policy of the page takes none but its own, and mails have
// theirs for dark mode alone.
const withoutSheets = (html: string) => html.replace(/<style[\s\S]*?<\/style>/gi, "");

const factory = typeof trustedTypes === "undefined" ? undefined : trustedTypes;
const frames = factory?.createPolicy("office", { createHTML: withoutSheets });

// React Aria empties what it says to screen readers by innerHTML: nothing else goes that way.
factory?.createPolicy("default", { createHTML: (html) => (html === "" ? "" : null) });

/** The HTML of a mail, for a frame that runs no script. */
export function frameHTML(html: string): string {
  return frames ? frames.createHTML(html) : withoutSheets(html);
}
