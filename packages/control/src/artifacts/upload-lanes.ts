import { AgencyError } from "@agency/contract";
import type { Clock } from "@agency/core";

/**
 * `each`: of one attempt or account. `all`: of this server. An upload to a bucket holds up to 64 MiB of parts, so
 * together they stay below 2 GiB.
 */
export const UPLOAD_LANES = { each: 4, all: 32 };
const BUSY_MS = 1_000;

export interface UploadLanes {
  /** Throws `too_many_requests` when no lane is free; call what it returns when the upload is over. */
  enter(sender: string): () => void;
}

/** What decides whether an upload is taken now, the same for all that one server takes. */
export interface UploadAdmission {
  lanes: UploadLanes;
  /** Most that one account may store; null: no limit. */
  accountBytes: number | null;
  clock: Clock;
}

/** Nobody takes all of the server's memory and connections by sending much at once: the next is told to come again. */
export function createUploadLanes({ each, all }: { each: number; all: number }): UploadLanes {
  const bySender = new Map<string, number>();
  let taken = 0;
  return {
    enter(sender) {
      const own = bySender.get(sender) ?? 0;
      if (own >= each || taken >= all) throw busy(own >= each);
      bySender.set(sender, own + 1);
      taken += 1;
      return () => {
        taken -= 1;
        const left = (bySender.get(sender) ?? 1) - 1;
        if (left === 0) bySender.delete(sender);
        else bySender.set(sender, left);
      };
    },
  };
}

function busy(isOwn: boolean): AgencyError {
  const who = isOwn ? "The same sender has" : "This server has";
  return new AgencyError("too_many_requests", `${who} as many uploads under way as may be at once.`, {
    next: "Send it again when one of them is done.",
    retryAfterMs: BUSY_MS,
  });
}
