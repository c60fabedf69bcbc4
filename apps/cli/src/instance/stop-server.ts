import { AgencyError } from "@agency/contract";
import type { Instance } from "@agency/contract";
import type { Session } from "../session.ts";

const GONE_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 50;

/** Asks the server to stop and resolves when its process is gone. */
export async function stopServer(session: Session, instance: Instance): Promise<void> {
  const { world } = session;
  if (!askToStop(session, instance)) return;
  const deadline = world.clock.now() + GONE_WITHIN_MS;
  while (world.clock.now() < deadline) {
    session.signal.throwIfAborted();
    // Not until the file is gone: only the end of the process frees the port.
    if ((await world.processes.inspect(instance.pid)) === null) return;
    await world.clock.sleep(LOOK_EVERY_MS, session.signal);
  }
  throw new AgencyError("conflict", `The server (process ${instance.pid}) has not stopped within 30 s.`, {
    next: `Look at ${session.config.files.serverLog}; \`kill -9 ${instance.pid}\` ends it at once, and the runs survive.`,
  });
}

function askToStop({ world }: Session, { pid }: Instance): boolean {
  try {
    return world.processes.signal(pid, "SIGTERM");
  } catch (error) {
    throw new AgencyError("forbidden", `The server (process ${pid}) belongs to another user.`, {
      cause: error,
      next: "Run `agency down` as that user.",
    });
  }
}
