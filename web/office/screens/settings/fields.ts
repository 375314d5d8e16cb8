// The settings of a context as a form has them: each field's value as ProtoJSON in text, by its
// name; empty for one that is not set. So the form is made of the contract's messages alone.
import type { DescField, DescMessage, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { fromJson, toJson } from "@bufbuild/protobuf";
import type { Settings } from "@shopmesh/api/shopmesh/config/v1/settings_pb";
import { SettingsSchema } from "@shopmesh/api/shopmesh/config/v1/settings_pb";
import type { Fields } from "../../form/draft";
import { refuse } from "../../rpc/errors";
import type { Context } from "./search";

/** The message of a context's settings. */
export function messageOf(context: Context): DescMessage {
  const field = SettingsSchema.fields.find((one) => one.name === context);
  if (field?.fieldKind !== "message") throw new Error(`${context} has no settings`);
  return field.message;
}

/** Reads the fields that are set. */
export function fieldsOf(context: Context, settings: Settings | undefined): Fields {
  const json = settings ? (toJson(SettingsSchema, settings) as JsonObject) : {};
  const value = (json[context] ?? {}) as JsonObject;
  return Object.fromEntries(messageOf(context).fields.map((field) => {
    const set = value[field.jsonName];
    return [field.name, set === undefined ? "" : JSON.stringify(set)];
  }));
}

/** The settings that UpdateSettings takes: which of it counts is in the mask. Throws for what is no value of its field. */
export function settingsOf(context: Context, etag: string, fields: Fields): Settings {
  const value: JsonObject = {};
  const wrong: string[] = [];
  for (const field of messageOf(context).fields) {
    const set = valueOf(fields, field);
    if (set === undefined) continue;
    try {
      fromJson(SettingsSchema, { [context]: { [field.jsonName]: set } });
      value[field.jsonName] = set;
    } catch {
      wrong.push(`settings.${context}.${field.name}`); // what protobuf-es says of it is English, about its JSON
    }
  }
  if (wrong.length > 0) throw refuse(wrong.map((field) => ({ field, reason: "MALFORMED" })));
  return fromJson(SettingsSchema, { context, etag, [context]: value });
}

/** The value of a field; undefined where it is not set. */
export function valueOf(fields: Fields, field: DescField): JsonValue | undefined {
  const text = fields[field.name] ?? "";
  return text === "" ? undefined : (JSON.parse(text) as JsonValue);
}

/** A value without what is empty, as ProtoJSON leaves it out; undefined for one that is nothing. */
export function textOfValue(value: JsonValue | undefined): string {
  return value === undefined || value === "" || (Array.isArray(value) && value.length === 0) ? "" : JSON.stringify(value);
}
