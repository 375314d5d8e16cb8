import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { ReactNode } from "react";
import { time } from "../texts/format";
import { Actor } from "./Actor";

/** Something that happened. */
export interface Entry {
  at: Timestamp | undefined;
  told: ReactNode;
  /** Who did it, as the contracts write it; empty for the shop itself. */
  actor: string;
}

/** What happened, in the order of its entries. */
export function Timeline({ entries }: { entries: readonly Entry[] }) {
  return (
    <ol className="timeline">
      {entries.map(({ at, told, actor }, nth) => (
        <li key={nth}>
          <time dateTime={at && timestampDate(at).toISOString()}>{time(at)}</time>
          {told}
          {actor && <Actor actor={actor} />}
        </li>
      ))}
    </ol>
  );
}
