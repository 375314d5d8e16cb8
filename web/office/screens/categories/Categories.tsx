import type { Category } from "@shopmesh/api/shopmesh/catalog/v1/category_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode } from "react";
import { useState } from "react";
import { Button } from "../../components/Button";
import { EmptyState, Failed, Permitted, Skeleton } from "../../components/States";
import { useCategories } from "../../components/useCategories";
import { useSession } from "../../session/browser";
import { say } from "../../texts/say";
import { CategoryDialog } from "./CategoryDialog";
import { DeleteDialog } from "./DeleteDialog";

/** The tree of categories, each moved by choosing what it is in. */
export function Categories(): ReactNode {
  return <Permitted permission={Permission.CATALOG_READ}><Tree /></Permitted>;
}

function Tree() {
  const tree = useCategories();
  const [making, setMaking] = useState(false);
  const mayWrite = useSession().may(Permission.CATALOG_WRITE);
  const all = tree.data?.categories ?? [];
  return (
    <section className="stack">
      <div className="heading"><h1>{say("nav.categories")}</h1>{mayWrite && <Button onPress={() => setMaking(true)}>{say("category.new")}</Button>}</div>
      {tree.isPending && <Skeleton rows={8} />}
      {tree.error && <Failed error={tree.error} retry={() => void tree.refetch()} />}
      {tree.data && all.length === 0 && <EmptyState text={say("category.empty")} />}
      <Branch all={all} parent="" />
      {making && <CategoryDialog all={all} onClose={() => setMaking(false)} />}
    </section>
  );
}

function Branch({ all, parent }: { all: readonly Category[]; parent: string }) {
  const here = all.filter((category) => category.parentId === parent);
  if (here.length === 0) return null;
  return <ul className="tree">{here.map((category) => <Node key={category.id} all={all} category={category} />)}</ul>;
}

function Node({ all, category }: { all: readonly Category[]; category: Category }) {
  const [open, setOpen] = useState<"change" | "delete">();
  const mayWrite = useSession().may(Permission.CATALOG_WRITE);
  const close = () => setOpen(undefined);
  return (
    <li>
      <div className="row">
        <strong><bdi>{category.name}</bdi></strong>
        {mayWrite && <Button kind="quiet" onPress={() => setOpen("change")}>{say("category.change")}</Button>}
        {mayWrite && <Button kind="quiet" onPress={() => setOpen("delete")}>{say("category.delete")}</Button>}
      </div>
      <Branch all={all} parent={category.id} />
      {open === "change" && <CategoryDialog all={all} category={category} onClose={close} />}
      {open === "delete" && <DeleteDialog category={category} onClose={close} />}
    </li>
  );
}
