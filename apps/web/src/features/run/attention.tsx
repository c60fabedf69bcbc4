import type { Task } from "@agency/contract";
import { money } from "../../lib/format.ts";
import { Icon } from "../../ui/icon.tsx";
import { AddBudget } from "../actions/add-budget.tsx";
import { AskForm } from "../asks/ask-form.tsx";

/** What the run cannot go on without, on top of everything else. */
export function Attention({ task }: { task: Task }) {
  const budget = task.waits.some((wait) => wait.reason === "budget");
  if (task.asks.length === 0 && !budget) return null;
  return (
    <section className="attention" aria-label="The run needs you">
      {task.asks.map((ask) => (
        <div key={ask.id} className="attention-item">
          <p className="attention-title">
            <Icon name="question" />{" "}
            {ask.kind === "question" ? "The agent asks" : "The agent wants to do this"}
          </p>
          <AskForm taskId={task.id} ask={ask} />
        </div>
      ))}
      {budget && (
        <div className="attention-item">
          <p className="attention-title">
            <Icon name="alert" /> {money(task.costUsd)} of {money(task.limits.costUsd)} is spent. The run
            stands still.
          </p>
          <AddBudget taskId={task.id} />
        </div>
      )}
    </section>
  );
}
