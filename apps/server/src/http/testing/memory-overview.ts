import type { SaveTemplate, Task, Template } from "@agency/contract";
import type { UseCases } from "../deps.ts";
import { DEVICE_ID } from "./memory-sign-in.ts";

const NOW = "2026-03-01T12:00:00.000Z";
const DAY = "2026-03-01";

type Overview =
  | "followFeed"
  | "countTasks"
  | "stopTasks"
  | "queue"
  | "spend"
  | "estimate"
  | "recentRepositories"
  | "storageUse"
  | "listTemplates"
  | "createTemplate"
  | "replaceTemplate"
  | "removeTemplate";

export function memoryOverview(
  find: (accountId: string, id: string) => Task,
  fail: () => void,
): Pick<UseCases, Overview> {
  const sums = { totals: { counts: { queued: 1 }, spentTodayUsd: 0 } };
  return {
    async *followFeed() {
      yield { id: `${DEVICE_ID}.1`, update: { type: "snapshot", tasks: [], truncated: false, ...sums } };
    },
    async countTasks() {
      fail();
      return { counts: { queued: 1 }, atLeast: false };
    },
    async stopTasks(accountId, { ids }) {
      fail();
      const isMine = (id: string) => {
        try {
          return find(accountId, id).id === id;
        } catch {
          return false;
        }
      };
      return { stopped: ids.filter(isMine), missing: ids.filter((id) => !isMine(id)) };
    },
    async queue() {
      fail();
      return { running: 0, capacity: 4, waiting: [] };
    },
    async spend() {
      fail();
      return { from: DAY, to: DAY, totalUsd: 0, days: [], models: [], providers: [] };
    },
    async estimate() {
      fail();
      return { sample: 0, basis: null, costUsd: null, durationMs: null };
    },
    recentRepositories: async () => [],
    async storageUse() {
      fail();
      return { storage: "local", blobBytes: 0, blobs: 0, kinds: [], databaseBytes: 1, largest: [] };
    },
    listTemplates: async () => [],
    createTemplate: async (_, input) => templateFrom(input),
    replaceTemplate: async (_, _id, input) => templateFrom(input),
    removeTemplate: async () => fail(),
  };
}

function templateFrom({ name, task }: SaveTemplate): Template {
  return { id: DEVICE_ID, name, task: { prompt: task.prompt }, updatedAt: NOW };
}
