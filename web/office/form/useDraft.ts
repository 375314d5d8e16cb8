import { useState } from "react";
import type { Conflict, Fields, Kept } from "./draft";
import { begin, changed, conflicts, drop, keep, overtaken, read, rebase } from "./draft";

export interface Draft {
  typed: Fields;
  /** The paths that were changed. */
  mask: string[];
  /** The etag of what the draft began with. */
  etag: string;
  /** What others changed meanwhile, at the same fields. */
  conflicts: Conflict[];
  /** Whether others changed something meanwhile. */
  stale: boolean;
  set(path: string, value: string): void;
  /** Goes on from what others changed, with what was typed here over it. */
  adopt(): void;
  /** Goes on from what was saved: what was typed after it was sent is a draft still. */
  saved(sent: Fields, now: Fields, etag: string): void;
  /** Ends the draft: it was saved, or is given up. */
  end(): void;
}

/** The draft of a form: what is loaded again does not touch it. */
export function useDraft(key: string, loaded: Fields, etag: string): Draft {
  const [kept, setKept] = useState(() => read(sessionStorage, key, loaded));
  const begun = begin(kept, loaded, etag);
  const stale = overtaken(begun, etag);
  const put = (next: Kept) => {
    keep(sessionStorage, key, next);
    setKept(next);
  };
  if (kept && begun.etag !== kept.etag) put(begun); // what it goes on with is the draft from now on
  return {
    typed: begun.typed,
    mask: changed(begun.loaded, begun.typed),
    etag: begun.etag,
    conflicts: stale ? conflicts(begun.loaded, begun.typed, loaded) : [],
    stale,
    set: (path, value) => put({ ...begun, typed: { ...begun.typed, [path]: value } }),
    adopt: () => put({ loaded, etag, typed: rebase(begun.loaded, begun.typed, loaded) }),
    saved: (sent, now, nowEtag) => put({ loaded: now, etag: nowEtag, typed: rebase(sent, begun.typed, now), over: etag }),
    end: () => {
      drop(sessionStorage, key);
      setKept(undefined);
    },
  };
}
