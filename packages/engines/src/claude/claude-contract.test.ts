import { engineSuite, gateSuite, questionSuite, sessionSuite } from "@agency/testing";
import type { Deed, OpenEngine } from "@agency/testing";
import { fault, raw, shell, write } from "@agency/scripted-model";
import type { Step } from "@agency/scripted-model";
import type { Question } from "@agency/contract";
import { claudeEngine, createClaudeStage, say } from "../testing/claude-harness.ts";

function toAskInput({ text, header, choices, multiple }: Question): object {
  const options = choices.map(({ label }) => ({ label, description: label }));
  return { question: text, header: header ?? "", options, multiSelect: multiple };
}

function toStep(deed: Deed): Step {
  switch (deed.do) {
    case "say":
      return { text: deed.text };
    case "write":
      return { tools: [write(deed.path, deed.text)] };
    case "wait":
      return { tools: [shell("touch started; until [ -e go ]; do sleep 0.02; done")] };
    case "ask":
      return { tools: [raw("AskUserQuestion", { questions: [toAskInput(deed.question)] })] };
    case "leave":
      return { tools: [shell("setsid tail -f /dev/null >/dev/null 2>&1 &")] };
    case "fail":
      return {
        fault: fault.status(400, { message: "Your credit balance is too low to access the Anthropic API." }),
      };
  }
}

/** A turn goes on after a tool, so it needs closing words when its last deed is none. */
function toSteps(deeds: readonly Deed[]): Step[] {
  const last = deeds.at(-1);
  const isClosed = last?.do === "say" || last?.do === "fail";
  return [...deeds.map((deed) => toStep(deed)), ...(isClosed ? [] : [{ text: "Done." }])];
}

const open: OpenEngine = async (turns) => {
  const stage = createClaudeStage();
  const scripts = Object.fromEntries(turns.map((deeds, index) => [`turn-${index}`, toSteps(deeds)]));
  const scene = await stage.scene(scripts);
  return {
    engine: claudeEngine(),
    inputs: turns.map((_, index) => say(`turn-${index}`)),
    options: scene.options,
    livingProcesses: scene.livingProcesses,
    close: () => stage.clear(),
  };
};

engineSuite("The claude engine", open);
sessionSuite("The claude engine", open);
gateSuite("The claude engine", open);
questionSuite("The claude engine", open);
