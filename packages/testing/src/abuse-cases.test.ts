import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

interface Row {
  readonly number: number | null;
  readonly text: string;
  readonly proofs: readonly { readonly file: string; readonly title: string }[];
}

let rows: readonly Row[];

beforeAll(async () => {
  rows = readRows(await readFile(join(ROOT, "docs/security/abuse-cases.md"), "utf8"));
});

describe("the map of attacks", () => {
  it("has the fifty cases of the sandbox, each once and in order", () => {
    const numbers = rows.flatMap(({ number }) => number ?? []);
    expect(numbers).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  it("has a proof for every row", () => {
    expect(rows.filter(({ proofs }) => proofs.length === 0)).toEqual([]);
  });

  it("names tests that are there, and not skipped", async () => {
    const proofs = rows.flatMap((row) => row.proofs);
    const sources = new Map<string, string>();
    for (const file of new Set(proofs.map(({ file }) => file)))
      sources.set(file, await readFile(join(ROOT, file), "utf8").catch(() => ""));
    const missing = proofs.filter(({ file, title }) => !hasTest(sources.get(file) ?? "", title));
    expect(missing).toEqual([]);
    const skipping = [...sources].filter(([, source]) =>
      /\b(?:it|describe)\.(?:skip|only|todo)\b/u.test(source),
    );
    expect(skipping.map(([file]) => file)).toEqual([]);
  });

  it("is not content with a title that only nearly fits", () => {
    const source = `it("holds", () => {});\nit.each([1])(\n  'holds "%s"',\n  () => {},\n);`;
    expect(hasTest(source, "holds")).toBe(true);
    expect(hasTest(source, 'holds "%s"')).toBe(true);
    expect(hasTest(source, "hold")).toBe(false);
    expect(hasTest(`const title = "holds";`, "holds")).toBe(false);
  });
});

/** The first cell is a number in the table of the sandbox and words in the others; the last one holds the proofs. */
function readRows(document: string): Row[] {
  const lines = document.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| --- "));
  const cells = lines.map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/u)
      .map((cell) => cell.trim()),
  );
  return cells
    .filter((row) => row.at(-1) !== "Proof")
    .map((row) => ({
      number: /^\d+$/u.test(row[0] ?? "") ? Number(row[0]) : null,
      text: row.join(" "),
      proofs: (row.at(-1) ?? "").split("<br>").flatMap(readProof),
    }));
}

function readProof(text: string): Row["proofs"] {
  const groups = /^`(?<file>[^`]+\.test\.ts)` › (?<title>.+)$/u.exec(text)?.groups;
  const [file, title] = [groups?.["file"], groups?.["title"]];
  if (file !== undefined && title !== undefined) return [{ file, title }];
  if (text === "") return [];
  throw new Error(`"${text}" names no test`);
}

/** As the first argument of a call, which is how a test is named. */
function hasTest(source: string, title: string): boolean {
  const escaped = title.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`);
  return new RegExp(`\\(\\s*(["'\`])${escaped}\\1,`, "u").test(source);
}
