import { create } from "@bufbuild/protobuf";
import { CategorySchema } from "@shopmesh/api/shopmesh/catalog/v1/category_pb";
import { ProductSchema, ProductStatus } from "@shopmesh/api/shopmesh/catalog/v1/product_pb";
import assert from "node:assert/strict";
import test from "node:test";
import { fromNumber } from "../../form/money";
import { deltaOf } from "./adjusting";
import { attributesOf, fieldsOf, maskOf, productOf, repeatedName, textOfAttributes } from "./editing";
import { productFilter, productSearch } from "./search";
import { branches } from "../../components/useCategories";

test("a product is the same after it went through the editor", () => {
  const product = create(ProductSchema, {
    code: "A/1", name: "Mug", description: "Two\nlines", categoryId: "c", price: fromNumber(19.5, "KWD"), status: ProductStatus.ACTIVE,
    attributes: { size: "a: b", "Size: EU": "38", "a & b=c?": "+1%", care: "by hand\n\n  no heat ", colour: "" }, images: [{ url: "https://x.example/a.jpg", altText: "A mug, red" }, { url: "/b.jpg" }],
  });
  const back = create(ProductSchema, productOf(fieldsOf(product)));
  assert.deepEqual(back, product);
  assert.deepEqual(fieldsOf(back), fieldsOf(product));
});

test("what is left empty is no attribute, and of a name that is there twice the last value counts", () => {
  const pairs = [["size", "38"], ["", ""], ["size", "39"], ["", "red"]] as const;
  const text = textOfAttributes(pairs);
  assert.deepEqual(attributesOf(text), pairs);
  assert.equal(attributesOf("").length, 0);
  assert.equal(repeatedName(attributesOf(text)), "size");
  assert.equal(repeatedName([["size", "38"], ["", ""], ["", ""]]), undefined);
  assert.deepEqual(productOf({ attributes: text }).attributes, { size: "39", "": "red" });
});

test("a picture is one line, whatever its description holds", () => {
  const product = create(ProductSchema, { images: [{ url: "/a.jpg", altText: "A mug,\nred" }, { url: "/b.jpg" }] });
  assert.deepEqual(productOf(fieldsOf(product)).images, [{ url: "/a.jpg", altText: "A mug, red" }, { url: "/b.jpg", altText: "" }]);
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
