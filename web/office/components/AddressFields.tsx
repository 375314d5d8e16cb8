import { useMemo } from "react";
import type { Fields } from "../form/draft";
import { regionChoices } from "../texts/regions";
import { say } from "../texts/say";
import { ComboBox } from "./ComboBox";
import { Field } from "./Field";

/** What the parts of an address are called, by the contract's names of them (google.type.PostalAddress). */
export const addressNames: Readonly<Record<string, string>> = {
  organization: say("address.organization"),
  address_lines: say("address.lines"),
  postal_code: say("address.postal_code"),
  locality: say("address.locality"),
  administrative_area: say("address.administrative_area"),
  region_code: say("address.region_code"),
};

interface AddressFieldsProps {
  /** What the names of the address's fields begin with, such as "shipping_address.". */
  prefix: string;
  typed: Fields;
  set(path: string, value: string): void;
}

/** An address, part by part. Google's message states no rules: order needs the street and the country. */
export function AddressFields({ prefix, typed, set }: AddressFieldsProps) {
  const of = (part: string) => {
    const name = prefix + part;
    return { name, label: addressNames[part] ?? part, value: typed[name] ?? "", onChange: (value: string) => set(name, value) };
  };
  const country = of("region_code");
  const countries = useMemo(() => regionChoices(country.value), [country.value]);
  return (
    <>
      <Field {...of("organization")} />
      <Field {...of("address_lines")} required rows={3} />
      <Field {...of("postal_code")} />
      <Field {...of("locality")} />
      <Field {...of("administrative_area")} />
      <ComboBox {...country} help={say("address.region_help")} options={countries} />
    </>
  );
}
