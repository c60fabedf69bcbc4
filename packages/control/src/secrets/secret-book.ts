import { createHash } from "node:crypto";
import { createRedactor } from "@agency/core";
import type { Redactor, Secret } from "@agency/core";
import type { ServerSecret } from "./server-secrets.ts";
import { createTimedCache } from "./timed-cache.ts";
import { hiddenSecret, KNOWN_FOR_MS } from "./vault.ts";
import type { Vault } from "./vault.ts";

/** Every value that must not be shown, wherever text of a task is kept. */
export interface SecretBook {
  /** Hides what the account has stored, what came with the task, and what the server brings. */
  redactorFor(accountId: string, taskId: string): Promise<Redactor>;
}

export function createSecretBook(deps: {
  vault: Vault;
  serverSecrets: readonly ServerSecret[];
  now: () => number;
}): SecretBook {
  const { vault, serverSecrets } = deps;
  // Built once for each set of values: tasks of an account without secrets of their own share one.
  const redactors = createTimedCache<Redactor>(20 * KNOWN_FOR_MS, deps.now);
  return {
    async redactorFor(accountId, taskId) {
      const [stored, own] = await Promise.all([vault.ofAccount(accountId), vault.ofTask(accountId, taskId)]);
      const secrets = [...[...own, ...stored].flatMap(hiddenSecret), ...serverSecrets.map(toSecret)];
      const key = createHash("sha256").update(JSON.stringify(secrets)).digest("base64");
      return redactors.get(key, async () => createRedactor(secrets).redactor);
    },
  };
}

function toSecret({ name, value }: Secret): Secret {
  return { name, value };
}
