import type { DescEnum, DescField, DescMessage, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { Button } from "../../components/Button";
import { Choice, Field, FieldSet, QuantityField } from "../../components/Field";
import { readDuration, showDuration } from "../../form/duration";
import type { Rules } from "../../form/rules";
import { boundsOf, rulesOfField } from "../../form/rules";
import { say } from "../../texts/say";
import { helpOf, labelOf, nameOfValue } from "./labels";
import { boundsText } from "./shown";

interface ValueProps {
  field: DescField;
  /** As violations name it. */
  name: string;
  value: JsonValue | undefined;
  onChange(value: JsonValue | undefined): void;
}

const DURATION = "google.protobuf.Duration";
// From how many characters on a text is of several lines.
const LONG = 1000;

/** A field of a message, by its kind in the contract. */
export function ValueField(props: ValueProps) {
  const { field } = props;
  switch (field.fieldKind) {
    case "list":
      return field.listKind === "message" ? <MessageList {...props} message={field.message} /> : <Lines {...props} />;
    case "message":
      return field.message.typeName === DURATION ? <DurationValue {...props} /> : <Parts {...props} message={field.message} />;
    case "enum":
      return <EnumValue {...props} of={field.enum} />;
    default:
      if (field.fieldKind !== "scalar" || field.scalar === ScalarType.STRING) return <Text {...props} />;
      return field.scalar === ScalarType.BOOL ? <YesNo {...props} /> : <NumberValue {...props} scalar={field.scalar} />;
  }
}

// A context's own field that is empty has its default: it is none that can be left out.
function rulesFor(field: DescField): Rules {
  const rules = rulesOfField(field);
  return field.parent.name === "Settings" ? { ...rules, required: true } : rules;
}

function Text({ field, name, value, onChange }: ValueProps) {
  const long = typeof value === "string" && value.length > LONG / 10;
  return (
    <Field name={name} label={labelOf(field)} help={helpOf(field)} {...rulesFor(field)} value={value === undefined ? "" : String(value)}
      onChange={(typed) => onChange(typed === "" ? undefined : typed)} {...(long && { rows: 6 })} />
  );
}

// In ProtoJSON, numbers of 64 bits are texts.
function NumberValue({ field, name, value, onChange, scalar }: ValueProps & { scalar: ScalarType }) {
  const { least, most } = boundsOf(field);
  return (
    <QuantityField name={name} label={labelOf(field)} help={sentences(helpOf(field), boundsText(field))} value={value === undefined ? Number.NaN : Number(value)}
      onChange={(typed) => onChange(Number.isNaN(typed) ? undefined : scalar === ScalarType.INT64 ? String(typed) : typed)}
      {...(least !== undefined && { min: least })} {...(most !== undefined && { max: most })} />
  );
}

function DurationValue({ field, name, value, onChange }: ValueProps) {
  return (
    <Field name={name} label={labelOf(field)} help={sentences(helpOf(field), boundsText(field), say("settings.duration_help"))} {...rulesFor(field)}
      value={typeof value === "string" ? (value.endsWith("s") && /^\d/.test(value) && !value.endsWith("ms") ? showDuration(value) : value) : ""}
      onChange={(typed) => onChange(typed === "" ? undefined : /\d\s*(d|h|min|s|ms)$/.test(typed) ? readDuration(typed) : typed)} />
  );
}

function YesNo({ field, name, value, onChange }: ValueProps) {
  return (
    <Choice name={name} label={labelOf(field)} value={value === undefined ? "" : String(value)} onChange={(chosen) => onChange(chosen === "" ? undefined : chosen === "true")}
      options={[{ value: "", label: say("settings.default") }, { value: "true", label: say("settings.yes") }, { value: "false", label: say("settings.no") }]} />
  );
}

function EnumValue({ field, name, value, onChange, of }: ValueProps & { of: DescEnum }) {
  return (
    <Choice name={name} label={labelOf(field)} value={typeof value === "string" ? value : ""} onChange={(chosen) => onChange(chosen === "" ? undefined : chosen)}
      options={[{ value: "", label: say("settings.default") }, ...of.values.filter((one) => one.number !== 0).map((one) => ({ value: one.name, label: nameOfValue(one) }))]} />
  );
}

function Lines({ field, name, value, onChange }: ValueProps) {
  const lines = Array.isArray(value) ? value.map(String) : [];
  return (
    <Field name={name} label={labelOf(field)} help={sentences(helpOf(field), say("settings.lines_help"))} {...rulesFor(field)} rows={Math.min(Math.max(lines.length + 1, 2), 8)} value={lines.join("\n")}
      onChange={(typed) => onChange(typed === "" ? undefined : typed.split("\n"))} />
  );
}

function Parts({ field, name, value, onChange, message }: ValueProps & { message: DescMessage }) {
  const object = isObject(value) ? value : {};
  return (
    <FieldSet name={name} label={labelOf(field)} help={helpOf(field)}>
      {message.fields.map((part) => (
        <ValueField key={part.name} field={part} name={`${name}.${part.name}`} value={object[part.jsonName]}
          onChange={(next) => onChange(withPart(object, part.jsonName, next))} />
      ))}
    </FieldSet>
  );
}

function MessageList({ field, name, value, onChange, message }: ValueProps & { message: DescMessage }) {
  const items = Array.isArray(value) ? value.map((item) => (isObject(item) ? item : {})) : [];
  const put = (next: JsonObject[]) => onChange(next.length === 0 ? undefined : next);
  return (
    <FieldSet name={name} label={labelOf(field)} help={helpOf(field)}>
      {items.map((item, at) => (
        <div className="stack part" key={at}>
          {message.fields.map((part) => (
            <ValueField key={part.name} field={part} name={`${name}[${at}].${part.name}`} value={item[part.jsonName]}
              onChange={(next) => put(items.with(at, withPart(item, part.jsonName, next)))} />
          ))}
          <p><Button kind="quiet" onPress={() => put(items.filter((_, other) => other !== at))}>{say("settings.remove")}</Button></p>
        </div>
      ))}
      <p><Button kind="quiet" onPress={() => put([...items, {}])}>{say("settings.add")}</Button></p>
    </FieldSet>
  );
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withPart(object: JsonObject, name: string, value: JsonValue | undefined): JsonObject {
  const { [name]: _, ...rest } = object;
  return value === undefined ? rest : { ...rest, [name]: value };
}

function sentences(...all: readonly string[]): string {
  return all.filter(Boolean).join(" ");
}
