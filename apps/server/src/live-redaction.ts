import { createRedactor } from "@agency/core";
import type { Secret } from "@agency/core";

/** Takes secrets out of text, those included that become known while the server runs. */
export interface LiveRedaction {
  redactText(text: string): string;
  hide(secrets: readonly Secret[]): void;
}

/** Secrets that were rotated away stay hidden for as long as the process lives; so many and no more. */
const MOST = 5_000;

export function createLiveRedaction(initial: readonly Secret[]): LiveRedaction {
  const known = new Map(initial.map((secret) => [secret.value, secret]));
  let { redactor } = createRedactor([...known.values()]);
  return {
    redactText: (text) => redactor.redactText(text),
    hide(secrets) {
      const fresh = secrets.filter(({ value }) => !known.has(value));
      if (fresh.length === 0) return;
      for (const secret of fresh) known.set(secret.value, secret);
      for (const value of [...known.keys()].slice(0, Math.max(0, known.size - MOST))) known.delete(value);
      redactor = createRedactor([...known.values()]).redactor;
    },
  };
}
