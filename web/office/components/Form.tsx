import type { ReactNode } from "react";
import { createContext, useContext, useEffect, useMemo, useRef, useState } from "react";
import { Form as AriaForm } from "react-aria-components";
import { explain, refusalOf } from "../rpc/errors";
import { say } from "../texts/say";
import { Button } from "./Button";

interface FormProps {
  children: ReactNode;
  /** What the last try failed with. */
  error: unknown;
  /** What the names of violations begin with and those of fields don't, such as "order.". */
  prefix?: string;
  pending: boolean;
  submit: string;
  kind?: "main" | "bad";
  onSubmit(): void;
  onCancel?: () => void;
}

const Problems = createContext<Readonly<Record<string, string>>>({});

/** What is wrong with a field of the form around it, by its name; undefined where nothing is. */
export function useProblem(name: string): string | undefined {
  return useContext(Problems)[name];
}

/** A form that the server validates: each violation stands at its field, and all of them above. */
export function Form({ children, error, prefix = "", pending, submit, kind = "main", onSubmit, onCancel }: FormProps) {
  const problems = useMemo(() => problemsOf(error, prefix), [error, prefix]);
  return (
    <AriaForm className="stack" validationBehavior="aria" validationErrors={problems} onSubmit={(event) => {
      event.preventDefault();
      if (!pending) onSubmit();
    }}>
      {error != null && <ErrorSummary error={error} problems={problems} />}
      <Problems value={problems}>{children}</Problems>
      <div className="actions">
        <Button type="submit" kind={kind} pending={pending}>{submit}</Button>
        {onCancel && <Button kind="quiet" onPress={onCancel}>{say("action.cancel")}</Button>}
      </div>
    </AriaForm>
  );
}

function problemsOf(error: unknown, prefix: string): Record<string, string> {
  if (error == null) return {};
  const problems: Record<string, string> = {};
  for (const [field, why] of refusalOf(error).violations) {
    problems[field.startsWith(prefix) ? field.slice(prefix.length) : field] = say("field.refused", { Why: why });
  }
  return problems;
}

/** What a form was refused for. It has the focus when it comes, and leads to each field. */
export function ErrorSummary({ error, problems }: { error: unknown; problems: Readonly<Record<string, string>> }) {
  const box = useRef<HTMLDivElement>(null);
  const [labels, setLabels] = useState<Readonly<Record<string, string>>>({});
  useEffect(() => {
    setLabels(Object.fromEntries(Object.keys(problems).map((name) => [name, labelOf(fieldOf(box.current, name))])));
    box.current?.focus();
  }, [error, problems]);
  return (
    <div className="notice" data-kind="bad" role="alert" tabIndex={-1} ref={box}>
      <p>{explain(error)}</p>
      {Object.keys(problems).length > 0 && (
        <ul className="problems">
          {Object.entries(problems).map(([name, problem]) => (
            <li key={name}>
              <button type="button" className="link" onClick={() => lead(fieldOf(box.current, name))}>{labels[name] ? `${labels[name]}: ${problem}` : problem}</button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

// The field of a name in the form that something is in.
function fieldOf(within: Element | null, name: string): Element | null {
  return within?.closest("form")?.querySelector(`[data-field="${CSS.escape(name)}"]`) ?? null;
}

function labelOf(field: Element | null): string {
  return field?.querySelector("label, .label, legend")?.firstChild?.textContent ?? "";
}

function lead(field: Element | null): void {
  field?.querySelector<HTMLElement>("input:not([type=hidden]), select, textarea, [tabindex]")?.focus();
}
