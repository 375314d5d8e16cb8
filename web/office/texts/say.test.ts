import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import de from "../../messages/de/office.json";
import deSettings from "../../messages/de/office_settings.json";
import en from "../../messages/en/office.json";
import enSettings from "../../messages/en/office_settings.json";
import { Texts } from "./say";

const catalogs: Record<string, Record<string, string | Record<string, string>>> = { en: { ...en, ...enSettings }, de: { ...de, ...deSettings } };

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
const made = /^(reason|rule|permission|language|print|settings\.context|(orders|products|mails|activity)\.view|order\.state|(payment|refund|mail|dispute|product|movement|activity)\.(status|kind))\./;

test("every text is used", () => {
  const sources = readdirSync(".", { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !/node_modules|built|\.test\./.test(name))
    .map((name) => readFileSync(join(".", name), "utf8")).join("\n");
  const unused = Object.keys(en).filter((id) => !made.test(id) && !sources.includes(`"${id}"`));
  assert.deepEqual(unused, []);
});

test("no component holds a text of its own", () => {
  const own = readdirSync(".", { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".tsx") && !/node_modules|built/.test(name))
    .flatMap((name) => [...readFileSync(join(".", name), "utf8").matchAll(/(?<![=-])>\s*[A-Za-z][\w’ ,.]*<\/|(?:label|title|placeholder|text)="[^"]*[a-z]/g)].map((match) => `${name}: ${match[0]}`));
  assert.deepEqual(own, []);
});

test("numbers of things have the language's form", () => {
  assert.equal(new Texts("en").count("list.count", 1), "1 entry");
  assert.equal(new Texts("en").count("list.count", 1234), "1,234 entries");
  assert.equal(new Texts("de").count("list.count", 1234), "1.234 Einträge");
});

test("a rule has a text in each language, and one that this build does not know has none", () => {
  assert.match(new Texts("de").rule("TOO_LONG") ?? "", /zu lang/);
  assert.equal(new Texts("en").rule("TOMORROWS"), undefined);
  assert.equal(new Texts("en").rule(""), undefined);
});

test("a reason that this build does not know has no text", () => {
  assert.equal(new Texts("en").reason("TOMORROWS"), undefined);
  assert.match(new Texts("de").reason("ETAG_MISMATCH") ?? "", /inzwischen/);
});
