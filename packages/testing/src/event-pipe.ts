/** A list with one reader that waits for more until it is closed. */
export interface EventPipe<T> extends AsyncIterable<T> {
  push(item: T): void;
  close(): void;
}

export function createEventPipe<T>(): EventPipe<T> {
  const items: T[] = [];
  let isClosed = false;
  let changed = Promise.withResolvers<void>();
  const wake = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  async function* read(): AsyncGenerator<T> {
    for (;;) {
      const item = items.shift();
      if (item !== undefined) yield item;
      else if (isClosed) return;
      else await changed.promise;
    }
  }
  return {
    push(item) {
      items.push(item);
      wake();
    },
    close() {
      isClosed = true;
      wake();
    },
    [Symbol.asyncIterator]: read,
  };
}
