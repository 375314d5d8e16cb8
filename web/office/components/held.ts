import { useState } from "react";

/** The rows of a list as they were first shown, each as it is by now: new ones wait until somebody takes them. */
export function useHeld<T extends { id: string }>(latest: readonly T[] | undefined, key: string) {
  const [held, setHeld] = useState<{ key: string; ids: readonly string[] }>();
  if (latest && held?.key !== key) setHeld({ key, ids: latest.map((row) => row.id) });
  if (!latest || held?.key !== key) return { rows: latest, fresh: 0, take: () => {} };
  const shown = new Set(held.ids);
  return {
    rows: latest.filter((row) => shown.has(row.id)),
    fresh: latest.filter((row) => !shown.has(row.id)).length,
    take: () => setHeld({ key, ids: latest.map((row) => row.id) }),
  };
}
