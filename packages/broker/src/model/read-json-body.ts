/** Memory that request bodies may take together: one hijacked engine must not use up the server's, nor the others' share. */
export interface BodyRoom {
  of(task: string): TaskRoom;
}

/** The share of one task. */
export interface TaskRoom {
  take(bytes: number): boolean;
  give(bytes: number): void;
}

export function createBodyRoom(limits: { readonly all: number; readonly each: number }): BodyRoom {
  const tasks = new Map<string, number>();
  let used = 0;
  return {
    of: (task) => ({
      take(bytes) {
        const own = (tasks.get(task) ?? 0) + bytes;
        if (used + bytes > limits.all || own > limits.each) return false;
        used += bytes;
        tasks.set(task, own);
        return true;
      },
      give(bytes) {
        const left = (tasks.get(task) ?? 0) - bytes;
        used -= bytes;
        if (left > 0) tasks.set(task, left);
        else tasks.delete(task);
      },
    }),
  };
}

export type BodyProblem = "encoded" | "too_large" | "crowded" | "aborted" | "slow" | "not_json";

export interface JsonBody {
  json: Record<string, unknown>;
  /**
   * Written anew from what was parsed. A body with a key given twice means one thing to us and another to the
   * vendor's parser; this one means the same to both.
   */
  bytes: Uint8Array<ArrayBuffer>;
  /** Gives the room back, once the bytes are on their way. */
  release(): void;
}

/** Reads a whole JSON object. Takes its room before it takes its bytes, and gives it back to whoever is quicker. */
export async function readJsonBody(
  request: Request,
  room: TaskRoom,
  limit: { readonly bytes: number; readonly ms: number },
): Promise<JsonBody | { problem: BodyProblem }> {
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") return { problem: "encoded" };
  if (Number(request.headers.get("content-length") ?? 0) > limit.bytes) return { problem: "too_large" };
  let held = 0;
  const read = await readBytes(request, limit.ms, (bytes) => {
    if (held + bytes > limit.bytes) return "too_large";
    if (!room.take(bytes)) return "crowded";
    held += bytes;
    return null;
  });
  const parsed = typeof read === "string" ? null : parseObject(read);
  if (parsed !== null) return { ...parsed, release: () => room.give(held) };
  room.give(held);
  return { problem: typeof read === "string" ? read : "not_json" };
}

async function readBytes(
  { body }: Request,
  ms: number,
  admit: (bytes: number) => BodyProblem | null,
): Promise<Uint8Array[] | BodyProblem> {
  const chunks: Uint8Array[] = [];
  if (body === null) return chunks;
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  const end = (): void => void reader.cancel().catch(() => undefined);
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    end();
  }, ms);
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const problem = admit(next.value.length);
      if (problem !== null) {
        end();
        return problem;
      }
      chunks.push(next.value);
    }
  } catch {
    return isLate ? "slow" : "aborted";
  } finally {
    clearTimeout(late);
  }
  return isLate ? "slow" : chunks;
}

function parseObject(chunks: readonly Uint8Array[]): Pick<JsonBody, "json" | "bytes"> | null {
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const text = chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
    const json: unknown = JSON.parse(text);
    if (json === null || typeof json !== "object" || Array.isArray(json)) return null;
    return { json: json as Record<string, unknown>, bytes: new TextEncoder().encode(JSON.stringify(json)) };
  } catch {
    return null;
  }
}
