import { shell, write } from "../scripts/action.ts";
import type { Detour, Moment, Step } from "../scripts/script.ts";
import { parseFileRequest } from "./file-request.ts";
import type { FileRequest } from "./file-request.ts";

const QUOTED_CHARS = 500;

/** Shows that a message sent while the agent works arrives, and that the one order the demo knows is obeyed. */
export function hearPerson(message: string): Detour {
  const heard = `You said: "${quote(message, QUOTED_CHARS)}"`;
  const wanted = parseFileRequest(message);
  if (wanted === undefined) {
    const orders =
      'the only order a scripted demo understands is of the kind "also write NOTES.md with some text".';
    return { say: `${heard}. I hear you, but ${orders}` };
  }
  return {
    say: heard,
    play: [
      { name: "obeys", text: `I write ${wanted.path} now.`, tools: [write(wanted.path, wanted.text)] },
      (moment) => showFile(wanted, moment),
    ],
  };
}

export function quote(text: string, chars: number): string {
  return text.length <= chars ? text : `${text.slice(0, chars)}…`;
}

/** Engines refuse to overwrite a file that was not read first; adding to it loses nothing. */
function showFile({ path, text }: FileRequest, { last }: Moment): Step {
  if (!last.some((result) => result.isError))
    return { text: "Written. This is what it holds:", tools: [shell(`cat ${quoted(path)}`)] };
  const append = `printf '%s' ${quoted(`\n${text}`)} >> ${quoted(path)} && tail -n 5 ${quoted(path)}`;
  return { text: `${path} could not be written anew, so I add to its end.`, tools: [shell(append)] };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
