import { askBodySchema, UPLINK_PATHS } from "@agency/contract";
import type { AnswerBody, AskBody, PostAsk, Question } from "@agency/contract";
import type { Clock, GateDecision, ToolCall } from "@agency/core";
import type { ProgressTracker } from "../clocks/track-progress.ts";
import type { Recorder } from "../journal/recorder.ts";
import { backoffMs } from "../uplink/backoff.ts";
import type { UplinkClient } from "../uplink/client.ts";
import { judgeReply } from "../uplink/judge-reply.ts";
import { fitApproval, fitQuestions } from "./fit-ask.ts";

export interface AskOptions {
  client: UplinkClient;
  clock: Clock;
  random: () => number;
  recorder: Recorder;
  progress: ProgressTracker;
  epoch: number;
  /** The attempt is over. */
  signal: AbortSignal;
}

interface OpenAsk {
  readonly kind: AskBody["kind"];
  readonly answered: (answer: AnswerBody | null) => void;
}

const NOBODY = "Nobody can be asked to approve this now, so it was not done. Go on without it.";
const REFUSED = "A person refused this call.";

/** What the agent asks of people. An ask outlives restarts of the control plane; its answer comes as a command. */
export class Asks {
  readonly #options: AskOptions;
  readonly #open = new Map<string, OpenAsk>();
  #count = 0;

  constructor(options: AskOptions) {
    this.#options = options;
  }

  /** One list of answers a question, in their order; null when nobody will answer. */
  async question(
    id: string,
    questions: readonly Question[],
    signal: AbortSignal,
  ): Promise<string[][] | null> {
    const asked = { id: this.#newId(id), kind: "question", questions: fitQuestions(questions) } as const;
    const answer = await this.#ask(asked, "waiting for an answer", signal);
    return answer?.kind === "question" ? answer.answers : null;
  }

  async approval(call: ToolCall, signal: AbortSignal): Promise<GateDecision> {
    const asked = { id: this.#newId(call.id), kind: "approval", ...fitApproval(call) } as const;
    const answer = await this.#ask(asked, `waiting for approval: ${asked.tool}`, signal);
    if (answer?.kind !== "approval") return { allow: false, reason: NOBODY };
    return answer.allow ? { allow: true } : { allow: false, reason: answer.reason ?? REFUSED };
  }

  /** An answer to nothing that is open is too late, and means nothing any more. */
  answer(askId: string, answer: AnswerBody): void {
    const open = this.#open.get(askId);
    if (open?.kind === answer.kind) open.answered(answer);
  }

  /** An engine may use an id of its own twice, in one run or after another start. */
  #newId(id: string): string {
    this.#count += 1;
    return `${this.#options.epoch}-${this.#count}-${id}`.slice(0, 128);
  }

  async #ask(ask: AskBody, note: string, withdrawn: AbortSignal): Promise<AnswerBody | null> {
    const { recorder, progress } = this.#options;
    const body = askBodySchema.safeParse(ask);
    if (!body.success) return null;
    const over = AbortSignal.any([withdrawn, this.#options.signal]);
    if (over.aborted) return null;
    const { promise, resolve } = Promise.withResolvers<AnswerBody | null>();
    const giveUp = (): void => resolve(null);
    over.addEventListener("abort", giveUp, { once: true });
    const done = new AbortController();
    const close = progress.open();
    // Before it is posted: the answer may be quicker than the acknowledgement.
    this.#open.set(ask.id, { kind: ask.kind, answered: resolve });
    const posted = this.#post(body.data, AbortSignal.any([over, done.signal]));
    void posted.then((taken) => taken || giveUp());
    await recorder.record({ type: "activity", data: { state: "waiting_user", note } });
    const answer = await promise;
    done.abort();
    over.removeEventListener("abort", giveUp);
    this.#open.delete(ask.id);
    close();
    if (answer === null && withdrawn.aborted)
      void posted.then((taken) => (taken ? this.#withdraw(ask.id) : undefined));
    if (this.#open.size === 0) await recorder.record({ type: "activity", data: { state: "tool" } });
    return answer;
  }

  /** Else the task would wait for ever for an answer that nobody needs. After the ask itself, never before it. */
  async #withdraw(id: string): Promise<void> {
    await this.#post({ kind: "withdrawn", id }, this.#options.signal);
  }

  /** False: the control plane says that nobody will answer. */
  async #post(ask: PostAsk, over: AbortSignal): Promise<boolean> {
    const { client, clock, random } = this.#options;
    const body = [Buffer.from(JSON.stringify(ask))];
    for (let failures = 0; !over.aborted; failures += 1) {
      const verdict = judgeReply(await client.post(UPLINK_PATHS.ask, body));
      if (verdict.kind === "ok") return true;
      if (verdict.kind !== "retry") return false;
      await clock.sleep(backoffMs(failures, verdict.afterMs, random()), over);
    }
    return true;
  }
}
