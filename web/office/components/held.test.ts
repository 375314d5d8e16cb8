import assert from "node:assert/strict";
import test from "node:test";
import { hold } from "./held";

// Rows are a letter, and how they are by now.
const read = (rows: string, next: string) => ({ rows: rows === "" ? [] : rows.split(" "), next });
const held = (shown: string, rows: string, next = "") => {
  const { rows: kept, fresh } = hold(read(shown, "").rows, read(rows, next), ([id = ""]) => id);
  return [kept.join(" "), fresh];
};

test("new rows wait, and those that are shown are as they are by now", () => {
  assert.deepEqual(held("c b a", "e d c2 b a3"), ["c2 b a3", 2]);
  assert.deepEqual(held("c a", "c b a"), ["c a", 1]); // of a list that is not by time
  assert.deepEqual(held("c b a", "c b a"), ["c b a", 0]);
});

test("new rows push none off a full page", () => {
  assert.deepEqual(held("c b a", "e d c2", "2"), ["c2 b a", 2]);
  assert.deepEqual(held("c b a", "f e d", "2"), ["c b a", 3]);
});

test("what does not fit any more is gone, and what was on the page after it comes at the end", () => {
  assert.deepEqual(held("c b a", "c a"), ["c a", 0]);
  assert.deepEqual(held("c b a", "c a z", "2"), ["c a z", 0]);
  assert.deepEqual(held("c b a", "d c a", "2"), ["c a", 1]);
  assert.deepEqual(held("c b a", "y z"), ["y z", 0]);
  assert.deepEqual(held("c b a", ""), ["", 0]);
});

test("a list that was empty shows what comes", () => {
  assert.deepEqual(held("", "b a", "2"), ["b a", 0]);
});
