// What the contracts state about a field that a form can show before anything is sent. All else is
// for the answer to judge.
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { getOption } from "@bufbuild/protobuf";
import { field as validation } from "@shopmesh/api/buf/validate/validate_pb";
import { field_behavior, FieldBehavior } from "@shopmesh/api/google/api/field_behavior_pb";

/** What a text that is typed has to keep. */
export interface Rules {
  required: boolean;
  /** How many characters it may have; undefined for any number. */
  max?: number;
}

/** The rules of a message's field, which is named as violations name it, such as "contact.email". What is no field of the contract has none. */
export function rulesOf(message: DescMessage, path: string): Rules {
  const [name = "", ...rest] = path.split(".");
  const field = message.fields.find((one) => one.name === name);
  if (field && rest.length === 0) return rulesOfField(field);
  return field?.message ? rulesOf(field.message, rest.join(".")) : { required: false };
}

/** The rules of a field. */
export function rulesOfField(field: DescField): Rules {
  const stated = getOption(field, validation);
  const required = stated.required || getOption(field, field_behavior).includes(FieldBehavior.REQUIRED);
  const text = stated.type.case === "string" ? stated.type.value : undefined;
  const max = Math.max(Number(text?.maxLen ?? 0n), Number(text?.maxBytes ?? 0n)); // bytes are at least as many as characters
  return max > 0 ? { required, max } : { required };
}
