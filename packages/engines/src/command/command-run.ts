import { mkdir, stat, writeFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { AgencyError } from "@agency/contract";
import type { Clock, EngineEvent, EngineRun, EngineStart, SessionBundle, UserInput } from "@agency/core";
import { startOwnProcess } from "../shared/own-process.ts";
import type { OwnProcess } from "../shared/own-process.ts";
import { createPause } from "../shared/pause.ts";
import { continueProcesses, endProcesses, stopProcesses } from "../shared/process-tree.ts";
import { noMoreInput } from "../shared/refusals.ts";
import { createSpeaker } from "../shared/speaker.ts";
import type { Speaker } from "../shared/speaker.ts";
import { decideEnding } from "./decide-ending.ts";
import { commandEnvironment, takesMessages } from "./environment.ts";
import { createOutputReader } from "./read-output.ts";
import type { Listeners, OutputReader } from "./read-output.ts";
import { createQuestions } from "./questions.ts";
import type { Questions } from "./questions.ts";
import { TYPED_PREFIX } from "./read-typed-line.ts";

const PROMPT_FILE = "prompt.txt";

/** One life of a program: its output becomes events, its exit the end of the one turn there is. */
export class CommandRun implements EngineRun {
  readonly #clock: Clock;
  readonly #start: EngineStart;
  readonly #sessionId: string;
  readonly #speaker: Speaker;
  readonly #takesMessages: boolean;
  readonly #ended: Promise<void>;
  readonly #questions: Questions;
  /** How long what the command left behind may go on. */
  readonly #drain;
  #program: OwnProcess | undefined;
  /** Messages that came before the program was started. */
  #early: string[] = [];
  #hasRefused = false;
  #isFinishing = false;
  #isInterrupted = false;
  #isKilled = false;
  #isPaused = false;
  #isDraining = false;
  #isOver = false;

  constructor(clock: Clock, first: UserInput, start: EngineStart) {
    this.#clock = clock;
    this.#start = start;
    this.#sessionId = start.sessionId ?? randomUUID();
    this.#takesMessages = takesMessages(start.env);
    this.#speaker = createSpeaker(clock);
    this.#drain = createPause(clock);
    this.#questions = createQuestions({
      ask: start.ask,
      answer: (line) => this.#write(line),
      onSettled: () => this.#endInput(),
    });
    this.#speaker.accept(first.id);
    this.#ended = this.#live(first);
  }

  [Symbol.asyncIterator](): AsyncIterator<EngineEvent> {
    return this.#speaker.events[Symbol.asyncIterator]();
  }

  /** There is one turn, so a message of either kind is for it. */
  async send(input: UserInput, how: "steer" | "next_turn"): Promise<void> {
    if (this.#isFinishing || this.#isEnding()) throw noMoreInput(input.id);
    if (!this.#takesMessages) throw takesNoMessages(input.id);
    this.#speaker.accept(input.id);
    const message = { type: "message", data: { id: input.id, text: input.text, mode: how } };
    this.#write(`${TYPED_PREFIX}${JSON.stringify(message)}\n`);
  }

  async interrupt(): Promise<void> {
    this.#isInterrupted = !this.#isOver;
    await this.#stop();
  }

  async finish(): Promise<void> {
    this.#isFinishing = true;
    this.#endInput();
  }

  async kill(): Promise<void> {
    this.#isKilled = !this.#isOver;
    await this.#stop();
  }

  pause(): void {
    if (this.#isPaused || this.#isEnding()) return;
    this.#isPaused = true;
    this.#drain.cancel();
    if (this.#program !== undefined) stopProcesses(this.#program);
  }

  unpause(): void {
    if (!this.#isPaused || this.#isEnding()) return;
    this.#isPaused = false;
    if (this.#program !== undefined) continueProcesses(this.#program);
    if (this.#isDraining) this.#startDrain();
  }

  /** A program keeps nothing that this engine knows of. */
  async exportSession(): Promise<SessionBundle> {
    return { sessionId: this.#sessionId, engineVersion: "", files: [] };
  }

  #isEnding(): boolean {
    return this.#isOver || this.#isInterrupted || this.#isKilled;
  }

  async #stop(): Promise<void> {
    if (this.#isOver) return;
    this.#questions.giveUp();
    if (this.#program !== undefined) await this.#endProcesses(this.#program);
    // Only now: while the program lives, a slow reader is what keeps its output from filling the memory.
    this.#speaker.release();
    await this.#ended;
  }

  async #live(first: UserInput): Promise<void> {
    const problem = await this.#begin(first).catch((error: unknown) => sentence(error));
    if (this.#program !== undefined) await this.#listen(this.#program);
    const exit = (await this.#program?.exited) ?? { exitCode: null, signal: null };
    const spawnError = this.#program?.spawnError();
    const ending = decideEnding({
      problem: problem ?? (spawnError === undefined ? undefined : sentence(spawnError)),
      isKilled: this.#isKilled,
      isInterrupted: this.#isInterrupted,
      exit,
    });
    this.#isOver = true;
    this.#questions.giveUp();
    if (ending.error !== undefined) this.#speaker.say(ending.error);
    this.#speaker.end(ending.stop, ending.end);
  }

  /** Why the program could not be started; undefined when it was, or when it is not wanted any more. */
  async #begin(first: UserInput): Promise<string | undefined> {
    const { command, cwd, home, resume } = this.#start;
    if (command === undefined || command.trim() === "") return "The command engine needs a command to run.";
    if (resume !== undefined) return "The command engine keeps no session, so there is none to resume.";
    if (!(await isFolder(cwd))) return `The workspace ${cwd} is not a folder.`;
    const file = join(home, PROMPT_FILE);
    await mkdir(home, { recursive: true, mode: 0o700 });
    await writeFile(file, first.text, { mode: 0o600 });
    if (this.#isKilled || this.#isInterrupted) return undefined;
    this.#program = startOwnProcess({
      command: "/bin/sh",
      args: ["-c", command],
      cwd,
      env: commandEnvironment(this.#start, this.#sessionId, { text: first.text, file }),
      // Many programs read standard input to its end when it is there, and would wait for ever.
      stdin: this.#takesMessages ? "pipe" : "ignore",
    });
    this.#sayStarted();
    for (const line of this.#early.splice(0)) this.#write(line);
    this.#endInput();
    if (this.#isPaused) stopProcesses(this.#program);
    return undefined;
  }

  /** Nothing more comes once all is finished, and the answers to open questions are in. */
  #endInput(): void {
    if (this.#isFinishing && this.#questions.open === 0) this.#program?.child.stdin?.end();
  }

  #sayStarted(): void {
    const data = {
      engine: "command",
      engineVersion: "1",
      sessionId: this.#sessionId,
      model: "none",
      resumed: false,
    };
    this.#speaker.say({ type: "session", data });
  }

  /** Until the program is gone and its output is read to the end, or held open for too long by what it left behind. */
  async #listen(program: OwnProcess): Promise<void> {
    const { stdout, stderr } = program.child;
    const listeners: Listeners = {
      refused: (why) => this.#refuseOnce(why),
      ask: (line) => this.#cannotAnswer() ?? this.#questions.put(line),
    };
    const read = Promise.all([
      this.#pump(stdout, createOutputReader("stdout", listeners)),
      this.#pump(stderr, createOutputReader("stderr", listeners)),
    ]);
    await program.exited;
    this.#isDraining = true;
    if (!this.#isPaused) this.#startDrain();
    await read;
    this.#isDraining = false;
    this.#drain.cancel();
    await endProcesses(program, { ask: "nobody", graceMs: 0 }, this.#clock);
  }

  #startDrain(): void {
    this.#drain.wait("drain", this.#start.limits.drainMs, () => {
      this.#warnOfLeftovers();
      if (this.#program !== undefined) void this.#endProcesses(this.#program);
    });
  }

  #cannotAnswer(): string | undefined {
    if (!this.#takesMessages) return "its answer needs AGENCY_STDIN=messages in the task's environment";
    return this.#program?.child.stdin?.writable === true ? undefined : "its standard input has ended";
  }

  async #endProcesses(program: OwnProcess): Promise<void> {
    await endProcesses(program, { ask: "all", graceMs: this.#start.limits.killGraceMs }, this.#clock);
  }

  async #pump(stream: AsyncIterable<Buffer>, reader: OutputReader): Promise<void> {
    try {
      for await (const chunk of stream) {
        for (const event of reader.read(chunk)) this.#speaker.say(event);
        await this.#speaker.room();
      }
    } catch {
      // The pipe broke with the program; its exit tells the rest.
    }
    for (const event of reader.end()) this.#speaker.say(event);
  }

  #write(line: string): void {
    const stdin = this.#program?.child.stdin;
    if (stdin === undefined || stdin === null) this.#early.push(line);
    else stdin.write(line);
  }

  #refuseOnce(why: string): EngineEvent[] {
    if (this.#hasRefused) return [];
    this.#hasRefused = true;
    const text = `The program wrote a typed line that is not taken, because ${why}. It is kept as log; later ones are kept without a word.`;
    return [{ type: "notice", data: { level: "warn", text } }];
  }

  #warnOfLeftovers(): void {
    const seconds = Math.round(this.#start.limits.drainMs / 1000);
    const text = `Programs that the command left behind ran on for ${seconds} s and were ended.`;
    this.#speaker.say({ type: "notice", data: { level: "warn", text } });
  }
}

function takesNoMessages(inputId: string): AgencyError {
  return new AgencyError(
    "unsupported_option",
    `The program takes no messages; ${inputId} was not delivered.`,
    {
      next: "Set AGENCY_STDIN=messages in the task's environment for a program that reads them from standard input.",
    },
  );
}

function sentence(error: unknown): string {
  return `The command could not be started: ${error instanceof Error ? error.message : String(error)}.`;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
