import { edit, raw, shell, when, write } from "@agency/scripted-model";
import type { Script } from "@agency/scripted-model";
import { question } from "./question.ts";

const PROGRAM = `import { readFileSync } from "node:fs";

export function table(csv) {
  const rows = csv.trim().split("\\n").map((line) => line.split(","));
  const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => row[at].length)));
  return rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at])).join("  ")).join("\\n");
}

console.log(table(readFileSync(process.argv[2], "utf8")));
`;

const REPORT = `The first version prints a table. Two things are **worth knowing**:

- columns are as wide as their widest cell, so \`table()\` reads everything first
- quoted fields are not understood yet

| step | state |
| ---- | ----- |
| program | done |
| tests | next |

\`\`\`js
table("a,b\\n1,22");
\`\`\`
`;

/** A run with everything a page can show: a plan, diffs, a failing test, a question, a person's word in the middle. */
export const buildStory: Script = {
  steps: [
    {
      thinking: "A plan first, so that whoever looks sees where this is going.",
      text: "I will build the program in three steps.",
      tools: [raw("ToolSearch", { query: "select:TaskCreate,TaskUpdate", max_results: 5 })],
    },
    {
      tools: [
        raw("TaskCreate", { subject: "Print a CSV file as a table", description: "The program" }),
        raw("TaskCreate", { subject: "Tests that fail first", description: "The tests" }),
        raw("TaskCreate", { subject: "Quoted fields", description: "With commas in them" }),
      ],
    },
    { tools: [raw("TaskUpdate", { taskId: "1", status: "in_progress" })] },
    { tools: [write("table.mjs", PROGRAM), write("sample.csv", "name,stars\nagency,42\n")] },
    { text: REPORT, tools: [shell("node table.mjs sample.csv")] },
    { tools: [raw("TaskUpdate", { taskId: "1", status: "completed" })], gate: "middle" },
    { tools: [raw("TaskUpdate", { taskId: "2", status: "in_progress" })] },
    {
      tools: [
        shell(
          "printf 'TAP version 13\\n# tests 3\\n# pass 2\\n# fail 1\\n# skipped 0\\n\\033[31mnot ok 3 - quoted\\033[0m\\n'; exit 1",
        ),
      ],
    },
    { tools: [edit("table.mjs", '.split(",")', '.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/)')] },
    {
      tools: [
        question("Should long cells be cut at the width of the terminal?", "Long cells", {
          "Cut them": "One line a row, with an ellipsis",
          "Wrap them": "Everything can be read, rows differ in height",
        }),
      ],
    },
    ({ last }) => ({ tools: [write("answer.txt", last.map(({ text }) => text).join("\n"))] }),
    { tools: [raw("TaskUpdate", { taskId: "2", status: "completed" })] },
    { text: "The program works, and its tests pass." },
  ],
  react: [when(/semicolon/i, { say: "Semicolons too, then." })],
};

/** Works until somebody stops it. */
export const endlessStory: Script = {
  steps: [
    { text: "This takes a while.", tools: [shell("echo begun")] },
    { text: "never", gate: "never" },
  ],
};

/** Goes on from wherever a person's comment arrives, and keeps what it was told. */
export const listenStory: Script = {
  steps: [
    { tools: [write("notes.md", "# Notes\n\nfirst line\nsecond line\n")] },
    { text: "Written.", gate: "listen" },
  ],
};
