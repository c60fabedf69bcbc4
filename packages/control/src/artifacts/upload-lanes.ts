import { AgencyError } from "@agency/contract";
import type { Clock } from "@agency/core";

/**
 * `each`: of one attempt or account. `account`: of all attempts of an account. `all`: of this server. An upload to a
 * bucket holds up to 64 MiB of parts, so together they stay below 2 GiB.
 */
export const UPLOAD_LANES = { each: 4, account: 16, all: 32 };
const BUSY_MS = 1_000;

export interface UploadLanes {
  /** Throws `too_many_requests` when no lane is free; call what it returns when the upload is over. */
  enter(sender: string, account?: string): () => void;
}

/** What decides whether an upload is taken now, the same for all that one server takes. */
export interface UploadAdmission {
  lanes: UploadLanes;
  /** Most that one account may store; null: no limit. */
  accountBytes: number | null;
  clock: Clock;
}

/** Nobody takes all of the server's memory and connections by sending much at once: the next is told to come again. */
export function createUploadLanes({ each, account: most, all }: typeof UPLOAD_LANES): UploadLanes {
  const bySender = new Map<string, number>();
  const byAccount = new Map<string, number>();
  let taken = 0;
  return {
    enter(sender, account = sender) {
      if ((bySender.get(sender) ?? 0) >= each) throw busy("The same sender has");
      if ((byAccount.get(account) ?? 0) >= most) throw busy("The same account has");
      if (taken >= all) throw busy("This server has");
      const leave = [count(bySender, sender), count(byAccount, account)];
      taken += 1;
      return () => {
        taken -= 1;
        for (const end of leave) end();
      };
    },
  };
}

function count(counts: Map<string, number>, key: string): () => void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
  return () => {
    const left = (counts.get(key) ?? 1) - 1;
    if (left === 0) counts.delete(key);
    else counts.set(key, left);
  };
}

function busy(who: string): AgencyError {
  return new AgencyError("too_many_requests", `${who} as many uploads under way as may be at once.`, {
    next: "Send it again when one of them is done.",
    retryAfterMs: BUSY_MS,
  });
}
