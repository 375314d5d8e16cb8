import type { DescMessage } from "@bufbuild/protobuf";
import type { ReactNode } from "react";
import { createContext, useContext, useEffect, useMemo, useRef, useState } from "react";
import { Form as AriaForm } from "react-aria-components/Form";
import type { Rules } from "../form/rules";
import { rulesOf } from "../form/rules";
import { fieldOf as fieldOfViolation } from "../form/violations";
import { explain, refusalOf } from "../rpc/errors";
import { say } from "../texts/say";
import { Button } from "./Button";
import { useClosing } from "./Dialog";

interface FormProps {
  children: ReactNode;
  /** What the last try failed with. */
  error: unknown;
  /** The request that it sends: its fields have the rules that the contract states. */
  message?: DescMessage;
  /** What the names of violations begin with and those of fields don't, such as "order.". */
  prefix?: string;
  pending: boolean;
  submit: string;
  kind?: "main" | "bad";
  onSubmit(): void;
  /** Gives up what was typed, on a screen; in a dialog, cancelling closes it. */
  onCancel?: () => void;
  /** The field of a violation that the contract names otherwise than the form. */
  fieldOf?: (violation: string) => string;
}

const Names = createContext<{ message?: DescMessage | undefined; prefix: string }>({ prefix: "" });
const Problems = createContext<Readonly<Record<string, string>>>({});

/** What is wrong with a field of the form around it, by its name; undefined where nothing is. */
export function useProblem(name: string): string | undefined {
  return useContext(Problems)[name];
}

/** The contract's rules of a field of the form around it. */
export function useRules(name: string): Rules {
  const { message, prefix } = useContext(Names);
  return useMemo(() => (message ? rulesOf(message, prefix + name) : { required: false }), [message, prefix, name]);
}

/** A form that the server validates: each violation stands at its field, and all of them above. */
export function Form({ children, error, message, prefix = "", pending, submit, kind = "main", onSubmit, onCancel, fieldOf = asIs }: FormProps) {
  const closing = useClosing();
  const cancel = onCancel ?? closing;
  const [fields, setFields] = useState<readonly string[]>([]); // those that it had when it was sent
  // fieldOf is asked when the error comes: what is typed afterwards changes nothing of what was sent.
  const problems = useMemo(() => problemsOf(error, (name) => fieldOfViolation(fieldOf(name.startsWith(prefix) ? name.slice(prefix.length) : name), fields)), [error, prefix, fields]);
  const names = useMemo(() => ({ message, prefix }), [message, prefix]);
  return (
    <AriaForm className="stack" validationBehavior="aria" validationErrors={problems} onSubmit={(event) => {
      event.preventDefault();
      if (pending) return;
      setFields(namesIn(event.currentTarget));
      onSubmit();
    }}>
      {error != null && <ErrorSummary error={error} problems={problems} />}
      <Names value={names}><Problems value={problems}>{children}</Problems></Names>
      <div className="actions">
        <Button type="submit" kind={kind} pending={pending}>{submit}</Button>
        {cancel && <Button kind="quiet" onPress={cancel}>{say("action.cancel")}</Button>}
      </div>
    </AriaForm>
  );
}

const asIs = (name: string) => name;

function namesIn(form: HTMLElement): string[] {
  return [...form.querySelectorAll<HTMLElement>("[data-field]")].map((field) => field.dataset.field ?? "");
}

function problemsOf(error: unknown, fieldOf: (violation: string) => string): Record<string, string> {
  const problems: Record<string, string> = {};
  if (error == null) return problems;
  for (const [violation, problem] of refusalOf(error).violations) {
    const field = fieldOf(violation);
    problems[field] = problems[field] === undefined ? problem : `${problems[field]} ${problem}`;
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

// What a field is called, without what is written beside that. The label of a box begins with the box.
function labelOf(field: Element | null): string {
  const label = field?.querySelector("label, .label, legend");
  return label?.firstChild?.textContent || (label?.textContent ?? "");
}

function lead(field: Element | null): void {
  field?.querySelector<HTMLElement>("input:not([type=hidden]), select, textarea, [tabindex]")?.focus();
}
