import type { LfsActionKind } from "./lfs-objects.ts";

export interface LfsPointer {
  readonly oid: string;
  readonly size: number;
}

export interface LfsBatch {
  readonly operation: "download" | "upload";
  readonly ref: string | null;
  readonly objects: readonly LfsPointer[];
}

export interface LfsAction {
  readonly kind: LfsActionKind;
  readonly href: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresInSeconds: number;
}

export interface LfsAnswered extends LfsPointer {
  /** The address needs no credential beside its own headers. */
  readonly authenticated: boolean;
  readonly actions: readonly LfsAction[];
  readonly error: { readonly code: number; readonly message: string } | null;
}

export const MAX_BATCH = 1_000;
const MAX_SECONDS = 3_600;
const KINDS = ["download", "upload", "verify"] as const;

/** What git-lfs asks for, or null. Only what is understood goes on: never another way of transfer. */
export function parseBatch(text: string): LfsBatch | null {
  const { operation, objects, ref } = record(parse(text));
  if ((operation !== "download" && operation !== "upload") || !Array.isArray(objects)) return null;
  const pointers = objects.map(pointerOf);
  if (pointers.length === 0 || pointers.length > MAX_BATCH || pointers.includes(null)) return null;
  const { name } = record(ref);
  const named = typeof name === "string" && /^refs\/[^\x00-\x20\x7f]{1,1000}$/.test(name) ? name : null;
  return { operation, ref: named, objects: pointers.filter((pointer) => pointer !== null) };
}

export function batchBody({ operation, ref, objects }: LfsBatch): string {
  const named = ref === null ? {} : { ref: { name: ref } };
  return JSON.stringify({ operation, transfers: ["basic"], ...named, objects, hash_algo: "sha256" });
}

/** The host's answer, or null when it cannot be used: of each object asked for, what can be done with it. */
export function parseBatchAnswer(text: string, asked: LfsBatch, now: number): readonly LfsAnswered[] | null {
  const { objects, transfer } = record(parse(text));
  if (!Array.isArray(objects) || (transfer !== undefined && transfer !== "basic")) return null;
  const wanted = new Map(asked.objects.map((pointer) => [pointer.oid, pointer]));
  return objects.flatMap((value) => {
    const { oid, authenticated, actions, error } = record(value);
    const pointer = typeof oid === "string" ? wanted.get(oid) : undefined;
    if (pointer === undefined) return [];
    const usable = KINDS.filter((kind) => (kind === "download") === (asked.operation === "download"));
    return {
      ...pointer,
      authenticated: authenticated === true,
      actions: usable.flatMap((kind) => actionOf(kind, record(actions)[kind], now) ?? []),
      error: errorOf(error),
    };
  });
}

/** The answer git-lfs gets; `addressOf` gives the address in the real one's place. */
export function batchAnswer(
  objects: readonly LfsAnswered[],
  addressOf: (object: LfsAnswered, action: LfsAction) => string,
): string {
  return JSON.stringify({
    transfer: "basic",
    hash_algo: "sha256",
    objects: objects.map((object) => {
      const { oid, size, error, actions } = object;
      if (error !== null) return { oid, size, error };
      const offered = actions.map((action) => [
        action.kind,
        { href: addressOf(object, action), expires_in: action.expiresInSeconds },
      ]);
      // No actions at all says to an uploader that the object is there already.
      const list = offered.length === 0 ? {} : { actions: Object.fromEntries(offered) };
      return { oid, size, authenticated: true, ...list };
    }),
  });
}

function actionOf(kind: LfsActionKind, value: unknown, now: number): LfsAction | null {
  const { href, header, expires_in: seconds, expires_at: at } = record(value);
  if (typeof href !== "string" || !URL.canParse(href)) return null;
  const headers = Object.entries(record(header)).filter(isHeader);
  const until = typeof at === "string" ? (Date.parse(at) - now) / 1000 : Number.NaN;
  const left = [typeof seconds === "number" ? seconds : Number.NaN, until].filter((n) => n > 0);
  const expiresInSeconds = Math.floor(Math.min(MAX_SECONDS, ...left));
  return { kind, href, headers: Object.fromEntries(headers), expiresInSeconds };
}

function isHeader(entry: [string, unknown]): entry is [string, string] {
  const [name, value] = entry;
  const ours = /^(?:host|connection|content-length|upgrade|te|trailer|expect|proxy-.*)$/i;
  const isToken = /^[\w!#$%&'*+.^`|~-]{1,128}$/.test(name) && !ours.test(name);
  return isToken && typeof value === "string" && /^[\x20-\x7e\t]{0,16384}$/.test(value);
}

function pointerOf(value: unknown): LfsPointer | null {
  const { oid, size } = record(value);
  const isPointer = typeof oid === "string" && /^[0-9a-f]{64}$/.test(oid);
  return isPointer && typeof size === "number" && Number.isSafeInteger(size) && size >= 0
    ? { oid, size }
    : null;
}

function errorOf(value: unknown): LfsAnswered["error"] {
  const { code, message } = record(value);
  if (value === undefined || value === null) return null;
  const said = typeof message === "string" ? message.slice(0, 500) : "The host refused this object.";
  return { code: typeof code === "number" ? code : 422, message: said };
}

export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
