import { useState } from "react";
import { tell } from "../../../ui/states.tsx";
import { say } from "../../../ui/toasts.tsx";

/** Saves something; what the server has against it is to be shown beside what was written. */
export function useSave(onSaved: () => void) {
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<string | undefined>();
  const save = async (action: () => Promise<unknown>, done: string) => {
    setBusy(true);
    setRefused(undefined);
    try {
      await action();
      say(done);
      onSaved();
    } catch (error) {
      const { detail, next } = tell(error);
      setRefused([detail, next].filter((part) => part !== null).join(" "));
    }
    setBusy(false);
  };
  return { busy, refused, forget: () => setRefused(undefined), save };
}
