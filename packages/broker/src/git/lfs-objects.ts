import { randomBytes } from "node:crypto";
import type { AttemptCaller } from "@agency/core";

export type LfsActionKind = "download" | "upload" | "verify";

/** Where one object really is, with what opens it: stays outside the sandbox. */
export interface LfsObject {
  readonly kind: LfsActionKind;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly repository: string;
  readonly oid: string;
  readonly size: number;
  readonly expiresAt: number;
}

export interface LfsObjects {
  add(caller: AttemptCaller, object: LfsObject): string;
  find(caller: AttemptCaller, id: string): LfsObject | null;
}

/** git-lfs asks for 100 objects at a time; the oldest of a task go first, never another task's. */
const MAX_OBJECTS = 3_000;
const MAX_ATTEMPTS = 2_000;

/** Short-lived names for the real addresses, known to the attempt that asked and to nobody else. */
export function createLfsObjects(now: () => number): LfsObjects {
  const attempts = new Map<string, Map<string, LfsObject>>();
  return {
    add(caller, object) {
      const key = keyOf(caller);
      const objects = attempts.get(key) ?? new Map<string, LfsObject>();
      for (const [id, { expiresAt }] of objects) if (expiresAt <= now()) objects.delete(id);
      attempts.delete(key);
      attempts.set(key, objects);
      const id = randomBytes(24).toString("base64url");
      objects.set(id, object);
      trim(objects, MAX_OBJECTS);
      trim(attempts, MAX_ATTEMPTS);
      return id;
    },
    find(caller, id) {
      const object = attempts.get(keyOf(caller))?.get(id);
      return object === undefined || object.expiresAt <= now() ? null : object;
    },
  };
}

function keyOf({ taskId, epoch }: AttemptCaller): string {
  return `${taskId} ${epoch}`;
}

function trim(map: Map<string, unknown>, limit: number): void {
  const [oldest] = map.keys();
  if (map.size > limit && oldest !== undefined) map.delete(oldest);
}
