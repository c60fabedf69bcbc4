export interface Summary {
  n: number;
  p50: number;
  p95: number;
  p99: number;
}

export function summarise(samples: readonly number[]): Summary {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
  return { n: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

export function median(samples: readonly number[]): number {
  return summarise(samples).p50;
}

/** Runs A B A B …: both arms meet the same weather. */
export async function interleave<T>(
  rounds: number,
  arms: Readonly<Record<string, () => Promise<T>>>,
): Promise<Record<string, T[]>> {
  const results: Record<string, T[]> = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, run] of Object.entries(arms)) (results[name] ??= []).push(await run());
  }
  return results;
}
