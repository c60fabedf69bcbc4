import type { Device, Pairing } from "@agency/contract";
import type { Entered, SignIn } from "@agency/control";

export const DEVICE_ID = "01900000-0000-7000-8000-0000000000d1";
/** What the cookie of Anna's browser holds, and what her page sends along. */
export const ANNAS_SESSION = "session-of-anna";
export const ANNAS_CSRF = "csrf-of-anna";
const NOW = "2026-03-01T12:00:00.000Z";

/** One browser of Anna's that is signed in, and any way in that is tried works. */
export function createMemorySignIn(): SignIn {
  const at = Date.parse(NOW);
  const session = { id: DEVICE_ID, method: "link" as const, expiresAt: at + 1_000_000, csrf: ANNAS_CSRF };
  const caller = { accountId: "anna", keyId: DEVICE_ID, session };
  const entered: Entered = {
    token: ANNAS_SESSION,
    session: {
      id: DEVICE_ID,
      accountId: "anna",
      method: "link",
      name: "Firefox on Linux",
      address: "127.0.0.1",
      hmac: new Uint8Array(32),
      previousHmac: null,
      previousUntil: null,
      rotatedAt: at,
      createdAt: at,
      seenAt: at,
      expiresAt: session.expiresAt,
    },
  };
  const pairing: Pairing = {
    id: DEVICE_ID,
    deviceName: "a phone",
    address: "10.0.0.9",
    requestedAt: NOW,
    expiresAt: NOW,
  };
  const device: Device = {
    id: DEVICE_ID,
    name: "a phone",
    address: "10.0.0.9",
    method: "pairing",
    current: false,
    createdAt: NOW,
    lastSeenAt: NOW,
    expiresAt: NOW,
  };
  return {
    hasPassword: async () => true,
    byLink: async () => entered,
    byPassword: async () => entered,
    startPairing: async () => ({ id: DEVICE_ID, code: "ABCD-EFGH", secret: "s".repeat(43), expiresAt: NOW }),
    claimPairing: async () => ({ state: "waiting" }),
    authenticate: async (token) => (token === ANNAS_SESSION ? { caller, freshToken: null } : null),
    callerOf: () => caller,
    me: async ({ accountId, keyId }, version) => ({
      account: { id: accountId, name: accountId },
      by: { kind: "key", keyId },
      csrf: null,
      passwordSet: true,
      version,
    }),
    createLink: async () => ({ token: "t".repeat(43), path: "/sign-in#link=t", expiresAt: NOW }),
    findPairing: async () => pairing,
    decidePairing: async () => pairing,
    setPassword: async () => {},
    devices: async () => [device],
    revokeDevice: async () => {},
    signOut: async () => {},
    apiKeys: async () => [],
    createApiKey: async () => ({ id: DEVICE_ID, key: "agk_test" }),
    revokeApiKey: async () => {},
    watch: () => ({ signal: new AbortController().signal, close: () => {} }),
  };
}
