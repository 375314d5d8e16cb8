import { Button, ComboBox as AriaComboBox, FieldError, Group, Input, Label, ListBox, ListBoxItem, Popover } from "react-aria-components";

interface ComboBoxProps {
  /** As the answer's violations name it, after the form's prefix. */
  name: string;
  label: string;
  value: string;
  options: readonly { value: string; label: string }[];
  /** "" where nothing is chosen any more. */
  onChange(value: string): void;
}

/** One of many, which has to be chosen. It is found by typing a part of its name. */
export function ComboBox({ name, label, value, options, onChange }: ComboBoxProps) {
  return (
    <AriaComboBox className="field combo-box" data-field={name} name={name} isRequired defaultItems={options} value={value || null} onChange={(key) => onChange(String(key ?? ""))}>
      <Label>{label}</Label>
      <Group><Input /><Button><span aria-hidden="true">▾</span></Button></Group>
      <FieldError className="field-error" />
      <Popover className="options">
        <ListBox>{({ value: id, label: text }: ComboBoxProps["options"][number]) => <ListBoxItem id={id}>{text}</ListBoxItem>}</ListBox>
      </Popover>
    </AriaComboBox>
  );
}
