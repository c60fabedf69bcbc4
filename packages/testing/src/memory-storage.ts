import { AgencyError } from "@agency/contract";
import { storageKeyProblem } from "@agency/core";
import type { Storage } from "@agency/core";

/** Storage for tests of what stands on it. Runs the same suite as the real ones. */
export function createMemoryStorage(): Storage {
  const objects = new Map<string, Uint8Array>();

  function checked(key: string): string {
    const problem = storageKeyProblem(key);
    if (problem !== null) throw new AgencyError("invalid_request", `The storage key ${problem}.`);
    return key;
  }

  return {
    async put(key, body) {
      objects.set(checked(key), body.slice());
    },
    async get(key) {
      return objects.get(checked(key))?.slice() ?? null;
    },
    async delete(key) {
      objects.delete(checked(key));
    },
    async deletePrefix(prefix) {
      const folder = `${checked(prefix)}/`;
      for (const key of objects.keys()) if (key.startsWith(folder)) objects.delete(key);
    },
  };
}
