import { AgencyError } from "@agency/contract";
import { expect, it } from "vitest";
import { toRunnerRefusal } from "./runner-refusal.ts";

it("names no folder of the server when its storage is away", () => {
  const error = new AgencyError("unavailable", "tasks/t cannot be reached in /srv/storage (ENOTDIR).", {
    next: "Look at /srv/storage.",
    retryAfterMs: 5_000,
  });
  const { status, body, headers } = toRunnerRefusal(error, "r1");
  expect([status, headers["retry-after"]]).toEqual([503, "5"]);
  expect(body).toMatchObject({
    code: "unavailable",
    detail: expect.stringContaining("storage"),
    requestId: "r1",
  });
  expect(JSON.stringify(body)).not.toContain("/srv");
});

it("says why a file is refused that no second try would help", () => {
  const error = new AgencyError("storage_full", "Another 5 bytes cannot be kept.", { next: "Delete tasks." });
  expect(toRunnerRefusal(error, "r1").body).toMatchObject({
    detail: "Another 5 bytes cannot be kept.",
    next: "Delete tasks.",
  });
});
