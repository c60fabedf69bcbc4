/** Values that are true for a while. Whoever asks at the same time waits for the same one; a failure is not kept. */
export interface TimedCache<T> {
  get(key: string, load: () => Promise<T>): Promise<T>;
  delete(key: string): void;
}

const MOST = 1_000;

export function createTimedCache<T>(
  keptForMs: number | ((value: T) => number),
  now: () => number,
): TimedCache<T> {
  const entries = new Map<string, { value: Promise<T>; until: number }>();
  const start = (key: string, load: () => Promise<T>): Promise<T> => {
    for (const [known, { until }] of entries) if (until <= now()) entries.delete(known);
    // The oldest goes first: a Map keeps the order in which its keys came.
    const [oldest] = entries.keys();
    if (oldest !== undefined && entries.size >= MOST) entries.delete(oldest);
    const entry = { value: load(), until: Number.POSITIVE_INFINITY };
    entries.set(key, entry);
    const beganAt = now();
    entry.value.then(
      (value) => {
        entry.until = beganAt + (typeof keptForMs === "number" ? keptForMs : keptForMs(value));
      },
      () => {
        if (entries.get(key) === entry) entries.delete(key);
      },
    );
    return entry.value;
  };
  return {
    async get(key, load) {
      const known = entries.get(key);
      if (known !== undefined && known.until > now()) return known.value;
      entries.delete(key);
      return start(key, load);
    },
    delete: (key) => void entries.delete(key),
  };
}
