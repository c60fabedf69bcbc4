import { edit, read, shell, write } from "../scripts/action.ts";
import type { Moment, Pace, Script, Step } from "../scripts/script.ts";
import { FIRST_VERSION, RIGHT_LINE, SAMPLE, TEST_FILE, WRONG_LINE } from "./program.ts";
import { hearPerson, quote } from "./steering.ts";

const PACE: Pace = {
  firstMs: 350,
  text: { chars: 6, everyMs: 40 },
  toolInput: { chars: 48, everyMs: 30 },
};
const PROMPT_CHARS = 160;

/**
 * A run worth watching that needs no model: a small program with a real bug, a test that finds it, the fix, and the
 * proof. The engine, the sandbox and every command are real, so the texts say only what the results really show.
 */
export function demoScript(prompt: string): Script {
  return {
    pace: PACE,
    steps: [
      plan(prompt),
      writeProgram,
      writeTests,
      runTests,
      lookAtFailure,
      fixBug,
      runTestsAgain,
      runProgram,
      summary,
    ],
    react: [hearPerson],
    after: {
      text: "The scripted demo is over: there is no model behind it. Connect one, and the same run does your own tasks.",
    },
  };
}

function plan(prompt: string): Step {
  return {
    thinking: "A scripted demo has one story to tell. Keep it short, and let the tools do the talking.",
    text: [
      `This is a scripted demo: no model is behind it, so whatever you asked ("${quote(prompt, PROMPT_CHARS)}"), I do the following.`,
      "1. Write a small command-line program that prints a CSV file as a table, with tests.\n2. Run the tests and see one fail, because the first version has a real bug.\n3. Fix it, see them pass, and use the program once.",
      "The sandbox, the files and the commands are real. First, a folder of its own:",
    ].join("\n\n"),
    tools: [shell("mkdir csv-table 2>/dev/null && echo csv-table || mktemp -d csv-table-XXXX")],
  };
}

function writeProgram(moment: Moment): Step {
  if (moment.last.some((result) => result.isError))
    return {
      text: "I cannot make a folder in this workspace, so the demo ends here. The result above says why.",
    };
  return { text: "Now the program:", tools: [write(`${folderIn(moment)}/table.mjs`, FIRST_VERSION)] };
}

function writeTests(moment: Moment): Step {
  const folder = folderIn(moment);
  return {
    text: "Its tests, and a sample to try it on:",
    tools: [write(`${folder}/table.test.mjs`, TEST_FILE), write(`${folder}/sample.csv`, SAMPLE)],
  };
}

function runTests(moment: Moment): Step {
  return { text: "Let us see what the tests say.", tools: [testRun(moment)] };
}

function lookAtFailure(moment: Moment): Step {
  const failed = failuresIn(moment);
  const seen =
    failed === undefined || failed === 0
      ? "I expected a failing test and do not see one; I go on and look at the code."
      : `${failed === 1 ? "One test fails" : `${failed} tests fail`}: the last row is lost when the file does not end with a newline. Let me look at the code again.`;
  return { text: seen, tools: [read(`${folderIn(moment)}/table.mjs`)] };
}

function fixBug(moment: Moment): Step {
  return {
    text: "There it is: `slice(0, -1)` drops the last piece even when it is not empty. Dropping blank lines is what was meant.",
    tools: [edit(`${folderIn(moment)}/table.mjs`, WRONG_LINE, RIGHT_LINE)],
  };
}

function runTestsAgain(moment: Moment): Step {
  return { text: "The tests again:", tools: [testRun(moment)] };
}

function runProgram(moment: Moment): Step {
  const folder = folderIn(moment);
  const verdict = failuresIn(moment) === 0 ? "All tests pass now." : "The tests do not all pass, see above.";
  return {
    text: `${verdict} Once for real, on the sample:`,
    tools: [shell(`node ${folder}/table.mjs ${folder}/sample.csv`)],
  };
}

function summary(moment: Moment): Step {
  const folder = folderIn(moment);
  const worked = !moment.last.some((result) => result.isError);
  return {
    text: [
      worked
        ? "Done."
        : "The story is over, though its last command did not succeed here; the result above says why.",
      `- \`${folder}/table.mjs\` prints a CSV file as a table\n- \`${folder}/table.test.mjs\` has its tests, one of which found the bug\n- \`${folder}/sample.csv\` is something to try it on`,
      `Try it: \`node ${folder}/table.mjs ${folder}/sample.csv\`. This was the scripted demo; with a model connected, the same run does your own task.`,
    ].join("\n\n"),
  };
}

function testRun(moment: Moment): ReturnType<typeof shell> {
  return shell(`node --test --test-reporter=spec ${folderIn(moment)}/table.test.mjs`);
}

function folderIn({ results }: Moment): string {
  const lines = results.flatMap((result) => result.text.split("\n"));
  return lines.find((line) => /^csv-table(?:-\w{4})?$/.test(line)) ?? "csv-table";
}

/** The count that `node --test` prints at its end; undefined when the tests did not run. */
function failuresIn({ last }: Moment): number | undefined {
  const lines = last.flatMap((result) => result.text.split("\n"));
  const count = lines.map((line) => /^\S fail (\d+)$/.exec(line)?.[1]).find((found) => found !== undefined);
  return count === undefined ? undefined : Number(count);
}
