// Lengths of time, as people type them ("30 min") and as ProtoJSON has them ("1800s").

const units = { d: 86_400, h: 3_600, min: 60, s: 1, ms: 0.001 } as const;

/** Writes a length of time in the largest unit in which it is a whole number. */
export function showDuration(json: string): string {
  const seconds = Number(json.replace(/s$/, ""));
  for (const [unit, size] of Object.entries(units)) {
    const amount = Math.round((seconds / size) * 1e6) / 1e6;
    if (Number.isInteger(amount) && (amount !== 0 || unit === "s")) return `${amount} ${unit}`;
  }
  return `${seconds} s`;
}

/** Reads what somebody typed; what is no length of time is returned as it is, for the server to refuse. */
export function readDuration(typed: string): string {
  const match = /^\s*(\d+(?:[.,]\d+)?)\s*(d|h|min|s|ms)?\s*$/.exec(typed);
  if (!match) return typed.trim();
  const unit = (match[2] ?? "s") as keyof typeof units;
  const seconds = Number((match[1] ?? "").replace(",", ".")) * units[unit];
  return `${Math.round(seconds * 1000) / 1000}s`;
}
