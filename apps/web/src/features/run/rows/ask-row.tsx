import { Icon } from "../../../ui/icon.tsx";
import { Text } from "../../../ui/text.tsx";
import type { RowOf } from "../timeline/rows.ts";

/** What was asked and what was answered. The form to answer with stands on top of the page. */
export function AskRow({ row: { ask, answered } }: { row: RowOf<"ask"> }) {
  return (
    <div className="asked">
      <p className="said-by">
        <Icon name="question" /> {ask.kind === "question" ? "The agent asked" : "The agent wanted to do this"}
      </p>
      {ask.kind === "question" ? (
        ask.questions.map((question, at) => (
          <p key={at}>
            <Text>{question.text}</Text>
          </p>
        ))
      ) : (
        <p>
          <Text>{ask.tool}</Text>{" "}
          <code>
            <Text>{ask.title}</Text>
          </code>
        </p>
      )}
      {answered === null ? (
        <p className="tag tag-warn">open</p>
      ) : (
        <p className="answered">
          <Icon name="person" size={14} /> <Text>{answerText(answered.answer)}</Text>
        </p>
      )}
    </div>
  );
}

function answerText(answer: NonNullable<RowOf<"ask">["answered"]>["answer"]): string {
  if (answer.kind === "question") return answer.answers.map((one) => one.join(", ")).join(" · ");
  if (answer.allow) return "Allowed";
  return answer.reason === undefined ? "Refused" : `Refused: ${answer.reason}`;
}
