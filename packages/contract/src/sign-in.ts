import { z } from "zod";

/** Page of the web app that takes a one-time link; the token stands in the fragment, which no server ever sees. */
export const SIGN_IN_PATH = "/sign-in";
/** `/sign-in#link=<token>` */
export const SIGN_IN_FRAGMENT = "link";
/**
 * A request with a session cookie that changes something carries the token of `me.csrf` in this header; the
 * calls that sign in carry it with any text.
 */
export const CSRF_HEADER = "x-agency-csrf";
export const PAIRING_CODE_LENGTH = 8;
export const MIN_PASSWORD = 12;

const when = z.iso.datetime();
const token = z.string().min(20).max(200);
const passwordSchema = z
  .string()
  .min(MIN_PASSWORD, `must have at least ${MIN_PASSWORD} characters`)
  .max(1000);
const deviceNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(80)
  .regex(/^[^\p{Cc}\p{Cf}]*$/u, "no control characters");

export const SIGN_IN_METHODS = ["link", "password", "pairing"] as const;
const methodSchema = z.enum(SIGN_IN_METHODS);
export type SignInMethod = z.infer<typeof methodSchema>;

/** What somebody who is not signed in may know. */
export const signInWaysSchema = z.object({
  password: z.boolean().describe("A password is set."),
  allowed: z.boolean().describe("False over plain http from another machine: no cookie would be safe there."),
});
export type SignInWays = z.infer<typeof signInWaysSchema>;

export const signInByLinkSchema = z.strictObject({ token, deviceName: deviceNameSchema.optional() });
export type SignInByLink = z.output<typeof signInByLinkSchema>;
export const signInByPasswordSchema = z.strictObject({
  password: z.string().min(1).max(1000),
  deviceName: deviceNameSchema.optional(),
});
export type SignInByPassword = z.output<typeof signInByPasswordSchema>;

export const signInLinkSchema = z.object({
  token: z.string().describe("Good once, for ten minutes."),
  path: z.string().describe("To be put behind the server's address."),
  expiresAt: when,
});
export type SignInLink = z.infer<typeof signInLinkSchema>;

export const meSchema = z.object({
  account: z.object({ id: z.string(), name: z.string() }),
  by: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("key"), keyId: z.string() }),
    z.object({
      kind: z.literal("session"),
      deviceId: z.string(),
      method: methodSchema,
      expiresAt: when.describe("It ends then, used or not."),
    }),
  ]),
  csrf: z
    .object({ header: z.string(), token: z.string() })
    .nullable()
    .describe("What a request that changes something must carry; null for a key."),
  passwordSet: z.boolean(),
  version: z.string(),
});
export type Me = z.infer<typeof meSchema>;

export const deviceSchema = z.object({
  id: z.string(),
  name: z.string(),
  address: z.string().describe("Where it signed in from."),
  method: methodSchema,
  createdAt: when,
  lastSeenAt: when,
  expiresAt: when,
  current: z.boolean().describe("The one that asks."),
});
export type Device = z.infer<typeof deviceSchema>;
export const deviceListSchema = z.object({ devices: z.array(deviceSchema) });

export const startPairingSchema = z.strictObject({ deviceName: deviceNameSchema.optional() });
export type StartPairing = z.output<typeof startPairingSchema>;
/** For the new device: it shows `code` and claims with `id` and `secret` until somebody has decided. */
export const startedPairingSchema = z.object({
  id: z.uuid(),
  code: z.string().describe("As it is shown: two groups of four."),
  secret: z.string(),
  expiresAt: when,
});
export type StartedPairing = z.infer<typeof startedPairingSchema>;

export const claimPairingSchema = z.strictObject({ id: z.uuid(), secret: token });
export type ClaimPairing = z.output<typeof claimPairingSchema>;
export const pairingStateSchema = z.object({ state: z.enum(["waiting", "refused", "expired"]) });
export type PairingState = z.infer<typeof pairingStateSchema>;

/** Case, spaces and hyphens do not matter. */
const codeSchema = z.string().min(1).max(40);
export const findPairingSchema = z.strictObject({ code: codeSchema });
export const decidePairingSchema = z.strictObject({ code: codeSchema, accept: z.boolean() });
export type DecidePairing = z.output<typeof decidePairingSchema>;
/** For the person who decides. */
export const pairingSchema = z.object({
  id: z.uuid(),
  deviceName: z.string(),
  address: z.string(),
  requestedAt: when,
  expiresAt: when,
});
export type Pairing = z.infer<typeof pairingSchema>;

export const setPasswordSchema = z.strictObject({
  password: passwordSchema.nullable().describe("Null: no sign-in by password any more."),
  current: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .describe("The present one; a browser needs it to change it, a key does not."),
});
export type SetPassword = z.output<typeof setPasswordSchema>;

export const apiKeyInfoSchema = z.object({
  id: z.string(),
  name: z.string(),
  prefix: z.string(),
  createdAt: when,
  revoked: z.boolean(),
});
export type ApiKeyInfo = z.infer<typeof apiKeyInfoSchema>;
export const apiKeyListSchema = z.object({ keys: z.array(apiKeyInfoSchema) });
export const createApiKeySchema = z.strictObject({ name: deviceNameSchema });
export const createdApiKeySchema = z.object({ id: z.string(), key: z.string().describe("Shown only now.") });
export type CreatedApiKey = z.infer<typeof createdApiKeySchema>;
