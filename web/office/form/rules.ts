// What the contracts state about a field that a form can show before anything is sent. All else is
// for the answer to judge.
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { getOption } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
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

/** The least and the most that a field takes: a number, or a length of time in seconds. Undefined for any. */
export interface Bounds {
  least?: number;
  most?: number;
}

/** The bounds of a field. */
export function boundsOf(field: DescField): Bounds {
  const { type } = getOption(field, validation);
  switch (type.case) {
    case "int32":
      return between<number>(type.value, Number);
    case "int64":
      return between<bigint>(type.value, Number);
    case "duration":
      return between<Duration>(type.value, ({ seconds, nanos }) => Number(seconds) + nanos / 1e9);
    default:
      return {};
  }
}

interface Limits<Bound> {
  greaterThan: { case: "gt" | "gte" | undefined; value?: Bound | undefined };
  lessThan: { case: "lt" | "lte" | undefined; value?: Bound | undefined };
}

// The contracts state bounds that may be reached.
function between<Bound>({ greaterThan: { case: over, value: least }, lessThan: { case: under, value: most } }: Limits<Bound>, number: (bound: Bound) => number): Bounds {
  return { ...(over === "gte" && least !== undefined && { least: number(least) }), ...(under === "lte" && most !== undefined && { most: number(most) }) };
}
