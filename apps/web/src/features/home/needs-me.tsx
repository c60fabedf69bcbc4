import type { TaskSummary } from "@agency/contract";
import { Link } from "@tanstack/react-router";
import { money } from "../../lib/format.ts";
import { Icon } from "../../ui/icon.tsx";
import { stateWords } from "../../ui/pill.tsx";
import { Text } from "../../ui/text.tsx";
import { Ago } from "../../ui/time.tsx";
import { AddBudget } from "../actions/add-budget.tsx";
import { AskForm } from "../asks/ask-form.tsx";

interface NeedsMeProps {
  asking: readonly TaskSummary[];
  failures: readonly TaskSummary[];
  onDismiss: (id: string) => void;
}

export function NeedsMe({ asking, failures, onDismiss }: NeedsMeProps) {
  return (
    <ul className="need-list">
      {asking.map((task) => (
        <li key={task.id} className="need">
          <NeedHead task={task} what={stateWords(task.state, task.reason)} />
          {task.asks.map((ask) => (
            <AskForm key={ask.id} taskId={task.id} ask={ask} />
          ))}
          {task.waits.some((wait) => wait.reason === "budget") && (
            <div className="need-budget">
              <p>
                It spent {money(task.costUsd)} of {money(task.limits.costUsd)} and stands still.
              </p>
              <AddBudget taskId={task.id} />
            </div>
          )}
        </li>
      ))}
      {failures.map((task) => (
        <li key={task.id} className="need need-failed">
          <NeedHead task={task} what="Failed" />
          <p className="need-message">
            <Text>{task.message ?? "It failed."}</Text>
          </p>
          <div className="button-row">
            <Link to="/new" search={{ like: task.id }} className="button">
              Try again
            </Link>
            <button type="button" className="button" onClick={() => onDismiss(task.id)}>
              Seen
            </button>
          </div>
        </li>
      ))}
    </ul>
  );
}

function NeedHead({ task, what }: { task: TaskSummary; what: string }) {
  const failed = task.state === "failed";
  return (
    <div className="need-head">
      <Icon name={failed ? "alert" : "question"} />
      <Link to="/runs/$id" params={{ id: task.id }} className="need-name cut" data-stop>
        <Text>{task.name}</Text>
      </Link>
      <span className="need-what">{what}</span>
      <span className="quiet">
        <Ago at={task.lastEventAt ?? task.createdAt} />
      </span>
    </div>
  );
}
