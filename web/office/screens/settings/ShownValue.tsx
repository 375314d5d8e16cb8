import type { DescField, JsonValue } from "@bufbuild/protobuf";
import { Facts } from "../../components/Small";
import { labelOf } from "./labels";
import { objectOf, partsOf, textOf } from "./shown";

/** What a field holds, for those who may read it alone: in words, and each part with its label. */
export function ShownValue({ field, value }: { field: DescField; value: JsonValue | undefined }) {
  if (Array.isArray(value) && value.length > 0) {
    return <ul className="stack-tight">{value.map((item, at) => <li key={at}><One field={field} value={item} /></li>)}</ul>;
  }
  return <One field={field} value={value} />;
}

function One({ field, value }: { field: DescField; value: JsonValue | undefined }) {
  const parts = objectOf(value);
  const set = partsOf(field).filter((part) => parts[part.jsonName] !== undefined);
  if (set.length === 0) return <bdi>{textOf(field, value)}</bdi>;
  return <Facts facts={set.map((part) => [labelOf(part), <ShownValue key={part.name} field={part} value={parts[part.jsonName]} />])} />;
}
