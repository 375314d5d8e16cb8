import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";

interface DialogProps {
  title: string;
  children: ReactNode;
  /** Undefined for one that can't be left without an answer. */
  onClose: (() => void) | undefined;
  kind?: "dialog" | "alertdialog";
}

/** Something to decide before the work goes on. */
export function Dialog({ title, children, onClose, kind = "dialog" }: DialogProps) {
  return (
    <ModalOverlay className="overlay" isOpen isDismissable={false} isKeyboardDismissDisabled={!onClose} onOpenChange={(open) => {
      if (!open) onClose?.();
    }}>
      <Modal className="modal">
        <AriaDialog className="dialog stack" role={kind}>
          <Heading slot="title" level={2}>{title}</Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
