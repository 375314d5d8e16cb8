import { create } from "@bufbuild/protobuf";
import { CategorySchema } from "@shopmesh/api/shopmesh/catalog/v1/category_pb";
import assert from "node:assert/strict";
import test from "node:test";
import { within } from "./within";

test("a category is within itself and what is above it, and a loop has an end", () => {
  const tree = [["1", ""], ["2", "1"], ["3", "2"], ["8", "9"], ["9", "8"]].map(([id, parentId]) => create(CategorySchema, { id, parentId }));
  assert.deepEqual(["1", "2", "3", "8"].map((id) => within(tree, id, "2")), [false, true, true, false]);
});
