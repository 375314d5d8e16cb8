import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { getOption } from "@bufbuild/protobuf";
import { default_json } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import { SettingsSchema as OrderSettings } from "@shopmesh/api/shopmesh/order/v1/settings_pb";
import de from "../../messages/de/office.json";
import deRpcs from "../../messages/de/office_rpcs.json";
import deSettings from "../../messages/de/office_settings.json";
import en from "../../messages/en/office.json";
import enRpcs from "../../messages/en/office_rpcs.json";
import enSettings from "../../messages/en/office_settings.json";
import { Texts } from "./say";

const catalogs: Record<string, Record<string, string | Record<string, string>>> = { en: { ...en, ...enSettings, ...enRpcs }, de: { ...de, ...deSettings, ...deRpcs } };

const values = (text: string | Record<string, string>) =>
  [...JSON.stringify(text).matchAll(/\{\{\.(\w+)\}\}/g)].map((match) => match[1]).filter((value) => value !== "Count").sort();
const distinct = (all: unknown[]) => [...new Set(all)];

test("every text is there in each language, with the same values and all plural forms", () => {
  assert.deepEqual(Object.keys(catalogs.de ?? {}).sort(), Object.keys(catalogs.en ?? {}).sort());
  for (const [language, catalog] of Object.entries(catalogs)) {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories.toSorted();
    for (const [id, text] of Object.entries(catalog)) {
      assert.deepEqual(distinct(values(text)), distinct(values(catalogs.en?.[id] ?? "")), `${language} ${id}`);
      if (typeof text !== "string") assert.deepEqual(Object.keys(text).sort(), forms, `${language} ${id}`);
    }
  }
});

// Ids that are put together of an enum's names begin with one of these.
const made = /^(reason|rule|cancel_reason|timeline|payment\.method|dispute\.reason|contradiction\.event|permission|language|print|settings\.context|(orders|products|mails|activity)\.view|order\.state|(payment|refund|mail|dispute|product|movement|activity)\.(status|kind))\./;

test("every text is used", () => {
  const sources = readdirSync(".", { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !/node_modules|built|\.test\./.test(name))
    .map((name) => readFileSync(join(".", name), "utf8")).join("\n");
  const unused = Object.keys(en).filter((id) => !made.test(id) && !sources.includes(`"${id}"`));
  assert.deepEqual(unused, []);
});

test("numbers of things have the language's form", () => {
  assert.equal(new Texts("en").count("list.count", 1), "1 entry");
  assert.equal(new Texts("en").count("list.count", 1234), "1,234 entries");
  assert.equal(new Texts("de").count("list.count", 1234), "1.234 Einträge");
});

test("a code has a text in each language, and one that this build does not know has none", () => {
  const texts = new Texts("de");
  assert.match(texts.code("rule", "TOO_LONG") ?? "", /zu lang/);
  assert.match(texts.code("reason", "ETAG_MISMATCH") ?? "", /inzwischen/);
  assert.match(texts.code("contradiction.event", "charge.dispute.created") ?? "", /Bank/);
  for (const unknown of ["TOMORROWS", ""]) assert.equal(texts.code("reason", unknown), undefined);
});

test("each RPC of the contracts has a text, and nothing else has", () => {
  const contracts = readdirSync("../../gen/ts/src/shopmesh", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith("_service_pb.ts"));
  const rpcs = contracts.flatMap((name) => [...readFileSync(join("../../gen/ts/src/shopmesh", name), "utf8").matchAll(/@generated from rpc shopmesh\.([\w.]+)\.(\w+)/g)].map(([, service, rpc]) => `${service}/${rpc}`));
  assert.deepEqual(Object.keys(enRpcs).sort(), rpcs.sort());
});

test("whatever other contexts tell of an order has a text", () => {
  const source = readFileSync("../../services/order/internal/peers/timeline.go", "utf8");
  const kinds = [...source.matchAll(/"([A-Z]+_[A-Z_]*[A-Z])"/g)].map(([, kind]) => kind ?? "");
  assert.equal(new Set(kinds).size, 7);
  for (const kind of kinds) assert.ok(new Texts("en").code("timeline", kind), kind);
});

test("each payment method that a shop offers by default has a text", () => {
  const methods = JSON.parse(getOption(OrderSettings.field.paymentMethods, default_json)) as string[];
  assert.ok(methods.length > 0);
  for (const method of methods) assert.ok(new Texts("en").code("payment.method", method), method);
});
