import type { DescField, DescMessage, JsonValue } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import assert from "node:assert/strict";
import test from "node:test";
import { messageOf } from "./fields";
import type { Context } from "./search";
import { contexts } from "./search";
import { boundsText, differences, held, textOf } from "./shown";

function fieldOf(context: Context, name: string) {
  const field = messageOf(context).fields.find((one) => one.name === name);
  if (!field) throw new Error(`${context} has no ${name}`);
  return field;
}

test("values are shown as people write them, with units and names", () => {
  for (const [context, name, value, text] of [
    ["order", "payment_window", "1800s", "30 min"],
    ["order", "max_unpaid_orders", 10_000, "10,000"],
    ["order", "payment_methods", ["sandbox_ok", "pm_*"], "sandbox_ok; pm_*"],
    ["inventory", "low_stock_threshold", "1200", "1,200"],
    ["identity", "require_staff_totp", false, "no"],
    ["storefront", "accent", "ACCENT_TEAL", "Teal"],
    ["storefront", "announcements", [{ language: "de", text: "Hallo" }], "Language: de, Text: Hallo"],
    ["shop", "mail_subjects", [{ kind: "NOTIFICATION_KIND_ORDER_SHIPPED", subject: "Unterwegs" }], "Occasion: Shipment, Subject: Unterwegs"],
    ["payment", "refund_step_up_limits", [{ currency: "EUR", amount: "50000" }], "Currency: EUR, Amount (minor units): 50,000"],
    ["shop", "name", "Ada’s mugs", "Ada’s mugs"],
    ["shop", "legal_notices", {}, "–"],
  ] as const satisfies readonly (readonly [Context, string, JsonValue, string])[]) assert.equal(textOf(fieldOf(context, name), value as JsonValue), text);
  assert.equal(textOf(fieldOf("shop", "name"), undefined), "–");
});

test("what is not set is held by default", () => {
  const field = fieldOf("order", "payment_window");
  assert.deepEqual(held(field, {}, { payment_window: '"1800s"' }), { value: "1800s", isDefault: true });
  assert.deepEqual(held(field, { payment_window: '"60s"' }, { payment_window: '"1800s"' }), { value: "60s", isDefault: false });
});

test("versions differ by what a field holds, old and new, with the default named", () => {
  const field = fieldOf("order", "payment_window");
  const standard = { value: "1800s", isDefault: true };
  assert.deepEqual(differences(field, standard, { value: "3600s", isDefault: false }), [{ label: "An order waits for its payment", before: "30 min (default)", after: "1 h" }]);
  assert.deepEqual(differences(field, { value: "1800s", isDefault: false }, standard), [{ label: "An order waits for its payment", before: "30 min", after: "30 min (default)" }]);
  assert.deepEqual(differences(field, standard, standard), []);
  assert.deepEqual(differences(fieldOf("shop", "sender_email"), { value: undefined, isDefault: true }, { value: "ada@example.com", isDefault: false }),
    [{ label: "Mails come from", before: "default", after: "ada@example.com" }]);
});

test("of a field with parts, those that differ are told", () => {
  const own = (value: JsonValue) => ({ value, isDefault: false });
  assert.deepEqual(differences(fieldOf("shop", "legal_notices"), own({ imprintUrl: "https://a.example" }), own({ imprintUrl: "https://b.example", termsUrl: "https://c.example" })), [
    { label: "Legal texts that are kept elsewhere, Imprint", before: "https://a.example", after: "https://b.example" },
    { label: "Legal texts that are kept elsewhere, Terms", before: "–", after: "https://c.example" },
  ]);
  assert.deepEqual(differences(fieldOf("storefront", "announcements"), own([{ language: "en", text: "Hi" }]), own([{ language: "en", text: "Hello" }, { language: "de", text: "Hallo" }])), [
    { label: "Announcements 1, Text", before: "Hi", after: "Hello" },
    { label: "Announcements 2", before: "–", after: "Language: de, Text: Hallo" },
  ]);
});

test("the bounds of what is typed are told in words, of every number and every length of time", () => {
  for (const [context, name, text] of [
    ["order", "max_unpaid_orders", "From 1 to 10,000."],
    ["order", "payment_window", "From 1 s to 30 d."],
    ["inventory", "level_interval", "From 100 ms to 1 min."],
    ["shop", "name", ""],
  ] as const) assert.equal(boundsText(fieldOf(context, name)), text);
  const bounded = (field: DescField) => field.message?.typeName === "google.protobuf.Duration" || field.scalar === ScalarType.INT32 || field.scalar === ScalarType.INT64;
  const walk = (message: DescMessage): DescField[] => message.fields.flatMap((field) => [field, ...(field.message && !field.message.typeName.startsWith("google.") ? walk(field.message) : [])]);
  const fields = contexts.flatMap((context) => walk(messageOf(context))).filter(bounded);
  assert.ok(fields.length > 30, `${fields.length} fields`);
  for (const field of fields) assert.notEqual(boundsText(field), "", `${field.parent.typeName}.${field.name}`);
});
