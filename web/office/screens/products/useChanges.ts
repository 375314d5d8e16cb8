import { useState, useSyncExternalStore } from "react";
import type { Changes } from "./changes";
import type { Apply } from "./saving";

const KEY = "draft:grid";
// Why stock is changed, for all rows.
const REASON = "draft:grid_reason";
const NONE = "{}";
// How many steps can be taken back.
const STEPS = 100;

const listeners = new Set<() => void>();
let kept: { text: string; changes: Changes } = { text: NONE, changes: {} };

// The tab's storage is read each time: it ends with the session, and saving goes on when the grid is left.
function now(): Changes {
  const text = sessionStorage.getItem(KEY) ?? NONE;
  if (text !== kept.text) kept = { text, changes: JSON.parse(text) as Changes };
  return kept.changes;
}

function keep(changes: Changes): void {
  const text = JSON.stringify(changes);
  kept = { text, changes };
  if (text === NONE) {
    for (const key of [KEY, REASON]) sessionStorage.removeItem(key);
  } else {
    sessionStorage.setItem(KEY, text);
  }
  tell();
}

function keepReason(reason: string): void {
  sessionStorage.setItem(REASON, reason);
  tell();
}

function tell(): void {
  for (const listener of listeners) listener();
}

const apply: Apply = (step) => keep(step(now()));

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** What is changed in the grid, step by step. It outlives reloads, and ends with the tab. */
export function useChanges() {
  const changes = useSyncExternalStore(subscribe, now);
  const reason = useSyncExternalStore(subscribe, () => sessionStorage.getItem(REASON) ?? "");
  const [steps, setSteps] = useState<readonly Changes[]>([]);
  return {
    changes,
    /** Why stock is changed; it ends with the changes. */
    reason,
    setReason: keepReason,
    /** What is changed by now, whenever it is called. */
    now,
    /** Changes what was changed, for good. */
    apply,
    /** Changes it so that it can be taken back. */
    set: (next: Changes) => {
      setSteps((all) => [...all, changes].slice(-STEPS));
      keep(next);
    },
    /** Takes the last step back. */
    undo: () => {
      const last = steps.at(-1);
      if (!last) return;
      setSteps(steps.slice(0, -1));
      keep(last);
    },
    /** What was done before this can't be taken back any more. */
    settle: () => setSteps([]),
  };
}
