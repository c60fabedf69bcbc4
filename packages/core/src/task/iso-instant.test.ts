import * as fc from "fast-check";
import { expect, it } from "vitest";
import { isoInstant } from "./iso-instant.ts";

it("writes every instant as Date does", () => {
  const instant = fc.integer({ min: Date.UTC(1600, 0, 1), max: Date.UTC(9999, 11, 31, 23, 59, 59, 999) });
  fc.assert(
    fc.property(instant, (at) => {
      expect(isoInstant(at)).toBe(new Date(at).toISOString());
    }),
    { numRuns: 2_000 },
  );
});

it.each([
  "1970-01-01T00:00:00.000Z",
  "2000-02-29T23:59:59.999Z",
  "2100-02-28T12:00:00.001Z",
  "2100-03-01T00:00:00.000Z",
])("writes %s", (iso) => {
  expect(isoInstant(Date.parse(iso))).toBe(iso);
});
