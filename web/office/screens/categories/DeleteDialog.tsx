import { useMutation } from "@connectrpc/connect-query";
import type { Category } from "@shopmesh/api/shopmesh/catalog/v1/category_pb";
import { CategoryService } from "@shopmesh/api/shopmesh/catalog/v1/category_service_pb";
import { Button } from "../../components/Button";
import { Dialog } from "../../components/Dialog";
import { Failed } from "../../components/States";
import { useDone } from "../../components/useDone";
import { say } from "../../texts/say";

/** Deletes a category that holds nothing. */
export function DeleteDialog({ category, onClose }: { category: Category; onClose(): void }) {
  const done = useDone();
  const remove = useMutation(CategoryService.method.deleteCategory, {
    onSuccess: () => {
      done(say("category.deleted", { Name: category.name }));
      onClose();
    },
  });
  const go = () => remove.mutate({ id: category.id, etag: category.etag });
  return (
    <Dialog title={say("category.delete_title", { Name: category.name })} kind="alertdialog" onClose={onClose}>
      <p>{say("category.delete_text")}</p>
      {remove.error && <Failed error={remove.error} retry={go} />}
      <div className="actions">
        <Button kind="bad" pending={remove.isPending} onPress={go}>{say("category.delete")}</Button>
        <Button kind="quiet" onPress={onClose}>{say("action.cancel")}</Button>
      </div>
    </Dialog>
  );
}
