/** A file of comma-separated values. Its first character tells Excel that it is UTF-8 (decision 76). */
export function csvOf(parts: readonly string[]): BlobPart[] {
  return ["\ufeff", ...parts];
}

/** Has the browser save a file. */
export function save(name: string, type: string, parts: BlobPart[]): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(parts, { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
