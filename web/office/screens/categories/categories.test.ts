import { create } from "@bufbuild/protobuf";
import { createRouterTransport } from "@connectrpc/connect";
import { CategorySchema } from "@shopmesh/api/shopmesh/catalog/v1/category_pb";
import { CategoryService } from "@shopmesh/api/shopmesh/catalog/v1/category_service_pb";
import assert from "node:assert/strict";
import test from "node:test";
import type { Branch } from "../../components/Tree";
import { readCategories } from "../../components/useCategories";
import { branchesOf } from "./branches";
import { within } from "./within";

const treeOf = (...categories: [string, string][]) => categories.map(([id, parentId]) => create(CategorySchema, { id, name: id, parentId }));

test("a category is within itself and what is above it, and a loop has an end", () => {
  const tree = treeOf(["1", ""], ["2", "1"], ["3", "2"], ["8", "9"], ["9", "8"]);
  assert.deepEqual(["1", "2", "3", "8", ""].map((id) => within(tree, id, "2")), [false, true, true, false, false]);
});

test("every category is in the tree once, whatever a list holds", () => {
  const shape = (branches: readonly Branch<unknown>[]): string => branches.map(({ id, branches: inner }) => (inner.length > 0 ? `${id}(${shape(inner)})` : id)).join(" ");
  assert.equal(shape(branchesOf(treeOf(["3", "2"], ["1", ""], ["2", "1"], ["4", ""], ["5", "gone"]))), "1(2(3)) 4 5");
  assert.equal(shape(branchesOf(treeOf(["8", "9"], ["9", "8"]))), "8(9)");
});

test("a shop with more categories than one call answers with has them all", async () => {
  const pages = new Map([["", treeOf(["1", ""], ["2", "1"])], ["more", treeOf(["3", "2"])]]);
  const transport = createRouterTransport(({ service }) => {
    service(CategoryService, { listCategories: ({ pageToken }) => ({ categories: pages.get(pageToken) ?? [], nextPageToken: pageToken === "" ? "more" : "" }) });
  });
  assert.deepEqual((await readCategories(transport, new AbortController().signal)).map(({ id }) => id), ["1", "2", "3"]);
});
