import { EXIT } from "../exit-codes.ts";
import type { Candidate } from "../program/complete.ts";
import { oneLine } from "../render/text.ts";
import type { Session } from "../session.ts";

/** The newest tasks for the shell to offer. A server that is away or slow offers nothing. */
export async function taskCandidates(session: Session): Promise<Candidate[]> {
  try {
    const client = await session.client();
    const { tasks } = await client.listTasks({ limit: 30 }, { signal: AbortSignal.timeout(1000) });
    return tasks.map((task) => ({ text: task.id, describe: oneLine(`${task.state} ${task.name}`) }));
  } catch {
    return [];
  }
}

export function version({ world, output, json }: Session): number {
  const { version, nodeVersion, platform } = world;
  if (json) output.json({ version, node: nodeVersion, platform });
  else output.print(`agency ${version} (Node.js ${nodeVersion}, ${platform})`);
  return EXIT.done;
}
