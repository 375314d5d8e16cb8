/** Reads pasted tracking codes: a line for each order, in their order, or each with the order's number before it. */
export function trackingCodes(pasted: string, numbers: readonly string[]): ReadonlyMap<string, string> {
  const codes = new Map<string, string>();
  const plain: string[] = [];
  for (const line of pasted.split(/\r?\n/)) {
    const cells = line.split(/[\t;,]/).map((cell) => cell.trim());
    const number = numbers.find((one) => one === (cells[0] ?? "").replace(/^#/, "").toUpperCase());
    if (number && cells.length > 1) codes.set(number, cells[1] ?? "");
    else plain.push(line.trim());
  }
  const without = numbers.filter((number) => !codes.has(number));
  while (plain.at(-1) === "") plain.pop();
  plain.forEach((code, at) => {
    const number = without[at];
    if (number && code !== "") codes.set(number, code);
  });
  return codes;
}
