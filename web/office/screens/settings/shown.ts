// Values of settings in words: for those who may read them alone, and to tell versions apart.
import type { DescField, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import type { Fields } from "../../form/draft";
import { showDuration } from "../../form/duration";
import { boundsOf } from "../../form/rules";
import { number } from "../../texts/format";
import { say } from "../../texts/say";
import { valueOf } from "./fields";
import { labelOf, nameOfValue } from "./labels";

const DURATION = "google.protobuf.Duration";

/** The fields that a field's value is made of; none of one that is a single value. */
export function partsOf(field: DescField): readonly DescField[] {
  return field.message && field.message.typeName !== DURATION ? field.message.fields : [];
}

/** The values of the parts, by their names in ProtoJSON. */
export function objectOf(value: JsonValue | undefined): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

/** A value in one line of words, as its field's kind has it; "–" where there is none. */
export function textOf(field: DescField, value: JsonValue | undefined): string {
  if (value === undefined) return "–";
  if (Array.isArray(value)) return value.map((item) => textOf(field, item)).join("; ") || "–";
  if (typeof value === "object") {
    const parts = objectOf(value);
    return partsOf(field).filter((part) => parts[part.jsonName] !== undefined).map((part) => `${labelOf(part)}: ${textOf(part, parts[part.jsonName])}`).join(", ") || "–";
  }
  if (typeof value === "boolean") return value ? say("settings.yes") : say("settings.no");
  return wordOf(field, String(value));
}

function wordOf(field: DescField, value: string): string {
  if (field.message) return showDuration(value);
  const named = field.enum?.values.find((one) => one.name === value);
  if (named) return nameOfValue(named);
  return field.scalar !== undefined && field.scalar !== ScalarType.STRING && /^-?\d+$/.test(value) ? number(BigInt(value)) : value;
}

/** From what to what a number or a length of time goes, as the contract bounds it; empty where nothing does. */
export function boundsText(field: DescField): string {
  const { least, most } = boundsOf(field);
  const inWords = (bound: number) => (field.message ? showDuration(`${bound}s`) : number(bound));
  if (least === undefined) return "";
  return most === undefined ? say("settings.least", { Least: inWords(least) }) : say("settings.bounds", { Least: inWords(least), Most: inWords(most) });
}

/** What a field holds: what is set, else its default. */
export interface Held {
  value: JsonValue | undefined;
  isDefault: boolean;
}

/** Reads what a field holds. */
export function held(field: DescField, set: Fields, defaults: Fields): Held {
  const value = valueOf(set, field);
  return value === undefined ? { value: valueOf(defaults, field), isDefault: true } : { value, isDefault: false };
}

/** A part of a field that two versions hold differently: what it is called, and both in words. */
export interface Difference {
  label: string;
  before: string;
  after: string;
}

/** What two versions hold differently in a field, down to its parts. */
export function differences(field: DescField, before: Held, after: Held): Difference[] {
  const mark = (text: string, { value, isDefault }: Held) => (isDefault ? (value === undefined ? say("settings.default") : say("settings.default_value", { Value: text })) : text);
  const found = partsThatDiffer(field, before.value, after.value, labelOf(field));
  const all = found.length > 0 || before.isDefault === after.isDefault ? found : [{ label: labelOf(field), before: textOf(field, before.value), after: textOf(field, after.value) }];
  return all.map((one) => ({ label: one.label, before: mark(one.before, before), after: mark(one.after, after) }));
}

function partsThatDiffer(field: DescField, before: JsonValue | undefined, after: JsonValue | undefined, label: string): Difference[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const parts = partsOf(field);
  if (parts.length === 0) return [{ label, before: textOf(field, before), after: textOf(field, after) }];
  if (field.fieldKind === "list") return itemsThatDiffer(field, listOf(before), listOf(after), label);
  return inParts(parts, objectOf(before), objectOf(after), label);
}

// An item that one version alone has is told whole.
function itemsThatDiffer(field: DescField, before: readonly JsonValue[], after: readonly JsonValue[], label: string): Difference[] {
  return Array.from({ length: Math.max(before.length, after.length) }, (_, at) => {
    const [one, other, name] = [before[at], after[at], `${label} ${number(at + 1)}`];
    if (one === undefined || other === undefined) return [{ label: name, before: textOf(field, one), after: textOf(field, other) }];
    return inParts(partsOf(field), objectOf(one), objectOf(other), name);
  }).flat();
}

function inParts(parts: readonly DescField[], before: JsonObject, after: JsonObject, label: string): Difference[] {
  return parts.flatMap((part) => partsThatDiffer(part, before[part.jsonName], after[part.jsonName], `${label}, ${labelOf(part)}`));
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}
