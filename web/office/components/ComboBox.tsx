import { useRef, useState } from "react";
import { Button, ComboBox as AriaComboBox, FieldError, Input, Label, ListBox, ListBoxItem, Popover, Text, useFilter } from "react-aria-components/ComboBox";
import { Group } from "react-aria-components/Group";
import { say } from "../texts/say";

interface Option {
  value: string;
  label: string;
  /** What else it is found by a part of. */
  names?: readonly string[];
}

interface ComboBoxProps {
  /** As the answer's violations name it, after the form's prefix. */
  name: string;
  label: string;
  help?: string;
  value: string;
  options: readonly Option[];
  /** "" where nothing is chosen any more. */
  onChange(value: string): void;
}

/** One of many, which has to be chosen. It is found by typing a part of its name, or all of its value. What is typed and is none of them is told, and not kept. */
export function ComboBox({ name, label, help, value, options, onChange }: ComboBoxProps) {
  const { contains } = useFilter({ sensitivity: "base" });
  const typed = useRef("");
  const [unlisted, setUnlisted] = useState("");
  const finds = (text: string, part: string): boolean => {
    const option = options.find((one) => one.label === text);
    return [text, ...(option?.names ?? [])].some((one) => contains(one, part)) || option?.value.toLowerCase() === part.toLowerCase();
  };
  return (
    <AriaComboBox className="field combo-box" data-field={name} name={name} isRequired defaultItems={options} defaultFilter={finds} value={value || null}
      onChange={(key) => onChange(String(key ?? ""))}
      onInputChange={(text) => {
        typed.current = text;
      }}
      // Before it goes back to what is chosen.
      onBlur={() => setUnlisted(options.some((one) => one.label === typed.current) ? "" : typed.current)}>
      <Label>{label}</Label>
      <Group><Input /><Button><span aria-hidden="true">▾</span></Button></Group>
      <Text slot="description" className="soft">{help} <span role="status">{unlisted && say("field.not_listed", { Text: unlisted })}</span></Text>
      <FieldError className="field-error" />
      <Popover className="options">
        <ListBox>{({ value: id, label: text }: Option) => <ListBoxItem id={id}>{text}</ListBoxItem>}</ListBox>
      </Popover>
    </AriaComboBox>
  );
}
