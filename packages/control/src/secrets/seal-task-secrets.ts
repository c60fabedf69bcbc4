import { taskPlace } from "@agency/core";
import type { SealedSecret } from "@agency/core";
import type { KeyRing } from "./key-ring.ts";
import { recogniseSecret } from "./recognise-secret.ts";

/** The secrets that came with a task, checked and sealed for that task alone. */
export function sealTaskSecrets(
  { ring }: { ring: KeyRing },
  task: { accountId: string; taskId: string },
  secrets: Readonly<Record<string, string>>,
): { name: string; secret: SealedSecret }[] {
  return Object.entries(secrets).map(([name, given]) => {
    const { value } = recogniseSecret(name, { value: given });
    return { name, secret: ring.seal(value, taskPlace({ ...task, name })) };
  });
}
