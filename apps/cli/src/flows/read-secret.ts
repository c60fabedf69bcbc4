import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { readStdin } from "./read-text.ts";

const ENTER = new Set(["\r", "\n"]);
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const ERASE = new Set(["\u007f", "\b"]);

/** A value that must not be seen: from stdin when it is piped, else typed or pasted without an echo. */
export async function readSecret(session: Session, what: string): Promise<string> {
  const { world, output } = session;
  const isTerminal = world.stdin.isTTY === true && world.stdin.setRawMode !== undefined;
  if (isTerminal) output.note(`Paste ${what} and press Enter. It is not shown.`);
  const text = isTerminal ? await readHidden(session) : await readStdin(session);
  if (text.trim() !== "") return text.trim();
  throw new UsageError(
    `${what} is empty.`,
    "Paste it when asked, or pipe it in: it is never given as an argument.",
  );
}

/** Values for one task: from the variables of those names, or asked for. Never from the command line itself. */
export async function readTaskSecrets(
  session: Session,
  names: readonly string[],
): Promise<Record<string, string>> {
  const { env, stdin } = session.world;
  const secrets: Record<string, string> = {};
  for (const name of names) {
    if (name.includes("=")) {
      throw new UsageError(
        "--secret takes a name, not a value: arguments can be seen by everybody on this machine.",
        "Put the value into a variable of that name and pass --secret NAME.",
      );
    }
    const given = env[name]?.trim() ?? "";
    if (given === "" && stdin.isTTY !== true) {
      throw new UsageError(`--secret ${name}: there is no variable ${name}.`, "Export it first.");
    }
    secrets[name] = given === "" ? await readSecret(session, name) : given;
  }
  return secrets;
}

/** Raw mode, because only then the terminal echoes nothing. */
function readHidden({ world: { stdin }, signal }: Session): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let typed = "";
  const take = (chunk: Buffer | string) => {
    for (const key of String(chunk)) {
      if (ENTER.has(key) || key === CTRL_D) return resolve(typed);
      if (key === CTRL_C) return reject(new UsageError("Nothing was read: you pressed Ctrl-C."));
      typed = ERASE.has(key) ? typed.slice(0, -1) : typed + key;
    }
  };
  const stop = () => reject(new UsageError("Nothing was read."));
  stdin.setRawMode?.(true);
  stdin.on("data", take);
  signal.addEventListener("abort", stop);
  return promise.finally(() => {
    stdin.off("data", take);
    signal.removeEventListener("abort", stop);
    stdin.setRawMode?.(false);
    stdin.pause();
  });
}
