import { encode } from "uqr";
import { useMemo } from "react";

/** A text as a QR code, for the camera of a phone. */
export function QrCode({ label, text }: { label: string; text: string }) {
  const { size, data } = useMemo(() => encode(text, { border: 4 }), [text]);
  const dark = data.flatMap((row, y) => row.map((on, x) => (on ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return (
    <svg className="qr-code" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} shapeRendering="crispEdges">
      <path d={dark} />
    </svg>
  );
}
