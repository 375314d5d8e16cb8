import type { RefObject } from "react";
import { useEffect } from "react";

/**
 * Gives the focus to the heading above where what had it is gone, as a button is whose action was done, or a
 * row that was deleted: it would fall to the page, and who works by keys would begin anew.
 */
export function useLostFocus(main: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    let had: readonly Element[] = []; // what had the focus, and what is around it
    const hear = ({ target }: FocusEvent) => {
      if (target instanceof Element && main.current?.contains(target)) had = withAncestors(target);
    };
    const lost = () => had[0]?.isConnected === false && document.activeElement === document.body;
    const observer = new MutationObserver(() => {
      if (!lost()) return;
      // A dialog that was closed gives the focus back in this frame, if what opened it is there still.
      requestAnimationFrame(() => {
        if (!lost()) return;
        const heading = had.filter((element) => element.isConnected).map((element) => element.querySelector<HTMLElement>("h1, h2, h3")).find((found) => found !== null);
        had = [];
        if (!heading) return;
        heading.tabIndex = -1;
        heading.focus({ preventScroll: true });
      });
    });
    document.addEventListener("focusin", hear);
    observer.observe(document.body, { childList: true, subtree: true });
    return () => {
      document.removeEventListener("focusin", hear);
      observer.disconnect();
    };
  }, [main]);
}

function withAncestors(element: Element): readonly Element[] {
  return element.parentElement ? [element, ...withAncestors(element.parentElement)] : [element];
}
