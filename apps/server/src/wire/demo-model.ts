import { PROBE_FILE } from "@agency/control";
import { createScriptedModel, demoScript, write } from "@agency/scripted-model";
import type { ScriptedModel } from "@agency/scripted-model";

/** What one server's demo runs may be recorded for; nobody asserts on them here. */
const KEEP = 10;

/** The scripted model of --demo and of the engine probe, answered inside this process. */
export function createDemoModel(): ScriptedModel {
  return createScriptedModel({
    scripts: {
      demo: demoScript,
      "first-file": {
        steps: [{ tools: [write(PROBE_FILE, "The engine can write.\n")] }, { text: "Done." }],
        after: { text: "Done." },
      },
    },
    defaultScript: "demo",
    paced: true,
    keep: KEEP,
  });
}
