/** What the demo's agent writes. Plain Node, nothing to install, so that it runs wherever an agent runs. */

const HEAD = [
  "#!/usr/bin/env node",
  "// Prints a CSV file as an aligned table: node table.mjs people.csv",
  'import { readFileSync, realpathSync } from "node:fs";',
  'import { fileURLToPath } from "node:url";',
  "",
  "export function parse(csv) {",
];

/** The bug: only a file that ends with a newline has an empty piece to drop. */
export const WRONG_LINE = '  const lines = csv.split("\\n").slice(0, -1);';
export const RIGHT_LINE = '  const lines = csv.split("\\n").filter((line) => line.trim() !== "");';

const TAIL = [
  '  return lines.map((line) => line.split(",").map((cell) => cell.trim()));',
  "}",
  "",
  "export function render(rows) {",
  '  const width = (column) => Math.max(...rows.map((row) => (row[column] ?? "").length));',
  "  const widths = rows[0].map((_, column) => width(column));",
  '  const line = (row) => row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd();',
  '  const rule = widths.map((size) => "-".repeat(size)).join("  ");',
  '  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join("\\n");',
  "}",
  "",
  "if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {",
  "  const path = process.argv[2];",
  "  if (path === undefined) {",
  '    console.error("usage: table.mjs FILE.csv");',
  "    process.exitCode = 2;",
  "  } else {",
  '    console.log(render(parse(readFileSync(path, "utf8"))));',
  "  }",
  "}",
  "",
];

export const FIRST_VERSION = [...HEAD, WRONG_LINE, ...TAIL].join("\n");

export const TEST_FILE = [
  'import assert from "node:assert/strict";',
  'import { test } from "node:test";',
  'import { parse, render } from "./table.mjs";',
  "",
  'test("splits lines into trimmed cells", () => {',
  '  assert.deepEqual(parse("name, year\\nAda, 1815\\n"), [["name", "year"], ["Ada", "1815"]]);',
  "});",
  "",
  'test("keeps the last row of a file that does not end with a newline", () => {',
  '  assert.deepEqual(parse("name\\nAda\\nGrace"), [["name"], ["Ada"], ["Grace"]]);',
  "});",
  "",
  'test("lines the columns up under their headings", () => {',
  '  assert.equal(render([["name", "year"], ["Grace", "1906"]]), "name   year\\n-----  ----\\nGrace  1906");',
  "});",
  "",
].join("\n");

/** Ends without a newline on purpose: it shows the fixed bug. */
export const SAMPLE =
  "name,born,known for\nAda Lovelace,1815,the first program\nGrace Hopper,1906,the first compiler";
