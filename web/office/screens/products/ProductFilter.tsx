import { Choice } from "../../components/Field";
import { FilterBar, Views } from "../../components/FilterBar";
import { useCategories } from "../../components/useCategories";
import type { Narrowing } from "../../rpc/search";
import { say } from "../../texts/say";
import type { ProductSearch } from "./search";
import { sorts, views } from "./search";

const sortNames = {
  code: say("sort.code"), name: say("sort.name"), price: say("sort.price"), "price desc": say("sort.dear"), "create_time desc": say("sort.new"),
} as const;

/** What products are narrowed by, and how they are sorted. */
export function ProductFilter({ search, onNarrow, onClear }: {
  search: ProductSearch; onNarrow(change: Narrowing<ProductSearch>): void; onClear: (() => void) | undefined;
}) {
  const categories = useCategories();
  return (
    <>
      <Views views={views.map((id) => ({ id, name: say(`products.view.${id}`) }))} current={search.view ?? "all"}
        onChoose={(view) => onNarrow({ view: view === "all" ? undefined : view })} />
      <FilterBar label={say("products.search")} query={search.q ?? ""} onSearch={(q) => onNarrow({ q: q || undefined })} onClear={onClear}>
        <Choice name="category" label={say("product.category")} value={search.category ?? ""} onChange={(category) => onNarrow({ category: category || undefined })}
          options={[{ value: "", label: say("products.all_categories") }, ...categories.branches.map(({ id, path }) => ({ value: id, label: path }))]} />
        <Choice name="sort" label={say("sort.label")} value={search.sort ?? "code"} onChange={(sort) => onNarrow({ sort: sort === "code" ? undefined : sort })}
          options={sorts.map((sort) => ({ value: sort, label: sortNames[sort] }))} />
      </FilterBar>
    </>
  );
}
