import { commands } from "./commands/index.ts";
import { EXIT, exitCodeOfFailure } from "./exit-codes.ts";
import { renderFailure, toFailure } from "./failure-report.ts";
import { listenForInterrupts } from "./interrupts.ts";
import type { Interrupts } from "./interrupts.ts";
import { createOutput } from "./output.ts";
import type { Output } from "./output.ts";
import { parseAndRun } from "./program/build-program.ts";
import type { Given } from "./session.ts";
import type { World } from "./world.ts";

/** Runs one command line to its exit code. The one place where errors become words. */
export async function runCli(argv: readonly string[], world: World): Promise<number> {
  const output = createOutput(world);
  const interrupts = listenForInterrupts(world);
  try {
    return await run(argv.length === 0 ? ["up"] : argv, { world, output, interrupts });
  } catch (error) {
    output.live(null);
    if (output.closed.aborted) return EXIT.done;
    if (interrupts.signal.aborted) return EXIT.interrupted;
    return report(error, argv, output);
  } finally {
    output.live(null);
    interrupts.dispose();
  }
}

interface Running {
  world: World;
  output: Output;
  interrupts: Interrupts;
}

async function run(argv: readonly string[], { world, output, interrupts }: Running): Promise<number> {
  let exitCode: number = EXIT.done;
  await parseAndRun(argv, commands, {
    output,
    version: `agency ${world.version}`,
    run: async (command, given) => {
      const { createSession } = await import("./session.ts");
      const session = createSession({
        world,
        output,
        interrupts,
        json: given.options.json === true,
        flags: settingFlags(given.options),
      });
      exitCode = await command.run(session, given);
    },
  });
  return exitCode;
}

/** The options that say the same as a setting, and win over it. */
function settingFlags(options: Record<string, unknown>): Given["flags"] {
  const flags: Given["flags"] = {};
  for (const key of ["url", "port", "listen"] as const) {
    const value = options[key];
    if (typeof value === "string") flags[key] = { flag: `--${key}`, value };
  }
  return flags;
}

function report(error: unknown, argv: readonly string[], output: Output): number {
  const failure = toFailure(error);
  if (argv.includes("--json")) output.note(JSON.stringify({ error: failure }));
  else output.note(renderFailure(failure, output.noteStyle));
  return exitCodeOfFailure(failure.code);
}
