import type { AttemptAccess, AttemptStore } from "@agency/core";
import { expect, it } from "vitest";
import { createTokens } from "../access/tokens.ts";
import { runnerAccess, worldAccess } from "./runner-access.ts";

const tokens = createTokens(new Uint8Array(32));
const ATTEMPT = "01a1fc53-118c-7da2-b70b-964436bafa70";

function door(finalizing: boolean) {
  const access = { attemptId: ATTEMPT, live: true, epoch: 1, taskEpoch: 1, finalizing } as AttemptAccess;
  const attempts = { find: async () => access } as Partial<AttemptStore> as AttemptStore;
  return { deps: { attempts, tokens }, token: tokens.issue("uplink", ATTEMPT) };
}

it("opens the world to a runner as long as its agent works", async () => {
  const { deps, token } = door(false);
  expect(await worldAccess(deps, token)).toMatchObject({ attemptId: ATTEMPT });
});

it("opens nothing of the world to a runner that says it only stores, but takes its files", async () => {
  const { deps, token } = door(true);
  await expect(worldAccess(deps, token)).rejects.toMatchObject({ code: "forbidden" });
  expect(await runnerAccess(deps, "uplink", token)).toMatchObject({ attemptId: ATTEMPT });
});
