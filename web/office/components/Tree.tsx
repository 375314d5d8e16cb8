import type { ReactNode, Ref } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import { Collection } from "react-aria-components/Collection";
import { Tree as AriaTree, TreeItem, TreeItemContent } from "react-aria-components/Tree";

/** An entry of a tree, with those in it. */
export interface Branch<T> {
  id: string;
  name: string;
  value: T;
  branches: readonly Branch<T>[];
}

interface TreeProps<T> {
  ref?: Ref<HTMLDivElement>;
  label: string;
  branches: readonly Branch<T>[];
  expanded: ReadonlySet<string>;
  onExpand(expanded: ReadonlySet<string>): void;
  /** Enter or a click on an entry. */
  onOpen?: (value: T) => void;
  /** What stands beside an entry's name. */
  beside?: (value: T) => ReactNode;
}

/** Entries within each other. Arrow keys lead through it, open and close. */
export function Tree<T>({ ref, label, branches, expanded, onExpand, onOpen, beside }: TreeProps<T>) {
  const show = (branch: Branch<T>): ReactNode => (
    <TreeItem id={branch.id} textValue={branch.name} {...(onOpen && { onAction: () => onOpen(branch.value) })}>
      <TreeItemContent>
        {({ hasChildItems }) => (
          <>
            {hasChildItems ? <AriaButton slot="chevron" className="chevron"><span aria-hidden="true" /></AriaButton> : <span className="chevron" />}
            <strong className="grow"><bdi>{branch.name}</bdi></strong>
            {beside?.(branch.value)}
          </>
        )}
      </TreeItemContent>
      <Collection items={branch.branches} dependencies={[onOpen, beside]}>{show}</Collection>
    </TreeItem>
  );
  return (
    <AriaTree ref={ref} className="tree" aria-label={label} items={branches} dependencies={[onOpen, beside]} expandedKeys={expanded}
      onExpandedChange={(keys) => onExpand(new Set([...keys].map(String)))}>
      {show}
    </AriaTree>
  );
}
