import type { ModelUsage } from "@agency/core";

/** JSON has about as many bytes to a token as the text in it. */
const BYTES_PER_TOKEN = 4;
/** What the large models write; the small ones are quicker and cheap. */
const TOKENS_A_SECOND = 60;

/**
 * What a call that was hung up on is taken to have used. The vendor bills the input it read and what it wrote until
 * then, thoughts that nobody is shown and answers that nobody read among it: counted by what was seen alone, a call
 * that is dropped just before its answer would be free, again and again.
 */
export function leftUsage(
  seen: ModelUsage,
  { inputBytes, maxTokens, durationMs }: { inputBytes: number; maxTokens: number; durationMs: number },
): ModelUsage {
  const isRead = seen.input + seen.cacheRead + seen.cacheWrite > 0;
  const written = Math.min(maxTokens, Math.ceil((durationMs / 1000) * TOKENS_A_SECOND));
  return {
    ...seen,
    input: isRead ? seen.input : Math.ceil(inputBytes / BYTES_PER_TOKEN),
    output: Math.max(seen.output, written),
  };
}
