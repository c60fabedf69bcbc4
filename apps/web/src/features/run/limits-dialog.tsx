import type { ChangeLimitsInput, Task } from "@agency/contract";
import { useState } from "react";
import { api } from "../../lib/api.ts";
import { duration, money } from "../../lib/format.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { attempt } from "../../ui/toasts.tsx";

const HOUR = 3_600_000;
const STEPS: { label: string; add: NonNullable<ChangeLimitsInput["add"]> }[] = [
  { label: "+30 min", add: { wallMs: HOUR / 2 } },
  { label: "+1 h", add: { wallMs: HOUR } },
  { label: "+4 h", add: { wallMs: 4 * HOUR } },
  { label: "+$5", add: { costUsd: 5 } },
  { label: "+$25", add: { costUsd: 25 } },
  { label: "+100 turns", add: { turns: 100 } },
];

export function LimitsDialog({ task, onClose }: { task: Task; onClose: () => void }) {
  const [busy, setBusy] = useState(false);
  const extend = async (change: ChangeLimitsInput, label: string) => {
    setBusy(true);
    const done = await attempt(() => api.changeLimits(task.id, change), label);
    setBusy(false);
    if (done) onClose();
  };
  const { wallMs, costUsd, turns } = task.limits;
  return (
    <Dialog title="Limits" onClose={onClose}>
      <p>
        Now: {duration(wallMs)}, {money(costUsd)}, {turns} turns. What is added holds at once.
      </p>
      <div className="limit-steps">
        {STEPS.map(({ label, add }) => (
          <button
            key={label}
            type="button"
            className="button"
            disabled={busy}
            onClick={() => void extend({ add }, label)}
          >
            {label}
          </button>
        ))}
      </div>
    </Dialog>
  );
}
