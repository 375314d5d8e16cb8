import type { ReactNode } from "react";
import { createContext, useCallback, useContext, useEffect, useState } from "react";

const ToastContext = createContext<(text: string) => void>(() => {});

/** Says that something was done: `toast(text)`. */
export function useToast(): (text: string) => void {
  return useContext(ToastContext);
}

// How long it is shown, in milliseconds.
const SHOWN = 6000;

/** What was done, said aloud as well. It is there while it says nothing, too: what comes with its text is not heard. */
export function Toast({ children }: { children: ReactNode }) {
  return <div className="toast" role="status">{children}</div>;
}

/** Says for a while what is done within it. */
export function ToastProvider({ children }: { children: ReactNode }) {
  const [said, setSaid] = useState({ text: "", at: 0 });
  const say = useCallback((text: string) => setSaid((last) => ({ text, at: last.at + 1 })), []);
  useEffect(() => {
    const timer = setTimeout(() => setSaid((last) => ({ ...last, text: "" })), SHOWN);
    return () => clearTimeout(timer);
  }, [said.at]);
  return (
    <ToastContext value={say}>
      {children}
      <Toast>{said.text && <p key={said.at}>{said.text}</p>}</Toast>
    </ToastContext>
  );
}
