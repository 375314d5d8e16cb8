import type { Category } from "@shopmesh/api/shopmesh/catalog/v1/category_pb";
import { Permission } from "@shopmesh/api/shopmesh/options/v1/options_pb";
import type { ReactNode } from "react";
import { useMemo, useRef, useState } from "react";
import { Button } from "../../components/Button";
import { Skeleton, TextBar } from "../../components/Skeleton";
import { EmptyState, Failed, Permitted } from "../../components/States";
import { Tree } from "../../components/Tree";
import { useCategories } from "../../components/useCategories";
import { useSession } from "../../session/browser";
import { say } from "../../texts/say";
import { branchesOf } from "./branches";
import { CategoryDialog } from "./CategoryDialog";
import { DeleteDialog } from "./DeleteDialog";
import { Moving } from "./Moving";
import { useMove } from "./useMove";

// How many categories the tree has room for while they are loading.
const SHOWN = 8;

/** The tree of categories, each moved by choosing what it is in, or by keys. */
export function Categories(): ReactNode {
  return <Permitted permission={Permission.CATALOG_READ}><List /></Permitted>;
}

function List() {
  const tree = useCategories();
  const mayWrite = useSession().may(Permission.CATALOG_WRITE);
  const [making, setMaking] = useState(false);
  const all = tree.data ?? [];
  return (
    <section className="stack">
      <div className="heading">
        <h1>{say("nav.categories")}</h1>
        {mayWrite && <Button onPress={() => setMaking(true)}>{say("category.new")}</Button>}
      </div>
      {tree.isPending && (
        <Skeleton>
          {mayWrite && <p className="soft">{say("category.help")}</p>}
          <div className="tree">{Array.from({ length: SHOWN }, (_, at) => <div key={at} role="row"><TextBar /></div>)}</div>
        </Skeleton>
      )}
      {tree.error && <Failed error={tree.error} retry={() => void tree.refetch()} />}
      {tree.data && all.length === 0 && <EmptyState text={say("category.empty")} />}
      {all.length > 0 && <Shown all={all} mayWrite={mayWrite} />}
      {making && <CategoryDialog all={all} onClose={() => setMaking(false)} />}
    </section>
  );
}

interface Open {
  what: "change" | "delete";
  category: Category;
}

function Shown({ all, mayWrite }: { all: readonly Category[]; mayWrite: boolean }) {
  const [open, setOpen] = useState<Open>();
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const box = useRef<HTMLDivElement>(null);
  const move = useMove(all, (parent) => setClosed((last) => new Set([...last].filter((id) => id !== parent))));
  const branches = useMemo(() => branchesOf(all), [all]);
  const expanded = useMemo(() => new Set(all.map(({ id }) => id).filter((id) => !closed.has(id))), [all, closed]);
  // What others changed meanwhile is asked about as it is; what is gone as it was.
  const asIs = (category: Category) => all.find(({ id }) => id === category.id) ?? category;
  const close = () => setOpen(undefined);
  const begin = (category: Category) => {
    move.begin(category);
    box.current?.querySelector<HTMLElement>(`[data-key="${category.id}"]`)?.focus();
  };
  const focused = () => all.find(({ id }) => id === document.activeElement?.closest<HTMLElement>("[data-key]")?.dataset.key);
  // Control and X begins to move the category with the focus, Control and V puts it into another one.
  const hear = (key: string): boolean => {
    const at = focused();
    if (key === "x" && at) begin(at);
    else if (key === "v" && at && move.moving) move.into(at.id);
    else return false;
    return true;
  };
  return (
    <>
      {mayWrite && <p className="soft">{say("category.help")}</p>}
      {mayWrite && <Moving move={move} />}
      <div ref={box} onKeyDownCapture={(event) => {
        const left = event.key === "Escape" && move.moving !== undefined;
        if (left) move.end();
        if (left || (mayWrite && (event.ctrlKey || event.metaKey) && hear(event.key.toLowerCase()))) {
          event.preventDefault();
          event.stopPropagation();
        }
      }}>
        <Tree label={say("nav.categories")} branches={branches} expanded={expanded}
          onExpand={(now) => setClosed(new Set(all.map(({ id }) => id).filter((id) => !now.has(id))))}
          {...(mayWrite && {
            onOpen: (category: Category) => (move.moving ? move.into(category.id) : setOpen({ what: "change", category })),
            beside: (category: Category) => move.moving ? null : (
              <>
                <Button kind="quiet" onPress={() => setOpen({ what: "change", category })}>{say("category.change")}</Button>
                <Button kind="quiet" onPress={() => begin(category)}>{say("category.move")}</Button>
                <Button kind="quiet" onPress={() => setOpen({ what: "delete", category })}>{say("category.delete")}</Button>
              </>
            ),
          })} />
      </div>
      {open?.what === "change" && <CategoryDialog all={all} category={asIs(open.category)} onClose={close} />}
      {open?.what === "delete" && <DeleteDialog category={asIs(open.category)} onClose={close} />}
    </>
  );
}
