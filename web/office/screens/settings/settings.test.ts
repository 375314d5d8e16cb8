import { create, fromJson } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { SettingsSchema } from "@shopmesh/api/shopmesh/config/v1/settings_pb";
import assert from "node:assert/strict";
import test from "node:test";
import { readDuration, showDuration } from "../../form/duration";
import { explainRule, refusalOf } from "../../rpc/errors";
import { fieldsOf, messageOf, settingsOf, textOfValue } from "./fields";
import { helpOf, labelOf, nameOfValue } from "./labels";
import { contexts, settingsSearch } from "./search";

test("lengths of time are typed as people write them", () => {
  for (const [typed, json, shown] of [["30 min", "1800s", "30 min"], ["2d", "172800s", "2 d"], ["100 ms", "0.1s", "100 ms"], ["1,5 h", "5400s", "90 min"], ["0 s", "0s", "0 s"], ["45", "45s", "45 s"]] as const) {
    assert.equal(readDuration(typed), json);
    assert.equal(showDuration(json), shown);
  }
  assert.equal(readDuration("soon"), "soon");
});

test("every field of every context has a label, and every one that an owner sets a help", () => {
  for (const context of contexts) {
    const walk = (message = messageOf(context), top = true): void => {
      for (const field of message.fields) {
        assert.notEqual(labelOf(field), field.name, `${context}: ${field.name}`);
        if (top) assert.notEqual(helpOf(field), "", `${context}: ${field.name}`);
        if (field.enum) assert.ok(field.enum.values.every((value) => value.number === 0 || nameOfValue(value) !== value.name));
        if (field.message && !field.message.typeName.startsWith("google.")) walk(field.message, false);
      }
    };
    walk();
  }
});

test("settings are the same after they went through the form, and what is not set stays so", () => {
  const set = fromJson(SettingsSchema, {
    context: "payment", etag: "7",
    payment: { retryAfter: "30s", stripeWebhookSecrets: ["a", "b"], refundStepUpLimits: [{ currency: "EUR", amount: "500" }] },
  });
  const fields = fieldsOf("payment", set);
  assert.equal(fields.provider_timeout, "");
  assert.deepEqual(settingsOf("payment", "7", fields), set);
  assert.deepEqual(settingsOf("shop", "", fieldsOf("shop", undefined)), create(SettingsSchema, { context: "shop", value: { case: "shop", value: {} } }));
});

test("what is no value of its field is refused at that field, in the office's words (vendure#4173)", () => {
  const fields = { ...fieldsOf("order", undefined), max_unpaid_orders: JSON.stringify("many"), payment_window: JSON.stringify("soon") };
  assert.throws(() => settingsOf("order", "", fields), (error) => {
    assert.ok(error instanceof ConnectError);
    const malformed = explainRule("MALFORMED", "");
    assert.deepEqual(Object.fromEntries(refusalOf(error).violations), {
      "settings.order.max_unpaid_orders": malformed, "settings.order.payment_window": malformed,
    });
    return true;
  });
});

test("what is empty is not set", () => {
  assert.deepEqual([textOfValue(undefined), textOfValue(""), textOfValue([]), textOfValue(false), textOfValue(0)], ["", "", "", "false", "0"]);
  assert.deepEqual(settingsSearch({ context: "order" }), { context: "order" });
  assert.deepEqual(settingsSearch({ context: "nobody" }), {});
});
