import { createHash } from "node:crypto";
import { AgencyError } from "@agency/contract";
import type { WriteOptions } from "@agency/core";

/** What is being written: counted, hashed, and at its end compared with what was announced. */
export interface CheckedSource {
  /** Throws instead of ending when the body is not what was announced: whoever stores it must not finish then. */
  chunks(): AsyncGenerator<Uint8Array, void>;
  /** Known once `chunks` has ended. */
  result(): { bytes: number; sha256: string };
  /** What the body threw, or what was wrong with it; null when a failure is not the body's. */
  fault(): { error: unknown } | null;
}

export function checkedSource(
  key: string,
  body: AsyncIterable<Uint8Array>,
  { bytes: announced, sha256: expected }: WriteOptions,
): CheckedSource {
  const hash = createHash("sha256");
  let [bytes, sha256] = [0, ""];
  let fault: { error: unknown } | null = null;

  async function* counted(): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of body) {
      bytes += chunk.byteLength;
      if (announced !== undefined && bytes > announced)
        throw mismatch(key, `is longer than the ${announced} bytes announced`);
      hash.update(chunk);
      if (chunk.byteLength > 0) yield chunk;
    }
    sha256 = hash.digest("hex");
    if (announced !== undefined && bytes !== announced)
      throw mismatch(key, `is ${bytes} bytes long, ${announced} were announced`);
    if (expected !== undefined && sha256 !== expected)
      throw mismatch(key, `has the sha256 ${sha256}, announced was ${expected}`);
  }

  return {
    async *chunks() {
      const source = counted();
      try {
        for (;;) {
          const step = await source.next().catch((error: unknown) => {
            fault = { error };
            throw error;
          });
          if (step.done === true) return;
          yield step.value;
        }
      } finally {
        await source.return();
      }
    },
    result: () => ({ bytes, sha256 }),
    fault: () => fault,
  };
}

function mismatch(key: string, what: string): AgencyError {
  return new AgencyError("invalid_request", `"${key}" was not stored: what came ${what}.`, {
    next: "Send it again, whole.",
  });
}
