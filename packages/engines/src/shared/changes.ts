/** Wakes everyone who waits for something about a run to change. */
export interface Changes {
  fire(): void;
  until(done: () => boolean): Promise<void>;
}

export function createChanges(): Changes {
  let next = Promise.withResolvers<void>();
  return {
    fire() {
      next.resolve();
      next = Promise.withResolvers<void>();
    },
    async until(done) {
      while (!done()) await next.promise;
    },
  };
}
