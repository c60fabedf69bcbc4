import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/** About 0.4 s and 128 MiB each: OWASP's parameters for scrypt. */
const COST = { N: 2 ** 17, r: 8, p: 1 };
const MAX_MEMORY = 192 * 1024 * 1024;
const BYTES = 32;
const FORM = /^scrypt\$(\d+)\$(\d+)\$(\d+)\$([A-Za-z0-9_-]+)\$([A-Za-z0-9_-]+)$/;

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Takes as long for no password at all as for a wrong one. */
  verify(password: string, hash: string | null): Promise<boolean>;
}

/** One after the other: sign-in tries at the same moment must not take all memory. */
export function createPasswords(cost: { N: number; r: number; p: number } = COST): Passwords {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
  return {
    hash: (password) =>
      inTurn(async () => {
        const salt = randomBytes(16);
        const key = await derive(password, salt, cost);
        const { N, r, p } = cost;
        return `scrypt$${N}$${r}$${p}$${salt.toString("base64url")}$${key.toString("base64url")}`;
      }),
    verify: (password, hash) =>
      inTurn(async () => {
        const [, N, r, p, salt, key] = FORM.exec(hash ?? "") ?? [];
        if (salt === undefined || key === undefined) {
          await derive(password, randomBytes(16), cost);
          return false;
        }
        const given = { N: Number(N), r: Number(r), p: Number(p) };
        const wanted = Buffer.from(key, "base64url");
        const made = await derive(password, Buffer.from(salt, "base64url"), given);
        return made.length === wanted.length && timingSafeEqual(made, wanted);
      }),
  };
}

function derive(password: string, salt: Buffer, cost: { N: number; r: number; p: number }): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Composed alike, however the keyboard put it together.
    const text = password.normalize("NFC");
    scrypt(text, salt, BYTES, { ...cost, maxmem: MAX_MEMORY }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
