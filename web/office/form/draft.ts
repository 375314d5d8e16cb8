// What is typed, as text by the contract's names, beside what was loaded. A draft outlives what
// is loaded again, dialogs, a new build of the office and another sign-in; it ends with the tab.

/** The fields of a form by their paths in the message, such as "contact.email". */
export type Fields = Readonly<Record<string, string>>;

/** The paths that were changed: the update mask. */
export function changed(loaded: Fields, typed: Fields): string[] {
  return Object.keys(typed).filter((path) => typed[path] !== loaded[path]);
}

/** A field that two people changed. */
export interface Conflict {
  path: string;
  theirs: string;
  yours: string;
}

/** The fields that were typed here and changed elsewhere meanwhile, to something else. */
export function conflicts(loaded: Fields, typed: Fields, now: Fields): Conflict[] {
  return changed(loaded, typed)
    .filter((path) => now[path] !== loaded[path] && now[path] !== typed[path])
    .map((path) => ({ path, theirs: now[path] ?? "", yours: typed[path] ?? "" }));
}

/** What was typed, over what others changed: nobody's change is lost. */
export function rebase(loaded: Fields, typed: Fields, now: Fields): Fields {
  const mine = new Set(changed(loaded, typed));
  return Object.fromEntries(Object.keys(typed).map((path) => [path, (mine.has(path) ? typed[path] : now[path]) ?? ""]));
}

/** A draft. */
export interface Kept {
  /** What was loaded when the first key was typed, and its etag. */
  loaded: Fields;
  etag: string;
  typed: Fields;
  /** The etag of what the form's own last save changed: while that is shown still, nobody else changed anything. */
  over?: string;
}

/** What a form goes on with: its draft, or what is loaded now. A draft that changes nothing is none, but after a save until what was saved is loaded. */
export function begin(kept: Kept | undefined, loaded: Fields, etag: string): Kept {
  if (!kept || (changed(kept.loaded, kept.typed).length === 0 && kept.over !== etag)) return { loaded, etag, typed: loaded };
  // What is there by now as it was typed is one's own change, whose answer was lost.
  const own = overtaken(kept, etag) && !changedByOthers(kept, loaded);
  return own ? { loaded, etag, typed: kept.typed } : kept;
}

// Whether a field is neither as the draft began with it nor as it was typed.
function changedByOthers({ loaded, typed }: Kept, now: Fields): boolean {
  return Object.keys(typed).some((path) => now[path] !== loaded[path] && now[path] !== typed[path]);
}

/** Whether what a draft began with was changed by anything but its own last save. */
export function overtaken(draft: Kept, etag: string): boolean {
  return draft.etag !== etag && draft.over !== etag;
}

const prefix = "draft:";

/** Where drafts are kept: the tab's own storage. */
export type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Reads the draft of a form; undefined where nothing was typed. One that an older build kept, with other fields, is forgotten: nothing would show it any more. */
export function read(store: Store, key: string, loaded: Fields): Kept | undefined {
  const text = store.getItem(prefix + key);
  if (text === null) return undefined;
  const kept: unknown = JSON.parse(text);
  if (isKept(kept) && Object.keys(kept.typed).sort().join() === Object.keys(loaded).sort().join()) return kept;
  drop(store, key);
  return undefined;
}

function isKept(value: unknown): value is Kept {
  return typeof value === "object" && value !== null && "loaded" in value && "typed" in value && "etag" in value;
}

/** Keeps what is typed; a form that is as it was loaded has no draft. */
export function keep(store: Store, key: string, kept: Kept): void {
  if (changed(kept.loaded, kept.typed).length === 0) store.removeItem(prefix + key);
  else store.setItem(prefix + key, JSON.stringify(kept));
}

/** Where drafts are looked for. */
export type Listed = Pick<Storage, "length" | "key" | "getItem">;

/** The keys of all drafts that begin with something. */
export function keysOf(store: Listed, begins: string): string[] {
  return Array.from({ length: store.length }, (_, at) => store.key(at) ?? "")
    .filter((key) => key.startsWith(prefix + begins) && store.getItem(key) !== "{}")
    .map((key) => key.slice(prefix.length));
}

/** Whether there is a draft of anything. */
export function anyKept(store: Listed): boolean {
  return keysOf(store, "").length > 0;
}

/** Forgets a draft. */
export function drop(store: Store, key: string): void {
  store.removeItem(prefix + key);
}
