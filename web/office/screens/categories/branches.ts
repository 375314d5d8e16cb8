import type { Category } from "@shopmesh/api/shopmesh/catalog/v1/category_pb";
import type { Branch } from "../../components/Tree";

/** Categories as a tree. What is in none that is there, or in a loop, stands at the top. */
export function branchesOf(all: readonly Category[]): Branch<Category>[] {
  const ids = new Set(all.map(({ id }) => id));
  const placed = new Set<string>();
  const branch = (category: Category): Branch<Category> => {
    placed.add(category.id);
    return { id: category.id, name: category.name, value: category, branches: within(category.id) };
  };
  const within = (parent: string) => all.filter((category) => category.parentId === parent && !placed.has(category.id)).map(branch);
  const top = all.filter(({ parentId }) => !ids.has(parentId)).map(branch);
  for (const category of all) if (!placed.has(category.id)) top.push(branch(category));
  return top;
}
