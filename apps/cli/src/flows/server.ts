import type { Instance } from "@agency/contract";
import { EXIT } from "../exit-codes.ts";
import { serverVariables, startServer } from "../instance/start-server.ts";
import { stopServer } from "../instance/stop-server.ts";
import type { Session } from "../session.ts";
import { openerOf } from "./opener.ts";

export async function up(session: Session, { detach }: { detach: boolean }): Promise<number> {
  const { world, output } = session;
  const running = await session.instance();
  if (running !== null) return sayRunning(session, running, `Agency is already running at ${running.url}`);
  if (detach) {
    const started = await startServer(session);
    return sayRunning(session, started, `Agency is running at ${started.url}`);
  }
  output.live(null);
  world.processes.becomeNode([world.serverEntry], { ...world.env, ...serverVariables(session) });
  return EXIT.done;
}

function sayRunning({ output, json, config }: Session, instance: Instance, sentence: string): number {
  if (json) {
    output.json({ ...instance, log: config.files.serverLog });
    return EXIT.done;
  }
  output.print(`${sentence} (process ${instance.pid}).`);
  output.note(output.noteStyle.dim("Stop it with `agency down`."));
  return EXIT.done;
}

export async function down(session: Session): Promise<number> {
  const { output, json } = session;
  const running = await session.instance();
  if (running !== null) await stopServer(session, running);
  if (json) output.json({ stopped: running !== null, pid: running?.pid ?? null });
  else
    output.print(
      running === null ? "Agency is not running." : `Agency has stopped (process ${running.pid}).`,
    );
  return EXIT.done;
}

/** Prints the address, and shows it where there is a desktop to show it on. */
export async function open(session: Session): Promise<number> {
  const { world, output, json } = session;
  const { signal } = session;
  const client = await session.client();
  await client.ready({ signal });
  const { path, expiresAt } = await client.createSignInLink({ signal });
  const address = `${client.baseUrl}${path}`;
  if (json) output.json({ url: address, expiresAt });
  else {
    output.print(address);
    output.note(output.noteStyle.dim("Good once, for ten minutes."));
  }
  const opener = openerOf(world.platform, world.env);
  if (opener !== null && output.terminal && !json) world.processes.launch(opener, [address]);
  return EXIT.done;
}
