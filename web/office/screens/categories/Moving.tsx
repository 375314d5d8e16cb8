import { Button } from "../../components/Button";
import { Failed } from "../../components/States";
import { say } from "../../texts/say";
import type { Move } from "./useMove";

/** Says which category is being moved, and how. It is there before it says so, so that it is heard. */
export function Moving({ move }: { move: Move }) {
  const { moving } = move;
  return (
    <>
      <div role="status">{moving && <p className="notice" data-kind="warn">{say("category.moving", { Name: moving.name })}</p>}</div>
      {moving && (
        <div className="actions">
          {moving.parentId && <Button kind="quiet" pending={move.pending} onPress={() => move.into("")}>{say("category.to_top")}</Button>}
          <Button kind="quiet" onPress={move.end}>{say("category.leave")}</Button>
        </div>
      )}
      {moving && move.error != null && <Failed error={move.error} retry={move.again} />}
    </>
  );
}
