import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { AgencyError } from "@agency/contract";
import type { SealedSecret } from "@agency/core";

export interface MasterKey {
  readonly id: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/**
 * Every secret has a data key of its own; only that one is wrapped with a master key. So another master key means
 * wrapping 32 bytes anew, and no master key ever sees more than it can take (random nonces: 2^32).
 */
export interface KeyRing {
  /** What is sealed now is wrapped with this one. */
  newest(): string;
  /** `place`: where the value belongs. It does not open anywhere else. */
  seal(plain: string, place: string): SealedSecret;
  open(sealed: SealedSecret, place: string): string;
  /** The same value, wrapped with the newest master key. */
  rewrap(sealed: SealedSecret, place: string): SealedSecret;
  /** When something was last sealed with this master key; null: not by this process. */
  lastSealedAt(keyId: string): number | null;
  /** From now on these, the newest first. */
  use(keys: readonly MasterKey[]): void;
}

export function createKeyRing(initial: readonly MasterKey[], now: () => number): KeyRing {
  let ring = keysById(initial);
  const sealedAt = new Map<string, number>();
  const newest = (): MasterKey => {
    const [first] = ring.values();
    if (first === undefined) throw new Error("a key ring without a key");
    return first;
  };
  const unwrap = ({ keyId, wrappedKey }: SealedSecret, place: string): Buffer => {
    const master = ring.get(keyId);
    if (master === undefined) throw missingKey(keyId);
    return decrypt(master.key, wrappedKey, place);
  };
  const wrap = (dataKey: Uint8Array, place: string): Pick<SealedSecret, "keyId" | "wrappedKey"> => {
    const { id, key } = newest();
    return { keyId: id, wrappedKey: encrypt(key, dataKey, place) };
  };
  return {
    newest: () => newest().id,
    seal(plain, place) {
      const dataKey = randomBytes(32);
      sealedAt.set(newest().id, now());
      return { ...wrap(dataKey, place), sealed: encrypt(dataKey, Buffer.from(plain), place) };
    },
    open: (sealed, place) => decrypt(unwrap(sealed, place), sealed.sealed, place).toString(),
    rewrap: (sealed, place) => ({ ...wrap(unwrap(sealed, place), place), sealed: sealed.sealed }),
    lastSealedAt: (keyId) => sealedAt.get(keyId) ?? null,
    use(keys) {
      ring = keysById(keys);
    },
  };
}

function keysById(keys: readonly MasterKey[]): ReadonlyMap<string, MasterKey> {
  const ring = new Map(keys.map((key) => [key.id, key]));
  if (ring.size < keys.length || keys.some(({ key }) => key.length !== 32)) {
    throw new AgencyError("invalid_request", "The master keys need ids that differ and 32 bytes each.", {
      next: "Correct AGENCY_MASTER_KEY or the file `master-key` of the data folder.",
    });
  }
  return ring;
}

const NONCE = 12;
const TAG = 16;

/** nonce · ciphertext · tag */
function encrypt(key: Uint8Array, plain: Uint8Array, place: string): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(place));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Uint8Array, box: Uint8Array, place: string): Buffer {
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, box.subarray(0, NONCE), { authTagLength: TAG });
    decipher.setAAD(Buffer.from(place)).setAuthTag(box.subarray(-TAG));
    return Buffer.concat([decipher.update(box.subarray(NONCE, -TAG)), decipher.final()]);
  } catch (error) {
    throw new AgencyError("unavailable", "A stored secret does not open where it lies.", {
      next: "It was changed or copied after it was sealed, or its master key is another one of the same id: store the secret again.",
      cause: error,
    });
  }
}

function missingKey(keyId: string): AgencyError {
  return new AgencyError(
    "unavailable",
    `A stored secret is sealed with the master key ${keyId}, which is not here.`,
    {
      next: `Add ${keyId} behind the newest key, in AGENCY_MASTER_KEY (id:base64, commas between) or as a line of the file \`master-key\` of the data folder, or store the secret again.`,
    },
  );
}
