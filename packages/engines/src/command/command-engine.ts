import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { AgencyError } from "@agency/contract";
import type { Clock, Engine } from "@agency/core";
import { CommandRun } from "./command-run.ts";

const SHELL = "/bin/sh";

/** Any program as an engine: what it writes is its log, and lines of a certain form are events. */
export function createCommandEngine({ clock }: { clock: Clock }): Engine {
  return {
    id: "command",
    title: "Any program",
    capabilities: {
      resume: "none",
      interrupt: "kill-only",
      midTurnInput: true,
      fileChanges: "none",
      deltas: false,
      pause: "process",
      toolGate: "none",
      questions: true,
      vendors: ["anthropic", "openai"],
    },
    probe: async () => {
      const isThere = await access(SHELL, constants.X_OK).then(
        () => true,
        () => false,
      );
      return isThere
        ? { version: "1", problems: [] }
        : { version: null, problems: [`There is no shell at ${SHELL} to run the command with.`] };
    },
    importSession: async (bundle) => {
      if (bundle.files.length === 0) return;
      throw new AgencyError(
        "unsupported_option",
        "The command engine keeps no session, so it cannot take one over.",
        {
          next: "Resume the session with the engine that saved it.",
        },
      );
    },
    start: (first, options) => new CommandRun(clock, first, options),
  };
}
