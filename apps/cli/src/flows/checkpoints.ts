import { EXIT } from "../exit-codes.ts";
import { renderColumns } from "../render/columns.ts";
import { formatAge, formatBytes } from "../render/numbers.ts";
import { oneLine } from "../render/text.ts";
import type { Session } from "../session.ts";
import { findTask } from "./find-task.ts";

export async function checkpoints(session: Session, reference: string): Promise<number> {
  const { output, json, world, signal } = session;
  const client = await session.client();
  const task = await findTask(client, reference, signal);
  const found = await client.checkpoints(task.id, { signal });
  if (json) output.json(found);
  else if (found.length === 0) output.note("There are no checkpoints: one is kept after every turn.");
  else {
    const rows = found.map(({ number, at, turn, bytes, sessionId, label, commit }) => [
      String(number),
      formatAge(world.clock.now() - Date.parse(at)),
      String(turn),
      formatBytes(bytes),
      sessionId === null ? "files" : "files, memory",
      commit.slice(0, 10),
      oneLine(label ?? ""),
    ]);
    output.print(renderColumns(["N", "AGE", "TURN", "SIZE", "HOLDS", "COMMIT", "LABEL"], rows, output.style));
    output.note(output.noteStyle.dim(`Go back to one: \`agency resume ${task.id} --from N "…"\`.`));
  }
  return EXIT.done;
}

export async function takeCheckpoint(
  session: Session,
  reference: string,
  label: string | undefined,
): Promise<number> {
  const { output, json, signal } = session;
  const client = await session.client();
  const task = await findTask(client, reference, signal);
  await client.takeCheckpoint(task.id, label === undefined ? {} : { label }, { signal });
  if (json) output.json({ id: task.id, label: label ?? null });
  else output.print(`${oneLine(task.name)} saves its work: \`agency checkpoints ${task.id}\` shows it.`);
  return EXIT.done;
}
