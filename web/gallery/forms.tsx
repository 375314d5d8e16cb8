import type { ReactNode } from "react";
import { UpdateOrderRequestSchema } from "@shopmesh/api/shopmesh/order/v1/order_service_pb";
import { AddressFields } from "../office/components/AddressFields";
import { ComboBox } from "../office/components/ComboBox";
import { Check, Choice, Field, FieldSet, MoneyField, QuantityField } from "../office/components/Field";
import { Form } from "../office/components/Form";
import { refuse } from "../office/rpc/errors";
import { regionChoices } from "../office/texts/regions";
import { say } from "../office/texts/say";
import { refused, refusedAddress } from "./examples";
import type { Shown } from "./shown";
import { Kept, nothing } from "./shown";

const email = "contact.email";
const countries = [{ value: "DE", label: "Deutschland" }, { value: "GB", label: "United Kingdom" }] as const;

// A field that the last try was refused for.
function wrong(name: string, field: ReactNode): ReactNode {
  return <Form error={refuse([{ field: name, description: say("rule.REQUIRED") }])} pending={false} submit={say("action.save")} onSubmit={nothing}>{field}</Form>;
}

/** What forms are made of. */
export const forms: readonly Shown[] = [
  {
    name: "Field",
    states: [
      { name: "needed", shown: <Kept first="ada@example.com">{(value, change) => <Field name={email} label={say(email)} type="email" required value={value} onChange={change} />}</Kept> },
      { name: "not needed, with help", shown: <Kept first="">{(value, change) => <Field name="images" label={say("product.images")} help={say("product.images_help")} value={value} onChange={change} />}</Kept> },
      { name: "of three lines", shown: <Kept first="">{(value, change) => <Field name="lines" label={say("address.lines")} rows={3} value={value} onChange={change} />}</Kept> },
      { name: "a password", shown: <Kept first="secret">{(value, change) => <Field name="password" label={say("session.password")} type="password" required value={value} onChange={change} />}</Kept> },
      { name: "wrong", shown: wrong("wrong-name", <Kept first="">{(value, change) => <Field name="wrong-name" label={say("product.name")} required value={value} onChange={change} />}</Kept>) },
    ],
  },
  {
    name: "MoneyField",
    states: [
      { name: "euros", shown: <Kept first={19.5}>{(value, change) => <MoneyField currency="EUR" name="euros" label={say("product.price")} value={value} onChange={change} />}</Kept> },
      { name: "empty, of three digits", shown: <Kept first={NaN}>{(value, change) => <MoneyField currency="KWD" name="dinars" label={say("product.price")} value={value} onChange={change} />}</Kept> },
      { name: "wrong", shown: wrong("wrong-price", <Kept first={NaN}>{(value, change) => <MoneyField currency="EUR" name="wrong-price" label={say("product.price")} value={value} onChange={change} />}</Kept>) },
    ],
  },
  {
    name: "QuantityField",
    states: [
      { name: "two of five", shown: <Kept first={2}>{(value, change) => <QuantityField name="quantity" label={say("line.quantity")} min={0} max={5} value={value} onChange={change} />}</Kept> },
      { name: "wrong", shown: wrong("wrong-quantity", <Kept first={NaN}>{(value, change) => <QuantityField name="wrong-quantity" label={say("line.quantity")} min={0} max={5} value={value} onChange={change} />}</Kept>) },
    ],
  },
  {
    name: "Choice",
    states: [
      { name: "of two", shown: <Kept<"DE" | "GB"> first="GB">{(value, change) => <Choice name="country" label={say("address.region_code")} options={countries} value={value} onChange={change} />}</Kept> },
      { name: "wrong", shown: wrong("wrong-choice", <Kept<"DE" | "GB"> first="GB">{(value, change) => <Choice name="wrong-choice" label={say("address.region_code")} options={countries} value={value} onChange={change} />}</Kept>) },
    ],
  },
  {
    name: "Check",
    states: [
      { name: "yes", shown: <Kept first>{(value, change) => <Check name="yes" label={say("keys.select")} value={value} onChange={change} />}</Kept> },
      { name: "no", shown: <Kept first={false}>{(value, change) => <Check name="no" label={say("keys.select")} value={value} onChange={change} />}</Kept> },
      { name: "wrong", shown: wrong("wrong-check", <Kept first={false}>{(value, change) => <Check name="wrong-check" label={say("keys.select")} value={value} onChange={change} />}</Kept>) },
    ],
  },
  {
    name: "ComboBox",
    states: [
      { name: "chosen", shown: <Kept first="GB">{(value, change) => <ComboBox name="chosen" label={say("address.region_code")} options={regionChoices(value)} value={value} onChange={change} />}</Kept> },
      { name: "nothing chosen", shown: <Kept first="">{(value, change) => <ComboBox name="open" label={say("address.region_code")} options={regionChoices(value)} value={value} onChange={change} />}</Kept> },
      { name: "wrong, with help", shown: wrong("wrong-country", <Kept first="">{(value, change) => <ComboBox name="wrong-country" label={say("address.region_code")} help={say("address.region_help")} options={regionChoices(value)} value={value} onChange={change} />}</Kept>) },
    ],
  },
  {
    name: "AddressFields",
    states: [
      { name: "typed", shown: <Typed /> },
      { name: "wrong", shown: <Form error={refusedAddress} pending={false} submit={say("action.save")} onSubmit={nothing}><Typed /></Form> },
    ],
  },
  {
    name: "FieldSet",
    states: [
      {
        name: "of one",
        shown: <FieldSet name="set" label={say("order.address")} help={say("correct.title", { Number: "ABCD-1234" })}><Kept first="London">{(value, change) => <Field name="locality" label={say("address.locality")} value={value} onChange={change} />}</Kept></FieldSet>,
      },
      { name: "wrong", shown: wrong("wrong-set", <FieldSet name="wrong-set" label={say("staff.may")}><Check name="of-set" label={say("nav.orders")} value={false} onChange={nothing} /></FieldSet>) },
    ],
  },
  {
    name: "Form",
    states: [
      { name: "as its contract states", shown: <Form message={UpdateOrderRequestSchema} prefix="order." error={undefined} pending={false} submit={say("action.save")} onSubmit={nothing} onCancel={nothing}><Contact /></Form> },
      { name: "under way", shown: <Form error={undefined} pending submit={say("action.save")} onSubmit={nothing}><Contact /></Form> },
    ],
  },
  { name: "ErrorSummary", states: [{ name: "two fields", shown: <Form error={refused} pending={false} submit={say("action.save")} onSubmit={nothing}><Contact /></Form> }] },
];

function Typed() {
  return (
    <Kept<Readonly<Record<string, string>>> first={{ address_lines: "12 St James’s Square", postal_code: "SW1Y 4JH", locality: "London", region_code: "GB" }}>
      {(typed, change) => <AddressFields prefix="" typed={typed} set={(path, value) => change({ ...typed, [path]: value })} />}
    </Kept>
  );
}

function Contact() {
  return (
    <>
      <Kept first="Ada">{(value, change) => <Field name="contact.first_name" label={say("contact.first_name")} value={value} onChange={change} />}</Kept>
      <Kept first="ada@">{(value, change) => <Field name={email} label={say(email)} value={value} onChange={change} />}</Kept>
    </>
  );
}
