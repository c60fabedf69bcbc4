import {
  apiKeyListSchema,
  createdApiKeySchema,
  CSRF_HEADER,
  deviceListSchema,
  meSchema,
  pairingSchema,
  pairingStateSchema,
  signInLinkSchema,
  signInWaysSchema,
  startedPairingSchema,
} from "@agency/contract";
import type {
  ApiKeyInfo,
  ClaimPairing,
  CreatedApiKey,
  DecidePairing,
  Device,
  Me,
  Pairing,
  PairingState,
  SetPassword,
  SignInByLink,
  SignInByPassword,
  SignInLink,
  SignInWays,
  StartedPairing,
  StartPairing,
} from "@agency/contract";
import { finish } from "./calls.ts";
import type { Call } from "./calls.ts";
import { call, send } from "./connection.ts";
import type { Connection } from "./connection.ts";

/** Who is signed in, how, and on which devices. The calls that sign in work in a browser only: they set a cookie. */
export interface SignInCalls {
  signInWays(options?: Call): Promise<SignInWays>;
  signInByLink(input: SignInByLink, options?: Call): Promise<Me>;
  signInByPassword(input: SignInByPassword, options?: Call): Promise<Me>;
  startPairing(input?: StartPairing, options?: Call): Promise<StartedPairing>;
  /** Answers as soon as somebody has decided, or `waiting` after 20 seconds: ask again then. */
  claimPairing(input: ClaimPairing, options?: Call): Promise<Me | PairingState>;
  signOut(options?: Call): Promise<void>;
  createSignInLink(options?: Call): Promise<SignInLink>;
  findPairing(code: string, options?: Call): Promise<Pairing>;
  decidePairing(input: DecidePairing, options?: Call): Promise<Pairing>;
  devices(options?: Call): Promise<Device[]>;
  revokeDevice(id: string, options?: Call): Promise<void>;
  setPassword(input: SetPassword, options?: Call): Promise<void>;
  apiKeys(options?: Call): Promise<ApiKeyInfo[]>;
  createApiKey(name: string, options?: Call): Promise<CreatedApiKey>;
  revokeApiKey(id: string, options?: Call): Promise<void>;
}

/** Any text will do before there is a session; a page of another origin cannot send the header at all. */
const headers = { [CSRF_HEADER]: "sign-in" };
const claimed = meSchema.or(pairingStateSchema);

export function signInCalls(connection: Connection): SignInCalls {
  return { ...waysIn(connection), ...access(connection) };
}

type WaysIn = "signInWays" | "signInByLink" | "signInByPassword" | "startPairing" | "claimPairing";

function waysIn(connection: Connection): Pick<SignInCalls, WaysIn> {
  const enter = (path: string, body: object, { signal }: Call) => ({
    method: "POST" as const,
    path,
    body,
    headers,
    signal,
  });
  return {
    signInWays: ({ signal } = {}) => call(connection, { path: "/v1/sign-in", signal }, signInWaysSchema),
    signInByLink: (body, options = {}) =>
      call(connection, enter("/v1/sign-in/link", body, options), meSchema),
    signInByPassword: (body, options = {}) =>
      call(connection, enter("/v1/sign-in/password", body, options), meSchema),
    startPairing: (body = {}, options = {}) =>
      call(connection, enter("/v1/pairing", body, options), startedPairingSchema),
    claimPairing: (body, options = {}) =>
      call(connection, enter("/v1/pairing/claim", body, options), claimed),
  };
}

function access(connection: Connection): Omit<SignInCalls, WaysIn> {
  const post = (path: string, body: object | undefined, { signal }: Call) => ({
    method: "POST" as const,
    path,
    body,
    signal,
  });
  const remove = async (path: string, { signal }: Call) =>
    finish(await send(connection, { method: "DELETE", path, signal }));
  return {
    signOut: async (options = {}) => finish(await send(connection, post("/v1/sign-out", undefined, options))),
    createSignInLink: (options = {}) =>
      call(connection, post("/v1/sign-in-links", undefined, options), signInLinkSchema),
    findPairing: (code, options = {}) =>
      call(connection, post("/v1/pairing/find", { code }, options), pairingSchema),
    decidePairing: (body, options = {}) =>
      call(connection, post("/v1/pairing/decide", body, options), pairingSchema),
    devices: async ({ signal } = {}) =>
      (await call(connection, { path: "/v1/devices", signal }, deviceListSchema)).devices,
    revokeDevice: (id, options = {}) => remove(`/v1/devices/${encodeURIComponent(id)}`, options),
    setPassword: async (body, { signal } = {}) =>
      finish(await send(connection, { method: "PUT", path: "/v1/password", body, signal })),
    apiKeys: async ({ signal } = {}) =>
      (await call(connection, { path: "/v1/keys", signal }, apiKeyListSchema)).keys,
    createApiKey: (name, options = {}) =>
      call(connection, post("/v1/keys", { name }, options), createdApiKeySchema),
    revokeApiKey: (id, options = {}) => remove(`/v1/keys/${encodeURIComponent(id)}`, options),
  };
}
