import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { regionChoices, regionName, regions } from "./regions";

test("the countries are those that the contracts take", () => {
  const source = /const regions = ((?:[^\n]*\+\n)*[^\n]*)/.exec(readFileSync("../../kit/grammar/region.go", "utf8"))?.[1] ?? "";
  assert.deepEqual(regions, source.match(/\b[A-Z]{2}\b/g));
});

test("a country is chosen by its name, and one that is set stays, whatever it is", () => {
  assert.equal(regionName("DE"), "Germany");
  assert.equal(regionName("DE", "de"), "Deutschland");
  const names = (set: string) => regionChoices(set).map(({ label }) => label);
  assert.equal(names("").length, regions.length);
  assert.ok(names("").indexOf("Åland Islands") < names("").indexOf("Albania"), "marks do not move a name to the end");
  assert.deepEqual(regionChoices("u k").filter(({ value }) => value === "u k"), [{ value: "u k", label: "u k", names: ["u k", "u k"] }]);
  assert.equal(regionChoices("GB").length, regions.length);
  assert.equal(regionChoices("GB"), regionChoices("DE"), "249 names are not sorted anew for each choice");
  assert.deepEqual(regionChoices("").find(({ value }) => value === "AT")?.names, ["Austria", "Österreich"]);
});
