/** Memory that request bodies may take together: one hijacked engine must not use up the server's. */
export interface BodyRoom {
  take(bytes: number): boolean;
  give(bytes: number): void;
}

export function createBodyRoom(limit: number): BodyRoom {
  let used = 0;
  return {
    take(bytes) {
      if (used + bytes > limit) return false;
      used += bytes;
      return true;
    },
    give(bytes) {
      used -= bytes;
    },
  };
}

export type BodyProblem = "encoded" | "too_large" | "crowded" | "aborted" | "not_json";

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

/** Reads a whole JSON object of at most `limit` bytes. Takes its room before it takes its bytes. */
export async function readJsonBody(
  request: Request,
  limit: number,
  room: BodyRoom,
): Promise<JsonBody | { problem: BodyProblem }> {
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") return { problem: "encoded" };
  if (Number(request.headers.get("content-length") ?? 0) > limit) return { problem: "too_large" };
  let held = 0;
  const read = await readBytes(request, (bytes) => {
    if (held + bytes > limit) return "too_large";
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
  request: Request,
  admit: (bytes: number) => BodyProblem | null,
): Promise<Uint8Array[] | BodyProblem> {
  const chunks: Uint8Array[] = [];
  if (request.body === null) return chunks;
  try {
    for await (const chunk of request.body) {
      const problem = admit(chunk.length);
      if (problem !== null) return problem;
      chunks.push(chunk);
    }
  } catch {
    return "aborted";
  }
  return chunks;
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
