import { expect, it } from "vitest";
import { Agency } from "./support/agency.ts";

/** Random bytes, so that nothing makes them fewer: the archive, the checkpoint and the patch each have them. */
const LARGE = "head -c 200000 /dev/urandom > large.bin";

it("a run whose files find no room waits and says so, and ends well when there is some", async () => {
  await using agency = await Agency.start({ env: { AGENCY_ACCOUNT_BYTES: "1m" } });
  const start = async () =>
    (await agency.client.createTask({ prompt: "Do it.", engine: "command", command: LARGE })).id;
  const first = await start();
  expect((await agency.finished(first)).task.state, await agency.story(first)).toBe("completed");
  const second = await start();
  const notice = await agency.event(second, "notice", ({ text }) => text.includes("all that this account"));
  expect(notice.data.text).toContain("1048576 bytes");
  expect((await agency.client.artifacts(first)).map(({ kind }) => kind)).toContain("archive");
  await agency.client.deleteTask(first);
  expect((await agency.finished(second)).task.state, await agency.story(second)).toBe("completed");
  expect((await agency.client.artifacts(second)).map(({ kind }) => kind)).toContain("archive");
}, 60_000);
