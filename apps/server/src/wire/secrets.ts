import { join } from "node:path";
import type { Settings } from "@agency/contract";
import {
  createCredentials,
  createKeyRing,
  createRotation,
  createSecretBook,
  createVault,
  loadMasterKeys,
  serverSecrets,
} from "@agency/control";
import type { CredentialBook, KeyRing, SecretBook, SecretDeps } from "@agency/control";
import type { Logger, Secret } from "@agency/core";
import type { Stores } from "./stores.ts";

export interface SecretKeeping {
  readonly ring: KeyRing;
  readonly credentials: CredentialBook;
  readonly book: SecretBook;
  /** What the use cases around secrets need. */
  readonly managing: SecretDeps;
  readonly rotate: ReturnType<typeof createRotation>;
}

interface Parts {
  settings: Settings;
  dataRoot: string;
  stores: Stores;
  /** From now on no log shows these. */
  hide: (secrets: readonly Secret[]) => void;
  logger: Logger;
}

const now = () => Date.now();

/** The master keys, and everything that opens a secret with them. */
export async function keepSecrets(parts: Parts): Promise<SecretKeeping> {
  const { settings, dataRoot, stores, hide, logger } = parts;
  const file = join(dataRoot, "master-key");
  const master = await loadMasterKeys({ fromSettings: settings.masterKeys, file, now });
  const ring = createKeyRing(master.keys, now);
  const store = stores.secrets;
  const vault = createVault({ store, ring, onOpened: hide, now });
  const own = serverSecrets(settings);
  const { anthropicBaseUrl, openaiBaseUrl, githubApiUrl } = settings;
  const vendors = { fetch, anthropicBaseUrl, openaiBaseUrl, githubApiUrl };
  return {
    ring,
    credentials: createCredentials({
      vault,
      serverSecrets: own,
      tasks: stores.tasks,
      fetch,
      githubApiUrl,
      logger,
      now,
    }),
    book: createSecretBook({ vault, serverSecrets: own, now }),
    managing: { store, ring, vault, vendors, serverSecrets: own, now },
    rotate: createRotation({ store, audit: stores.audit, ring, masterKeyFile: master.file, now }),
  };
}
