import { createEventRedaction } from "@agency/core";
import type { AttemptAccess, EventRedaction, Redactor } from "@agency/core";

/** Takes every known secret out of an attempt's events, also one that is spread over several of them. */
export interface LogRedactions {
  /** For one batch; `keep` once it is stored. A batch that was not comes again, and must find things as they were. */
  open(access: AttemptAccess): Promise<{ redaction: EventRedaction; keep(): void }>;
}

interface Known {
  readonly redactor: Redactor;
  readonly redaction: EventRedaction;
}

/** What is forgotten is only how the last event ended. */
const MOST = 1_000;

export function createLogRedactions(deps: {
  redactorFor: (accountId: string, taskId: string) => Promise<Redactor>;
}): LogRedactions {
  const known = new Map<string, Known>();
  return {
    async open({ attemptId, accountId, taskId }) {
      const redactor = await deps.redactorFor(accountId, taskId);
      const before = known.get(attemptId);
      // Another redactor means that the secrets have changed: endings that matched the old ones mean nothing to it.
      const redaction =
        before?.redactor === redactor ? before.redaction.fork() : createEventRedaction(redactor);
      return {
        redaction,
        keep() {
          known.delete(attemptId);
          known.set(attemptId, { redactor, redaction });
          const [oldest] = known.keys();
          if (known.size > MOST && oldest !== undefined) known.delete(oldest);
        },
      };
    },
  };
}
