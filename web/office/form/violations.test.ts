import assert from "node:assert/strict";
import test from "node:test";
import { fieldOf } from "./violations";

test("a violation stands at the field that holds what is wrong", () => {
  const fields = ["name", "images", "attributes", "shipping_address.address_lines", "shipping_address.region_code", "announcements", "announcements[1].text", "amount"];
  for (const [violation, field] of [
    ["name", "name"],
    ["images[0].url", "images"],
    ["attributes[colour]", "attributes"],
    ["shipping_address.address_lines[1]", "shipping_address.address_lines"],
    ["announcements[1].text", "announcements[1].text"],
    ["announcements[0].language_code", "announcements"],
    ["amount.units", "amount"],
    ["shipping_address", "shipping_address.address_lines"],
    ["names", "names"],
    ["nowhere.else", "nowhere.else"],
  ] as const) assert.equal(fieldOf(violation, fields), field);
});
