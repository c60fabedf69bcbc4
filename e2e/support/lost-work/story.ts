import { shell, write } from "@agency/scripted-model";
import type { Script, Step } from "@agency/scripted-model";
import type { Place } from "./points.ts";

/** One killed run. Everything of it carries its name, so that many can be under way on one server. */
export interface Story {
  readonly name: string;
  /** Said by the model at the end of each turn and nowhere else: only the transcript holds them. */
  readonly words: readonly [string, string];
}

export const FILES = ["first.txt", "second.txt"] as const;

const SECOND_TURN = 3;

/** Two turns. The second begins with a message that waits for the end of the first. */
export function playOf({ name, words }: Story, place: Place): Script {
  const command = (turn: string): Step => ({ tools: [shell(`sh hold.sh ${turn}`)] });
  const steps: Step[] = [
    { text: "Beginning the first file.", tools: [write(`/workspace/${FILES[0]}`, `${name} one\n`)] },
    command("first"),
    { text: `The first word is ${words[0]}.` },
    { text: "Beginning the second file.", tools: [write(`/workspace/${FILES[1]}`, `${name} two\n`)] },
    command("second"),
    { text: `The second word is ${words[1]}.` },
  ];
  const held = steps[heldStep(place)];
  if (held !== undefined)
    held.gate = place.at === "model" && place.half === true ? { name, at: "halfway" } : name;
  return { steps };
}

/** A checkpoint is stored beside the next turn, which must not come to its end meanwhile. */
function heldStep(place: Place): number {
  if (place.at === "model") return place.step;
  return place.at === "storage" && place.turn === 1 ? SECOND_TURN : -1;
}

/** What the next task is asked: its command shows the files, and the call it is made with shows the memory. */
export function question(): Script {
  return {
    steps: [
      { tools: [shell(`cat ${FILES.join(" ")} 2>/dev/null; true`)] },
      { text: "You see what I remember." },
    ],
  };
}

/** Stands still when it is called with the name the task's settings say, until a file lets it go. */
const HOLD = `echo "began $1"
if [ "$HOLD" = "$1" ]; then
  touch /home/agent/held
  until [ -e /home/agent/go ]; do sleep 0.05; done
fi
echo "ended $1"
`;

export const PLAIN: Readonly<Record<string, string>> = { "README.md": "A repository.\n", "hold.sh": HOLD };
export const PREPARED: Readonly<Record<string, string>> = {
  ...PLAIN,
  ".agency/config.json": JSON.stringify({ setup: "sh hold.sh setup" }),
  ".agency/hooks/pre-run": "#!/bin/sh\nexec sh hold.sh pre-run\n",
  ".agency/hooks/post-run": "#!/bin/sh\nexec sh hold.sh post-run\n",
};
