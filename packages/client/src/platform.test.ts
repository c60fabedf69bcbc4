import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

it("runs in a browser: no module of Node is imported outside of tests", () => {
  const files = readdirSync(import.meta.dirname).filter(
    (file) => file.endsWith(".ts") && !file.endsWith(".test.ts"),
  );
  const offending = files.filter((file) =>
    readFileSync(`${import.meta.dirname}/${file}`, "utf8").includes('"node:'),
  );
  expect(files.length).toBeGreaterThan(5);
  expect(offending).toEqual([]);
});
