import type { Logger, TaskStore } from "@agency/core";
import { createQueue, createTaskStore, openDatabase } from "@agency/postgres";
import type { Database } from "@agency/postgres";
import { createTestDatabase } from "./test-database.ts";

export interface TaskDatabase {
  db: Database;
  queue: ReturnType<typeof createQueue>;
  tasks: TaskStore;
  close(): Promise<void>;
}

const nothing = (): void => undefined;
const logger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => logger };

/** A database of one's own with the tasks and their queue on it. One a test file. */
export async function createTaskDatabase({ max = 12 } = {}): Promise<TaskDatabase> {
  const home = await createTestDatabase();
  const db = openDatabase({ connectionString: home.connectionString, max });
  const queue = createQueue({ db, logger, maxRunning: 1_000 });
  await queue.start();
  return {
    db,
    queue,
    tasks: createTaskStore(db, queue),
    async close() {
      await queue.stop();
      await db.close();
      await home.drop();
    },
  };
}
