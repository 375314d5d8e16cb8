import { count } from "../texts/say";
import { Button } from "./Button";

/** Takes the rows of a list that came since it was shown. */
export function NewRows({ held: { fresh, take } }: { held: { fresh: number; take(): void } }) {
  if (fresh === 0) return null;
  return <Button kind="quiet" onPress={take}>{count("list.fresh", fresh)}</Button>;
}
