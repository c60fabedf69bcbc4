import { useState } from "react";
import type { ReactNode } from "react";
import { Dialog } from "./dialog.tsx";

interface ConfirmProps {
  title: string;
  text: string;
  yes: string;
  no: string;
  children?: ReactNode;
  onYes: () => Promise<unknown>;
  onClose: () => void;
}

/** Before something that cannot be taken back. The focus is on the way out. */
export function Confirm({ title, text, yes, no, children, onYes, onClose }: ConfirmProps) {
  const [busy, setBusy] = useState(false);
  const go = async () => {
    setBusy(true);
    await onYes();
    setBusy(false);
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{text}</p>
      {children}
      <div className="button-row dialog-foot">
        <button type="button" autoFocus className="button" onClick={onClose}>
          {no}
        </button>
        <button type="button" className="button button-danger" disabled={busy} onClick={() => void go()}>
          {yes}
        </button>
      </div>
    </Dialog>
  );
}
