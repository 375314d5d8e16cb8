import type { Draft } from "../form/useDraft";
import { say } from "../texts/say";
import { Button } from "./Button";

/** What others changed while somebody typed, theirs beside yours, field by field. */
export function Overtaken({ draft, names }: { draft: Draft; names: Readonly<Record<string, string>> }) {
  if (!draft.stale || draft.mask.length === 0) return null;
  return (
    <div className="notice" data-kind="warn" role="alert">
      <p>{draft.conflicts.length > 0 ? say("overtaken.conflicts") : say("overtaken.others")}</p>
      {draft.conflicts.map(({ path, theirs, yours }) => (
        <dl className="attributes" key={path}>
          <div>
            <dt>{names[path] ?? path}</dt>
            <dd className="row">
              {say("overtaken.values", { Theirs: theirs || "–", Yours: yours || "–" })}
              <Button kind="quiet" onPress={() => draft.set(path, theirs)}>{say("overtaken.take")}</Button>
            </dd>
          </div>
        </dl>
      ))}
      <Button kind="quiet" onPress={draft.adopt}>{say("overtaken.go_on")}</Button>
    </div>
  );
}
