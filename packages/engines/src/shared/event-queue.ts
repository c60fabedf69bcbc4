/** What a run says, waiting for its one reader. Pushing never blocks; writers that can wait ask for room first. */
export interface EventQueue<T> extends AsyncIterable<T> {
  push(item: T): void;
  /** No more items; the reader gets what is left and then the end. */
  close(): void;
  /** Resolves when the reader has caught up, or when nobody should wait any more. */
  room(): Promise<void>;
  /** From now on nobody waits for room: the run is being ended and must not hang on a slow reader. */
  release(): void;
  readonly size: number;
}

export function createEventQueue<T>(capacity: number): EventQueue<T> {
  const state = { items: new Array<T>(), head: 0, closed: false, released: false };
  let changed = Promise.withResolvers<void>();
  const wake = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  const size = (): number => state.items.length - state.head;

  async function next(): Promise<IteratorResult<T>> {
    while (size() === 0) {
      if (state.closed) return { done: true, value: undefined };
      await changed.promise;
    }
    const value = state.items[state.head] as T;
    state.head += 1;
    compact(state);
    wake();
    return { done: false, value };
  }

  return {
    push(item) {
      if (state.closed) return;
      state.items.push(item);
      wake();
    },
    close() {
      state.closed = true;
      wake();
    },
    async room() {
      while (size() >= capacity && !state.released) await changed.promise;
    },
    release() {
      state.released = true;
      wake();
    },
    get size() {
      return size();
    },
    [Symbol.asyncIterator]: () => ({ next }),
  };
}

/** Drops what was read in steps, so that reading stays constant time and memory follows the backlog. */
function compact<T>(state: { items: T[]; head: number }): void {
  if (state.head < 1024 && state.head < state.items.length) return;
  state.items.splice(0, state.head);
  state.head = 0;
}
