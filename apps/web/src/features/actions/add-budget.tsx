import { useState } from "react";
import { api } from "../../lib/api.ts";
import { attempt } from "../../ui/toasts.tsx";

const SUMS = [5, 10, 25] as const;

export function AddBudget({ taskId }: { taskId: string }) {
  const [busy, setBusy] = useState(false);
  const add = async (costUsd: number) => {
    setBusy(true);
    await attempt(() => api.changeLimits(taskId, { add: { costUsd } }), `$${costUsd} added`);
    setBusy(false);
  };
  return (
    <div className="button-row" role="group" aria-label="Add to the budget">
      {SUMS.map((sum) => (
        <button key={sum} type="button" className="button" disabled={busy} onClick={() => void add(sum)}>
          +${sum}
        </button>
      ))}
    </div>
  );
}
