import type { ReactNode } from "react";
import { useId } from "react";
import { CheckboxButton, CheckboxField } from "react-aria-components/Checkbox";
import { FieldError, Group, Input, Label, NumberField, Text } from "react-aria-components/NumberField";
import { TextArea, TextField } from "react-aria-components/TextField";
import { say } from "../texts/say";
import { useProblem, useRules } from "./Form";

interface Common {
  /** As the answer's violations name it, after the form's prefix. */
  name: string;
  label: string;
  help?: ReactNode;
}

interface FieldProps extends Common {
  /** Whether it has to be filled, where the contract of the form's request does not state that. */
  required?: boolean;
  value: string;
  onChange(value: string): void;
  type?: "text" | "email" | "tel" | "password" | "date" | "search";
  autoComplete?: string;
  /** How many lines it shows, for long texts. */
  rows?: number;
  /** How many characters it may have, where the contract of the form's request does not state that. */
  max?: number;
  focused?: boolean;
}

/** A text that is typed. */
export function Field({ name, label, help, required, value, onChange, type = "text", autoComplete, rows, max, focused = false }: FieldProps) {
  const rules = useRules(name);
  const needed = required ?? rules.required;
  const most = max ?? rules.max;
  return (
    <TextField className="field" data-field={name} name={name} type={type} value={value} onChange={onChange} isRequired={needed}
      autoFocus={focused} {...(autoComplete && { autoComplete })} {...(most && { maxLength: most })}>
      <Name label={label} required={needed} />
      {rows ? <TextArea rows={rows} /> : <Input />}
      {help && <Text slot="description" className="soft">{help}</Text>}
      <FieldError className="field-error" />
    </TextField>
  );
}

function Name({ label, required }: { label: string; required: boolean }) {
  return <Label>{label}{!required && <span className="soft"> {say("field.optional")}</span>}</Label>;
}

interface NumberProps extends Common {
  value: number;
  onChange(value: number): void;
  min?: number;
  max?: number;
}

/** A number of things. */
export function QuantityField({ name, label, help, value, onChange, min, max }: NumberProps) {
  return (
    <NumberField className="field quantity-field" data-field={name} name={name} value={value} onChange={onChange}
      {...(min !== undefined && { minValue: min })} {...(max !== undefined && { maxValue: max })} formatOptions={{ maximumFractionDigits: 0 }}>
      <Label>{label}</Label>
      <Group><Input /></Group>
      {help && <Text slot="description" className="soft">{help}</Text>}
      <FieldError className="field-error" />
    </NumberField>
  );
}

/** An amount of money, typed as the language writes it; NaN while it is empty. */
export function MoneyField({ currency, name, label, help, value, onChange, max }: NumberProps & { currency: string }) {
  return (
    <NumberField className="field money-field" data-field={name} name={name} value={value} onChange={onChange} minValue={0}
      {...(max !== undefined && { maxValue: max })} formatOptions={{ style: "currency", currency }}>
      <Label>{label}</Label>
      <Group><Input /></Group>
      {help && <Text slot="description" className="soft">{help}</Text>}
      <FieldError className="field-error" />
    </NumberField>
  );
}

/** One of a few values. */
export function Choice<T extends string>({ name, label, value, options, onChange }: {
  name: string; label: string; value: T; options: readonly { value: T; label: string }[]; onChange(value: T): void;
}) {
  const id = useId();
  const problem = useProblem(name);
  return (
    <div className="field" data-field={name}>
      <label htmlFor={id}>{label}</label>
      <select id={id} name={name} value={value} onChange={(event) => onChange(event.target.value as T)} {...(problem && { "aria-invalid": true, "aria-describedby": `${id}-error` })}>
        {options.map((option) => <option key={option.value} value={option.value}>{option.label}</option>)}
      </select>
      {problem && <span className="field-error" id={`${id}-error`}>{problem}</span>}
    </div>
  );
}

/** Yes or no. */
export function Check({ name, label, value, onChange }: { name: string; label: string; value: boolean; onChange(value: boolean): void }) {
  return (
    <CheckboxField data-field={name} name={name} isSelected={value} onChange={onChange}>
      <CheckboxButton className="check"><span className="box" aria-hidden="true" />{label}</CheckboxButton>
      <FieldError className="field-error" />
    </CheckboxField>
  );
}

/** Fields that belong together. */
export function FieldSet({ name, label, help, children }: Common & { children: ReactNode }) {
  const id = useId();
  const problem = useProblem(name);
  const said = [help && `${id}-help`, problem && `${id}-error`].filter(Boolean).join(" ");
  return (
    <fieldset className="stack part" data-field={name} {...(said && { "aria-describedby": said })}>
      <legend>{label}</legend>
      {help && <p className="soft" id={`${id}-help`}>{help}</p>}
      {problem && <p className="field-error" id={`${id}-error`}>{problem}</p>}
      {children}
    </fieldset>
  );
}
