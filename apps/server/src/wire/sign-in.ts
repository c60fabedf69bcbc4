import { createPasswords, createSignIn, systemClock } from "@agency/control";
import type { SignIn } from "@agency/control";
import { DEFAULT_ACCOUNT_ID } from "@agency/postgres";
import type { Foundations } from "./foundations.ts";

export function wireSignIn({ stores, apiKeys, folder }: Foundations): SignIn {
  return createSignIn({
    sessions: stores.sessions,
    pairings: stores.pairings,
    ways: stores.ways,
    audit: stores.audit,
    apiKeys: stores.apiKeys,
    keys: apiKeys,
    passwords: createPasswords(),
    pepper: folder.secret,
    clock: systemClock,
    accountId: DEFAULT_ACCOUNT_ID,
  });
}
