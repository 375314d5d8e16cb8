import type { ReactNode } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import { say } from "../texts/say";

interface ButtonProps {
  children: ReactNode;
  kind?: "main" | "quiet" | "bad";
  type?: "button" | "submit";
  /** Whether what it began is under way: it can't be pressed again, and keeps its focus. */
  pending?: boolean;
  onPress?: () => void;
}

/** Does something. It is never disabled because a form is not right yet: pressing it tells what is missing. */
export function Button({ children, kind = "main", type = "button", pending = false, onPress }: ButtonProps) {
  return (
    <AriaButton className="button" data-kind={kind} type={type} isPending={pending} {...(onPress && { onPress })}>
      {children}
      {pending && <span className="hidden" role="status">{say("state.saving")}</span>}
    </AriaButton>
  );
}
