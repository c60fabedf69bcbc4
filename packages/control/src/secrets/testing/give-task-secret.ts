import type { Database } from "@agency/postgres";
import type { KeyRing } from "../key-ring.ts";
import { sealTaskSecrets } from "../seal-task-secrets.ts";

/** As the task store does it when a task is made. */
export async function giveTaskSecrets(
  db: Database,
  ring: KeyRing,
  task: { accountId: string; taskId: string },
  secrets: Record<string, string>,
): Promise<void> {
  for (const { name, secret } of sealTaskSecrets({ ring }, task, secrets)) {
    await db.query("insert into task_secrets values ($1, $2, $3, $4, $5, $6)", [
      task.taskId,
      task.accountId,
      name,
      secret.keyId,
      Buffer.from(secret.wrappedKey),
      Buffer.from(secret.sealed),
    ]);
  }
}
