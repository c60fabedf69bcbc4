import { expect, it } from "vitest";
import { Agency } from "./support/agency.ts";

it("a run whose files find no room ends well and says so, and the account's other files stay", async () => {
  await using agency = await Agency.start({ env: { AGENCY_ACCOUNT_BYTES: "1m" } });
  const run = async (command: string) => {
    const { id } = await agency.client.createTask({ prompt: "Do it.", engine: "command", command });
    return { id, ...(await agency.finished(id)) };
  };
  const small = await run("echo small > small.txt");
  // Random bytes, so that nothing makes them fewer.
  const large = await run("head -c 3000000 /dev/urandom > large.bin");
  expect(large.task.state, await agency.story(large.id)).toBe("completed");
  const notices = large.events.flatMap(({ type, data }) => (type === "notice" ? [JSON.stringify(data)] : []));
  expect(notices.join("\n")).toMatch(/507.*all that this account stores may have 1048576 bytes/);
  expect((await agency.client.artifacts(small.id)).map(({ kind }) => kind)).toContain("archive");
  await agency.client.deleteTask(large.id);
  expect((await run("echo again > again.txt")).task.state).toBe("completed");
}, 120_000);
