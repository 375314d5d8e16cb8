import type { ReactNode } from "react";
import { count, say } from "../texts/say";
import { Button } from "./Button";

/** What can be done with the rows that are selected. */
export function BulkBar({ selected, onClear, children }: { selected: number; onClear(): void; children: ReactNode }) {
  if (selected === 0) return null;
  return (
    <div className="bulk-bar" role="region" aria-label={say("bulk.label")}>
      <span role="status">{count("bulk.selected", selected)}</span>
      {children}
      <Button kind="quiet" onPress={onClear}>{say("bulk.clear")}</Button>
    </div>
  );
}
