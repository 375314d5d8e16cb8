import { useEffect, useRef } from "react";
import { frameHTML } from "../../components/trusted";

/** A mail as it looks, in a frame that runs no script and leads nowhere. */
export function Frame({ title, html }: { title: string; html: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  useEffect(() => {
    if (frame.current) frame.current.srcdoc = frameHTML(html);
  }, [html]);
  return <iframe className="mail" title={title} sandbox="" ref={frame} />;
}
