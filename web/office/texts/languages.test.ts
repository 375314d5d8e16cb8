import assert from "node:assert/strict";
import test from "node:test";
import { languageName } from "./languages";

test("a language is shown by its name, and what is none as it is", () => {
  assert.equal(languageName("de"), "German");
  assert.equal(languageName("ar", "de"), "Arabisch");
  assert.equal(languageName("de-AT", "de"), "Österreichisches Deutsch");
  assert.equal(languageName("no language"), "no language");
});
