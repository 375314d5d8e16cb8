import type { Draft } from "../form/useDraft";
import { say } from "../texts/say";
import { Button } from "./Button";

interface OvertakenProps {
  draft: Draft;
  names: Readonly<Record<string, string>>;
  /** Writes a field's value for people, where the draft has it otherwise. */
  show?: (path: string, value: string) => string;
}

/** What others changed while somebody typed, theirs beside yours, field by field. */
export function Overtaken({ draft, names, show = asTyped }: OvertakenProps) {
  if (!draft.stale || draft.mask.length === 0) return null;
  return (
    <div className="notice" data-kind="warn" role="alert">
      <p>{draft.conflicts.length > 0 ? say("overtaken.conflicts") : say("overtaken.others")}</p>
      {draft.conflicts.map(({ path, theirs, yours }) => (
        <dl className="facts" key={path}>
          <div>
            <dt>{names[path] ?? path}</dt>
            <dd className="row">
              {say("overtaken.values", { Theirs: show(path, theirs) || "–", Yours: show(path, yours) || "–" })}
              <Button kind="quiet" onPress={() => draft.set(path, theirs)}>{say("overtaken.take")}</Button>
            </dd>
          </div>
        </dl>
      ))}
      <Button kind="quiet" onPress={draft.adopt}>{say("overtaken.go_on")}</Button>
    </div>
  );
}

const asTyped = (_: string, value: string) => value;
