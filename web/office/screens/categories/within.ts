import type { Category } from "@shopmesh/api/shopmesh/catalog/v1/category_pb";

/** Whether a category is another one, or anywhere below it. */
export function within(all: readonly Category[], id: string, above: string): boolean {
  let at: string | undefined = id;
  for (let steps = 0; at && steps <= all.length; steps++) {
    if (at === above) return true;
    at = all.find((category) => category.id === at)?.parentId;
  }
  return false;
}
