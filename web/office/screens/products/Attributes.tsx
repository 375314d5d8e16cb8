import { Button } from "../../components/Button";
import { Field, FieldSet } from "../../components/Field";
import { Notice } from "../../components/Small";
import { say } from "../../texts/say";
import type { Attribute } from "./editing";
import { attributesOf, repeatedName, textOfAttributes } from "./editing";

/** What an owner writes about a product: a name and a value each. A name may hold a colon, and a value lines. */
export function Attributes({ text, onChange }: { text: string; onChange(text: string): void }) {
  const all = attributesOf(text);
  const twice = repeatedName(all);
  const put = (next: readonly Attribute[]) => onChange(textOfAttributes(next));
  const change = (at: number, attribute: Attribute) => put(all.map((one, other) => (other === at ? attribute : one)));
  return (
    <FieldSet name="attributes" label={say("product.attributes")} help={say("product.attributes_help")}>
      {all.map(([name, value], at) => (
        <div className="pair" key={at}>
          <Field name={`attribute-${at}.name`} label={say("attribute.name")} required value={name} onChange={(typed) => change(at, [typed, value])} />
          <Field name={`attribute-${at}.value`} label={say("attribute.value")} value={value} rows={value.split("\n").length} onChange={(typed) => change(at, [name, typed])} />
          <p><Button kind="quiet" onPress={() => put(all.filter((_, other) => other !== at))}>{say("attribute.remove")}</Button></p>
        </div>
      ))}
      {twice !== undefined && <Notice>{say("attribute.repeated", { Name: twice })}</Notice>}
      <p><Button kind="quiet" onPress={() => put([...all, ["", ""]])}>{say("attribute.add")}</Button></p>
    </FieldSet>
  );
}
