import { useState } from "react";
import type { Conflict, Fields } from "./draft";
import { changed, conflicts, drop, keep, read, rebase } from "./draft";

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
  /** Ends the draft: it was saved, or is given up. */
  end(): void;
}

/** The draft of a form: what is loaded again does not touch it. */
export function useDraft(key: string, loaded: Fields, etag: string): Draft {
  const [kept, setKept] = useState(() => read(sessionStorage, key, loaded));
  const begun = kept ?? { loaded, etag, typed: loaded };
  const put = (next: typeof begun) => {
    keep(sessionStorage, key, next);
    setKept(next);
  };
  return {
    typed: begun.typed,
    mask: changed(begun.loaded, begun.typed),
    etag: begun.etag,
    conflicts: conflicts(begun.loaded, begun.typed, loaded),
    stale: begun.etag !== etag,
    set: (path, value) => put({ ...begun, typed: { ...begun.typed, [path]: value } }),
    adopt: () => put({ loaded, etag, typed: rebase(begun.loaded, begun.typed, loaded) }),
    end: () => {
      drop(sessionStorage, key);
      setKept(undefined);
    },
  };
}
