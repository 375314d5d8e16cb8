import type { Transport } from "@connectrpc/connect";
import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useQuery } from "@tanstack/react-query";
import type { Category } from "@shopmesh/api/shopmesh/catalog/v1/category_pb";
import { CategoryService } from "@shopmesh/api/shopmesh/catalog/v1/category_service_pb";
import { locale } from "../texts/say";

// As many categories as one call answers with.
const PAGE = 1000;

/** A category with the names of those above it, as a list for choosing shows it. */
export interface Branch {
  id: string;
  path: string;
}

/** All categories, each below the one that it is in. */
export function branches(categories: readonly Category[]): Branch[] {
  const names = new Map(categories.map((category) => [category.id, category]));
  const pathOf = (category: Category, below = 0): string => {
    const parent = names.get(category.parentId);
    return parent && below < categories.length ? `${pathOf(parent, below + 1)} / ${category.name}` : category.name;
  };
  const sorter = new Intl.Collator(locale);
  return categories.map((category) => ({ id: category.id, path: pathOf(category) })).sort((a, b) => sorter.compare(a.path, b.path));
}

/** Reads the shop's categories, page by page. */
export async function readCategories(transport: Transport, signal: AbortSignal): Promise<Category[]> {
  const service = createClient(CategoryService, transport);
  const all: Category[] = [];
  let pageToken = "";
  do {
    const page = await service.listCategories({ pageSize: PAGE, pageToken }, { signal });
    all.push(...page.categories);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return all;
}

/** The shop's categories. */
export function useCategories() {
  const transport = useTransport();
  const list = useQuery({ queryKey: ["categories"], queryFn: ({ signal }) => readCategories(transport, signal), staleTime: 60_000 });
  return { ...list, branches: branches(list.data ?? []) };
}
