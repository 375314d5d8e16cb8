import { useMutation } from "@connectrpc/connect-query";
import type { Category } from "@shopmesh/api/shopmesh/catalog/v1/category_pb";
import { CategoryService } from "@shopmesh/api/shopmesh/catalog/v1/category_service_pb";
import { useState } from "react";
import { useDone } from "../../components/useDone";
import { useToast } from "../../components/Toast";
import { say } from "../../texts/say";
import { within } from "./within";

/** Moving a category: it is chosen first, then put into another one, or to the top. */
export interface Move {
  /** The category that was chosen. */
  moving: Category | undefined;
  pending: boolean;
  error: unknown;
  begin(category: Category): void;
  /** Puts it into a category; "" is the top. */
  into(parent: string): void;
  /** Tries the last move again. */
  again(): void;
  end(): void;
}

/** Moves categories; what one was put into is shown with all that is in it. */
export function useMove(all: readonly Category[], onMoved: (parent: string) => void): Move {
  const [id, setId] = useState<string>();
  const done = useDone();
  const toast = useToast();
  const [last, setLast] = useState("");
  const update = useMutation(CategoryService.method.updateCategory, {
    onSuccess: ({ category }) => {
      setId(undefined);
      onMoved(category?.parentId ?? "");
      const parent = all.find((one) => one.id === category?.parentId);
      done(parent ? say("category.moved", { Name: category?.name ?? "", Parent: parent.name }) : say("category.moved_top", { Name: category?.name ?? "" }));
    },
  });
  const moving = all.find((category) => category.id === id);
  const into = (parent: string) => {
    if (!moving || update.isPending) return;
    if (within(all, parent, moving.id)) {
      toast(say("category.not_here", { Name: moving.name }));
    } else if (parent === moving.parentId) {
      setId(undefined);
    } else {
      setLast(parent);
      update.mutate({ category: { id: moving.id, parentId: parent, etag: moving.etag }, updateMask: { paths: ["parent_id"] } });
    }
  };
  return {
    moving, into, pending: update.isPending, error: update.error,
    begin: (category) => {
      update.reset();
      setId(category.id);
    },
    again: () => into(last),
    end: () => {
      update.reset();
      setId(undefined);
    },
  };
}
