import type { Usage } from "../scripts/script.ts";

/** OpenAI's input counts hold what was cached; ours do not. */
export function inputOf(usage: Usage): number {
  return usage.input + usage.cacheRead + usage.cacheWrite;
}

export function inputDetails(usage: Usage): Record<string, number> {
  return { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite };
}
