import type { ReactNode } from "react";
import { createContext, useCallback, useContext, useEffect, useState } from "react";

const ToastContext = createContext<(text: string) => void>(() => {});

/** Says that something was done: `toast(text)`. */
export function useToast(): (text: string) => void {
  return useContext(ToastContext);
}

// How long it is shown, in milliseconds.
const SHOWN = 6000;

/** Where it is said what was done, aloud as well. */
export function Toasts({ children }: { children: ReactNode }) {
  const [said, setSaid] = useState({ text: "", at: 0 });
  const say = useCallback((text: string) => setSaid((last) => ({ text, at: last.at + 1 })), []);
  useEffect(() => {
    const timer = setTimeout(() => setSaid((last) => ({ ...last, text: "" })), SHOWN);
    return () => clearTimeout(timer);
  }, [said.at]);
  return (
    <ToastContext value={say}>
      {children}
      <div className="toast" role="status">{said.text && <p key={said.at}>{said.text}</p>}</div>
    </ToastContext>
  );
}
