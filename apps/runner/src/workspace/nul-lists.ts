const NUL = Buffer.from([0]);

/** What git ends with a NUL each, as with `-z`. Names are bytes: they need not be UTF-8. */
export function* fieldsOf(list: Buffer): Generator<Buffer> {
  for (let from = 0, end = list.indexOf(0); end >= 0; from = end + 1, end = list.indexOf(0, from))
    yield list.subarray(from, end);
}

export function splitNul(list: Buffer): Buffer[] {
  return [...fieldsOf(list)];
}

/** As `-z --stdin` takes them. */
export function joinNul(paths: readonly Buffer[]): Buffer {
  return Buffer.concat(paths.flatMap((path) => [path, NUL]));
}
