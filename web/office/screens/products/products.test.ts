import { create } from "@bufbuild/protobuf";
import { CategorySchema } from "@shopmesh/api/shopmesh/catalog/v1/category_pb";
import { ProductSchema, ProductStatus } from "@shopmesh/api/shopmesh/catalog/v1/product_pb";
import assert from "node:assert/strict";
import test from "node:test";
import { fromNumber } from "../../form/money";
import { deltaOf } from "./adjusting";
import { fieldsOf, maskOf, productOf } from "./editing";
import { productFilter, productSearch } from "./search";
import { branches } from "../../components/useCategories";

test("a product is the same after it went through the editor", () => {
  const product = create(ProductSchema, {
    code: "A/1", name: "Mug", description: "Two\nlines", categoryId: "c", price: fromNumber(19.5, "KWD"), status: ProductStatus.ACTIVE,
    attributes: { size: "a: b", colour: "red" }, images: [{ url: "https://x.example/a.jpg", altText: "A mug, red" }, { url: "/b.jpg" }],
  });
  const back = create(ProductSchema, productOf(fieldsOf(product)));
  assert.deepEqual(back, product);
  assert.deepEqual(fieldsOf(back), fieldsOf(product));
});

test("amount and currency are one path of the mask", () => {
  assert.deepEqual(maskOf(["name", "price", "price.currency"]), ["name", "price"]);
});

test("an address of the list keeps what is understood", () => {
  assert.deepEqual(productSearch({ view: "draft", sort: "price desc", category: "c", other: 1 }), { view: "draft", sort: "price desc", category: "c" });
  assert.deepEqual(productSearch({ view: "all", sort: "code", q: "" }), {});
  assert.equal(productFilter({ q: "blue mug", view: "sold_out", category: "c" }), '"blue" "mug" AND status = ACTIVE AND available_quantity = 0 AND category_id = "c"');
});

test("categories stand below those that they are in, whatever a tree holds", () => {
  const tree = [["1", "Lamps", ""], ["2", "Desk", "1"], ["3", "Apples", ""], ["4", "Lost", "9"]].map(([id, name, parentId]) => create(CategorySchema, { id, name, parentId }));
  assert.deepEqual(branches(tree).map(({ path }) => path), ["Apples", "Lamps", "Lamps / Desk", "Lost"]);
  const loop = [["1", "A", "2"], ["2", "B", "1"]].map(([id, name, parentId]) => create(CategorySchema, { id, name, parentId }));
  assert.equal(branches(loop).length, 2);
});

test("what was counted is a difference to what was there when it was counted, whatever was sold meanwhile", () => {
  assert.equal(deltaOf({ by: "count", value: "12", seen: "10" }), 2n);
  assert.equal(deltaOf({ by: "difference", value: "-3", seen: "10" }), -3n);
  assert.equal(deltaOf({ by: "count", value: "", seen: "10" }), 0n);
});
