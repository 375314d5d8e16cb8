import assert from "node:assert/strict";
import test from "node:test";
import { dayStart } from "./days";
import { anyKept, begin, changed, conflicts, keep, keysOf, overtaken, read, rebase } from "./draft";
import { decimal, digits, equal, fromNumber, minus, times, toNumber } from "./money";
import { exact, readAmount, readQuantity, typedAmount } from "./typed";

test("amounts keep every digit of their currency", () => {
  for (const [value, currency, exact] of [[19.5, "EUR", "19.500000000"], [0.29, "EUR", "0.290000000"], [3.25, "KWD", "3.250000000"], [1200, "JPY", "1200.000000000"], [-0.5, "EUR", "-0.500000000"]] as const) {
    const amount = fromNumber(value, currency);
    assert.equal(decimal(amount), exact);
    assert.equal(toNumber(amount), value);
  }
  assert.deepEqual([digits("EUR"), digits("KWD"), digits("JPY")], [2, 3, 0]);
  assert.equal(decimal(minus(fromNumber(1, "EUR"), fromNumber(0.99, "EUR"))), "0.010000000");
  assert.equal(decimal(minus(fromNumber(1, "EUR"), fromNumber(1.5, "EUR"))), "-0.500000000");
  assert.ok(equal(times(fromNumber(0.1, "EUR"), 3), fromNumber(0.3, "EUR")));
});

test("amounts are read as the language writes them, and what is not one is not guessed (medusajs/admin#630)", () => {
  const read = (locale: string, currency: string, ...typed: string[]) => typed.map((text) => readAmount(text, currency, locale));
  assert.deepEqual(read("de", "EUR", "19,50", "19", "1.234,5", "1.234,50 €", "EUR 7", "0,10", " 12,00\u00a0€"), ["19.5", "19", "1234.5", "1234.5", "7", "0.1", "12"]);
  assert.deepEqual(read("en", "EUR", "19.50", "1,234.5", "€5"), ["19.5", "1234.5", "5"]);
  assert.deepEqual(read("de", "EUR", "19.50", "19,505", "$5", "abc", "", "1,2,3", "+5", "1234567890123"), Array(8).fill(undefined));
  assert.deepEqual([...read("en", "JPY", "1200", "12.5"), ...read("en", "KWD", "3.255")], ["1200", undefined, "3.255"]);
  for (const [value, currency] of [[19.5, "EUR"], [3.25, "KWD"], [1200, "JPY"], [0, "EUR"]] as const) {
    const text = exact(fromNumber(value, currency));
    assert.equal(Number(text), value);
    for (const locale of ["de", "en"]) assert.equal(readAmount(typedAmount(text, currency, locale), currency, locale), text);
  }
});

test("a number of pieces is a count, or a difference by its sign", () => {
  assert.deepEqual(["12", "+5", "-3", "\u22123", "1.200", "007"].map((text) => readQuantity(text, "de")), ["12", "+5", "-3", "-3", "1200", "7"]);
  assert.deepEqual(["1,5", "x", "", "--1"].map((text) => readQuantity(text, "de")), Array(4).fill(undefined));
});

test("days begin when the shop's do, where clocks go forward, too (saleor-dashboard#1582)", () => {
  assert.equal(dayStart("2026-03-29", 0, "Europe/Berlin"), "2026-03-28T23:00:00.000Z");
  assert.equal(dayStart("2026-03-29", 1, "Europe/Berlin"), "2026-03-29T22:00:00.000Z");
  assert.equal(dayStart("2026-09-06", 0, "America/Santiago"), "2026-09-06T04:00:00.000Z");
});

const loaded = { a: "1", b: "2", c: "3" };

test("the update mask is what was changed", () => {
  assert.deepEqual(changed(loaded, loaded), []);
  assert.deepEqual(changed(loaded, { ...loaded, b: "x" }), ["b"]);
});

test("theirs and yours are shown where both changed the same, and nothing of either is lost (PrestaShop#19454)", () => {
  const typed = { ...loaded, a: "mine", b: "mine" };
  const now = { ...loaded, a: "theirs", c: "theirs" };
  assert.deepEqual(conflicts(loaded, typed, now), [{ path: "a", theirs: "theirs", yours: "mine" }]);
  assert.deepEqual(rebase(loaded, typed, now), { a: "mine", b: "mine", c: "theirs" });
});

test("a change is no conflict with oneself (open-mercato#5985)", () => {
  const typed = { ...loaded, a: "same" };
  assert.deepEqual(conflicts(loaded, typed, { ...loaded, a: "same" }), []);
});

test("a draft is there again until it is as it was loaded, and one of an older form is not (medusajs/admin#369)", () => {
  const items = new Map<string, string>();
  const store = { getItem: (key: string) => items.get(key) ?? null, setItem: (key: string, value: string) => void items.set(key, value), removeItem: (key: string) => void items.delete(key) };
  const kept = { loaded, etag: "1", typed: { ...loaded, a: "mine" } };
  keep(store, "order:1", kept);
  assert.deepEqual(read(store, "order:1", loaded), kept);
  assert.equal(read(store, "order:2", loaded), undefined);
  assert.equal(read(store, "order:1", { ...loaded, d: "4" }), undefined);
  assert.equal(items.size, 0, "what nothing shows any more is asked about by nobody");
  keep(store, "order:1", kept);
  keep(store, "order:1", { ...kept, typed: loaded });
  assert.equal(items.size, 0);
});

test("a draft that changes nothing follows what is loaded", () => {
  const now = { ...loaded, a: "theirs" };
  assert.deepEqual(begin({ loaded, etag: "1", typed: loaded }, now, "2"), { loaded: now, etag: "2", typed: now });
  assert.deepEqual(begin(undefined, now, "2"), { loaded: now, etag: "2", typed: now });
  const mine = { loaded, etag: "1", typed: { ...loaded, b: "mine" } };
  assert.equal(begin(mine, now, "2"), mine);
  assert.equal(overtaken(mine, "2"), true);
});

test("after a save what was there before it is nobody else's change (open-mercato#5985)", () => {
  const saved = { loaded: { ...loaded, a: "mine" }, etag: "2", typed: { ...loaded, a: "mine" }, over: "1" };
  assert.equal(begin(saved, loaded, "1"), saved); // it is not read again yet
  assert.equal(overtaken({ ...saved, typed: { ...saved.typed, b: "more" } }, "1"), false);
  assert.equal(overtaken(saved, "2"), false);
  assert.equal(overtaken({ ...saved, typed: { ...saved.typed, b: "more" } }, "3"), true);
});

test("what was saved and its answer lost is no conflict with oneself, and nothing is left to save (open-mercato#5985)", () => {
  const sent = { loaded, etag: "1", typed: { ...loaded, a: "mine" } };
  const now = { ...loaded, a: "mine" };
  const next = begin(sent, now, "2");
  assert.deepEqual(next, { loaded: now, etag: "2", typed: now });
  assert.equal(overtaken(next, "2"), false);
  assert.deepEqual(changed(next.loaded, next.typed), []);
  // What was typed after it was sent is a draft still.
  const more = begin({ ...sent, typed: { ...sent.typed, b: "more" } }, now, "2");
  assert.deepEqual(changed(more.loaded, more.typed), ["b"]);
  assert.equal(overtaken(more, "2"), false);
});

test("what others changed beside what was saved and its answer lost is theirs", () => {
  const sent = { loaded, etag: "1", typed: { ...loaded, a: "mine" } };
  const now = { ...loaded, a: "mine", c: "theirs" };
  assert.equal(begin(sent, now, "3"), sent);
  assert.equal(overtaken(sent, "3"), true);
  assert.deepEqual(conflicts(loaded, sent.typed, now), []);
});

test("what others changed beside the form is none of its business", () => {
  const mine = { loaded, etag: "1", typed: { ...loaded, b: "mine" } };
  assert.deepEqual(begin(mine, loaded, "2"), { ...mine, etag: "2" });
});

test("a tab is closed without a question unless something in it was typed and not saved (vendure#4389)", () => {
  const holding = (items: Record<string, string>) => anyKept({ length: Object.keys(items).length, key: (at) => Object.keys(items)[at] ?? null, getItem: (key) => items[key] ?? null });
  assert.equal(holding({ requests: "[]", "tanstack_router_reload:x": "1" }), false);
  assert.equal(holding({ requests: "[]", "draft:order:1": '{"typed":{}}' }), true);
  assert.equal(holding({ "draft:grid": "{}" }), false);
});

test("drafts are found by what they are of", () => {
  const keys = ["draft:ship_many:a,b", "draft:ship:a", "requests", "draft:ship_many:c"];
  const store = { length: keys.length, key: (at: number) => keys[at] ?? null, getItem: () => "1" };
  assert.deepEqual(keysOf(store, "ship_many:"), ["ship_many:a,b", "ship_many:c"]);
});
