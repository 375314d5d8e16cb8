import { useState } from "react";

/** Whether a page of a list asks how many there are: the first does, and the one that the list was opened at, as by a link. It is the same for the others. */
export function useAsksTotal(page: string | undefined): boolean {
  const [opened] = useState(page);
  return page === undefined || page === opened;
}

/** A list as it is read. */
interface Read {
  data: { totalSize?: number | undefined } | undefined;
  /** Whether the rows are those of the page or filter before. */
  isPlaceholderData: boolean;
}

/** How many a list has, whichever page is shown; undefined while nobody knows it. */
export function useTotal(filter: string, { data, isPlaceholderData }: Read): number | undefined {
  const [kept, setKept] = useState<{ filter: string; size: number }>();
  const size = isPlaceholderData ? undefined : data?.totalSize;
  if (size !== undefined && (size !== kept?.size || filter !== kept?.filter)) setKept({ filter, size });
  return isPlaceholderData || kept?.filter === filter ? kept?.size : undefined;
}
