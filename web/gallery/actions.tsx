import type { ReactNode } from "react";
import { useState } from "react";
import { BulkBar } from "../office/components/BulkBar";
import { Button } from "../office/components/Button";
import { Dialog } from "../office/components/Dialog";
import { Resend } from "../office/components/mail";
import { Toast } from "../office/components/Toast";
import { say } from "../office/texts/say";
import { mail } from "./examples";
import type { Shown } from "./shown";
import { nothing } from "./shown";

// A dialog covers what else there is, so it is opened.
function Opened({ children }: { children(close: () => void): ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button kind="quiet" onPress={() => setOpen(true)}>{say("keys.open")}</Button>
      {open && children(() => setOpen(false))}
    </>
  );
}

/** What does something. */
export const actions: readonly Shown[] = [
  {
    name: "Button",
    states: [
      { name: "what a form is for", shown: <Button onPress={nothing}>{say("action.save")}</Button> },
      { name: "quiet", shown: <Button kind="quiet" onPress={nothing}>{say("action.cancel")}</Button> },
      { name: "can't be undone", shown: <Button kind="bad" onPress={nothing}>{say("draft.give_up")}</Button> },
      { name: "under way", shown: <Button pending onPress={nothing}>{say("action.save")}</Button> },
    ],
  },
  {
    name: "BulkBar",
    states: [{ name: "three selected", shown: <BulkBar selected={3} onClear={nothing}><Button onPress={nothing}>{say("print.slip")}</Button></BulkBar> }],
  },
  {
    name: "Dialog",
    states: [
      {
        name: "to read",
        shown: <Opened>{(close) => <Dialog title={say("keys.title")} onClose={close}><p>{say("keys.down")}</p><div className="actions"><Button onPress={close}>{say("action.close")}</Button></div></Dialog>}</Opened>,
      },
      {
        name: "something was typed: Escape asks",
        shown: <Opened>{(close) => <Dialog title={say("keys.title")} changed onClose={close}><p>{say("keys.down")}</p></Dialog>}</Opened>,
      },
      {
        name: "about danger",
        shown: <Opened>{(close) => <Dialog title={say("draft.title")} kind="alertdialog" onClose={close}><p>{say("draft.text")}</p><div className="actions"><Button kind="bad" onPress={close}>{say("draft.give_up")}</Button></div></Dialog>}</Opened>,
      },
    ],
  },
  { name: "Resend", states: [{ name: "a mail", shown: <Resend mail={mail} /> }] },
  { name: "Toast", states: [{ name: "done", shown: <div className="stage"><Toast><p>{say("mail.resent", { Email: "ada@example.com" })}</p></Toast></div> }] },
];
