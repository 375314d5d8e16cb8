import { Button } from "../../components/Button";
import { Notice } from "../../components/Small";
import { count, say } from "../../texts/say";
import type { Pasted } from "./paste";

// How many codes are named, so that a list of another shop does not fill the screen.
const NAMED = 20;

/** What became of a pasted list. */
export function PastedNotice({ pasted, onClose }: { pasted: Pasted; onClose(): void }) {
  const wrong = pasted.unknown.length > 0 || pasted.repeated.length > 0;
  return (
    <Notice kind={wrong ? "warn" : "good"}>
      <p>{count("grid.found", pasted.found)}</p>
      {pasted.unknown.length > 0 && <p>{count("grid.unknown", pasted.unknown.length)} <Codes codes={pasted.unknown} /></p>}
      {pasted.repeated.length > 0 && <p>{say("grid.repeated")} <Codes codes={pasted.repeated} /></p>}
      <Button kind="quiet" onPress={onClose}>{say("action.close")}</Button>
    </Notice>
  );
}

function Codes({ codes }: { codes: readonly string[] }) {
  return <bdi>{codes.slice(0, NAMED).map((code) => code || "–").join(", ")}{codes.length > NAMED && " …"}</bdi>;
}
