import type { ReactNode } from "react";
import { useEffect, useRef, useState } from "react";
import { say } from "../texts/say";
import { Button } from "./Button";
import { typing } from "./DataTable";

interface FilterBarProps {
  /** What is searched for. */
  query: string;
  label: string;
  onSearch(query: string): void;
  /** Undefined while nothing is filtered. */
  onClear: (() => void) | undefined;
  children?: ReactNode;
}

/** What a list is narrowed by. "/" leads into its search box. */
export function FilterBar({ query, label, onSearch, onClear, children }: FilterBarProps) {
  const box = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(query);
  const [shown, setShown] = useState(query);
  if (query !== shown) { // another address is shown
    setShown(query);
    setTyped(query);
  }
  useEffect(() => {
    const hear = (event: KeyboardEvent) => {
      if (event.key !== "/" || event.defaultPrevented || typing(event) || document.querySelector(".modal")) return;
      event.preventDefault();
      box.current?.focus();
      box.current?.select();
    };
    window.addEventListener("keydown", hear);
    return () => window.removeEventListener("keydown", hear);
  }, []);
  return (
    <form className="filter-bar" role="search" onSubmit={(event) => {
      event.preventDefault();
      onSearch(typed.trim());
    }}>
      <label className="field grow">
        <span className="label">{label}</span>
        <input ref={box} type="search" name="q" value={typed} maxLength={200} onChange={(event) => setTyped(event.target.value)} />
      </label>
      {children}
      <Button type="submit" kind="quiet">{say("filter.apply")}</Button>
      {onClear && <Button kind="quiet" onPress={onClear}>{say("filter.clear")}</Button>}
    </form>
  );
}

/** A day that a list begins or ends with. */
export function DayFilter({ name, label, value = "", onChange }: { name: string; label: string; value?: string | undefined; onChange(day: string | undefined): void }) {
  return (
    <label className="field">
      <span className="label">{label}</span>
      <input type="date" name={name} value={value} onChange={(event) => onChange(event.target.value || undefined)} />
    </label>
  );
}

/** Views of a list: filters that have a name. */
export function Views<T extends string>({ views, current, onChoose }: {
  views: readonly { id: T; name: string }[]; current: T; onChoose(view: T): void;
}) {
  return (
    <ul className="views" aria-label={say("filter.views")}>
      {views.map((view) => (
        <li key={view.id}>
          <button type="button" aria-pressed={view.id === current} onClick={() => onChoose(view.id)}>{view.name}</button>
        </li>
      ))}
    </ul>
  );
}
