import type { AnswerBody, Ask, Question } from "@agency/contract";
import { useId, useState } from "react";
import { api } from "../../lib/api.ts";
import { Text, Verbatim } from "../../ui/text.tsx";
import { attempt } from "../../ui/toasts.tsx";
import { answerOf, choose, EMPTY_DRAFT, write } from "./answers.ts";
import type { Draft } from "./answers.ts";
import { approvalText } from "./approval-text.ts";
import { CutText } from "./cut-text.tsx";

interface AskFormProps {
  taskId: string;
  ask: Ask;
}

export function AskForm({ taskId, ask: listed }: AskFormProps) {
  const [busy, setBusy] = useState(false);
  const [whole, setWhole] = useState<Ask | null>(null);
  const ask = whole ?? listed;
  const send = async (answer: AnswerBody) => {
    setBusy(true);
    const sent = await attempt(() => api.answerTask(taskId, { askId: ask.id, answer }), "Answered");
    // Once it is taken the form goes away with the ask; until then nothing can be sent twice.
    if (!sent) setBusy(false);
  };
  const showWhole = async () => {
    const { asks } = await api.getTask(taskId);
    setWhole(asks.find(({ id }) => id === listed.id) ?? null);
  };
  return ask.kind === "question" ? (
    <>
      {ask.cut === true && (
        <p className="quiet">
          Only the beginning of it is here.{" "}
          <button type="button" className="link-button" onClick={() => void attempt(showWhole)}>
            Show the whole question
          </button>
        </p>
      )}
      <Questions questions={ask.questions} busy={busy} onSend={(answer) => void send(answer)} />
    </>
  ) : (
    <Approval ask={ask} busy={busy} onSend={(answer) => void send(answer)} />
  );
}

interface QuestionsProps {
  questions: readonly Question[];
  busy: boolean;
  onSend: (answer: AnswerBody) => void;
}

function Questions({ questions, busy, onSend }: QuestionsProps) {
  const [drafts, setDrafts] = useState<readonly Draft[]>(questions.map(() => EMPTY_DRAFT));
  const answer = answerOf(drafts);
  return (
    <form
      className="ask"
      onSubmit={(event) => {
        event.preventDefault();
        if (answer !== null) onSend(answer);
      }}
    >
      {questions.map((question, at) => (
        <OneQuestion
          key={at}
          question={question}
          draft={drafts[at] ?? EMPTY_DRAFT}
          onChange={(draft) => setDrafts(drafts.with(at, draft))}
        />
      ))}
      <button type="submit" className="button button-primary" disabled={answer === null || busy}>
        {busy ? "Sending" : "Answer"}
      </button>
    </form>
  );
}

interface OneQuestionProps {
  question: Question;
  draft: Draft;
  onChange: (draft: Draft) => void;
}

function OneQuestion({ question, draft, onChange }: OneQuestionProps) {
  const name = useId();
  return (
    <fieldset className="question">
      <legend>
        <CutText text={question.text} most={600} />
      </legend>
      {question.choices.map(({ label, description }) => (
        <label key={label} className="choice">
          <input
            type={question.multiple ? "checkbox" : "radio"}
            name={name}
            checked={draft.chosen.includes(label)}
            onChange={() => onChange(choose(question, draft, label))}
          />
          <span>
            <CutText text={label} most={200} />
            {description !== undefined && (
              <small>
                <CutText text={description} most={300} />
              </small>
            )}
          </span>
        </label>
      ))}
      <input
        className="question-words"
        aria-label={question.choices.length === 0 ? "Your answer" : "Something else"}
        placeholder={question.choices.length === 0 ? "Your answer" : "Something else…"}
        value={draft.words}
        onChange={(event) => onChange(write(question, draft, event.target.value))}
      />
    </fieldset>
  );
}

interface ApprovalProps {
  ask: Extract<Ask, { kind: "approval" }>;
  busy: boolean;
  onSend: (answer: AnswerBody) => void;
}

function Approval({ ask, busy, onSend }: ApprovalProps) {
  const [reason, setReason] = useState("");
  return (
    <div className="ask">
      <p className="approval-tool">
        <Text>{ask.tool}</Text>
      </p>
      <Verbatim text={approvalText(ask)} lines={12} />
      <div className="approval-actions">
        <button
          type="button"
          className="button button-primary"
          disabled={busy}
          onClick={() => onSend({ kind: "approval", allow: true })}
        >
          Allow once
        </button>
        <button
          type="button"
          className="button"
          disabled={busy}
          onClick={() =>
            onSend({
              kind: "approval",
              allow: false,
              ...(reason.trim() === "" ? {} : { reason: reason.trim() }),
            })
          }
        >
          Refuse
        </button>
        <input
          className="question-words"
          aria-label="Why not, for the agent"
          placeholder="Why not (optional)"
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </div>
    </div>
  );
}
