import type { ReactNode } from "react";
import { createContext, useContext, useState } from "react";
import { Dialog as AriaDialog, Heading } from "react-aria-components/Dialog";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { say } from "../texts/say";
import { Button } from "./Button";

interface DialogProps {
  title: string;
  children: ReactNode;
  /** Undefined for one that can't be left without an answer. */
  onClose: (() => void) | undefined;
  /** Whether closing it loses something: it asks first. */
  changed?: boolean;
  kind?: "dialog" | "alertdialog";
}

const Closing = createContext<(() => void) | undefined>(undefined);

/** Closes the dialog around a form, and asks first where that loses something; undefined where there is none that can be left. */
export function useClosing(): (() => void) | undefined {
  return useContext(Closing);
}

/** Something to decide before the work goes on. */
export function Dialog({ title, children, onClose, changed = false, kind = "dialog" }: DialogProps) {
  const [asking, setAsking] = useState(false);
  const close = onClose && (changed ? () => setAsking(true) : onClose);
  return (
    <Closing value={close}>
      <ModalOverlay className="overlay" isOpen isDismissable={false} isKeyboardDismissDisabled={!close} onOpenChange={(open) => {
        if (!open) close?.();
      }}>
        <Modal className="modal">
          <AriaDialog className="dialog stack" role={kind}>
            <Heading slot="title" level={2}>{title}</Heading>
            {children}
          </AriaDialog>
        </Modal>
      </ModalOverlay>
      {asking && onClose && <GiveUp onGiveUp={onClose} onClose={() => setAsking(false)} />}
    </Closing>
  );
}

function GiveUp({ onGiveUp, onClose }: { onGiveUp(): void; onClose(): void }) {
  return (
    <Dialog title={say("draft.title")} kind="alertdialog" onClose={onClose}>
      <p>{say("draft.text")}</p>
      <div className="actions">
        <Button onPress={onClose}>{say("draft.go_on")}</Button>
        <Button kind="bad" onPress={onGiveUp}>{say("draft.give_up")}</Button>
      </div>
    </Dialog>
  );
}
