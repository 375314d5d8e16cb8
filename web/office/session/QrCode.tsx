import { useQuery } from "@tanstack/react-query";

/** A text as a QR code, for the camera of a phone. What draws it is loaded when it is needed; where that fails, there is the text alone. */
export function QrCode({ label, text }: { label: string; text: string }) {
  const drawn = useQuery({ queryKey: ["qr code", text], queryFn: async () => (await import("uqr")).encode(text, { border: 4 }), staleTime: "static", gcTime: 0 });
  if (!drawn.data) return drawn.isPending && <svg className="qr-code" viewBox="0 0 1 1" />;
  const { size, data } = drawn.data;
  const dark = data.flatMap((row, y) => row.map((on, x) => (on ? `M${x} ${y}h1v1h-1z` : ""))).join("");
  return (
    <svg className="qr-code" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} shapeRendering="crispEdges">
      <path d={dark} />
    </svg>
  );
}
