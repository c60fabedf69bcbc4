import { join } from "node:path";
import { isAgencyError } from "@agency/contract";
import type { ApiKeys } from "@agency/control";
import { readText, writePrivate } from "./data-folder.ts";

/** The key the command line on this machine uses: made at the first start, or when the database is another one. */
export async function ensureApiKey(apiKeys: ApiKeys, dataRoot: string, accountId: string): Promise<void> {
  const path = join(dataRoot, "api-key");
  const known = await readText(path);
  if (known !== null && (await isValid(apiKeys, known))) return;
  await writePrivate(path, `${await apiKeys.create(accountId, "this machine", Date.now())}\n`);
}

async function isValid(apiKeys: ApiKeys, key: string): Promise<boolean> {
  try {
    await apiKeys.authenticate(`Bearer ${key}`);
    return true;
  } catch (error) {
    // A database that does not answer says nothing about the key.
    if (isAgencyError(error) && error.code === "unauthenticated") return false;
    throw error;
  }
}
