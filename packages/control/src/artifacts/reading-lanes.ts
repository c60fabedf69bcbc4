import { AgencyError } from "@agency/contract";
import { createLanes } from "@agency/core";

const BUSY_MS = 1_000;

/** Throws `too_many_requests` when an account, or all of them, have as many as may be; call what it returns when done. */
export type ReadingLanes = (accountId: string) => () => void;

export interface FileLanes {
  /** While a file is checked: its bytes, what it is made from and our processor's time. */
  readonly check: ReadingLanes;
  /** While it is sent: up to 16 MiB of it stay in memory, or the 8 MiB a frame of an archive is unpacked with. */
  readonly send: ReadingLanes;
}

export function createFileLanes(): FileLanes {
  return {
    check: createReadingLanes({ account: 2, all: 4 }, "files"),
    send: createReadingLanes({ account: 8, all: 16 }, "files"),
  };
}

export function createReadingLanes(most: { account: number; all: number }, what: string): ReadingLanes {
  const enter = createLanes(most);
  return (accountId) => {
    const leave = enter(accountId);
    if (leave !== null) return leave;
    throw new AgencyError("too_many_requests", `Too many ${what} are being read.`, {
      next: "Try again in a moment.",
      retryAfterMs: BUSY_MS,
    });
  };
}
