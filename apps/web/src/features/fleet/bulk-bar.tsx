import { useState } from "react";
import { api } from "../../lib/api.ts";
import { plural } from "../../lib/format.ts";
import { Confirm } from "../../ui/confirm.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Text } from "../../ui/text.tsx";
import { attempt } from "../../ui/toasts.tsx";
import type { RunRow } from "./run-rows.tsx";

interface BulkBarProps {
  runs: readonly RunRow[];
  csvPath: string;
  onDone: () => void;
}

export function BulkBar({ runs, csvPath, onDone }: BulkBarProps) {
  const [asking, setAsking] = useState(false);
  return (
    <div className="fleet-bulk">
      <div className="button-row" aria-live="polite">
        {runs.length > 0 && (
          <>
            <button type="button" className="button button-danger" onClick={() => setAsking(true)}>
              <Icon name="stop" /> Stop {plural(runs.length, "run")}
            </button>
            <button type="button" className="button" onClick={onDone}>
              Choose none
            </button>
          </>
        )}
      </div>
      <a className="quiet-link" href={csvPath} download="runs.csv">
        Download as CSV
      </a>
      {asking && <StopDialog runs={runs} onClose={() => setAsking(false)} onDone={onDone} />}
    </div>
  );
}

const MOST_NAMED = 8;

interface StopDialogProps {
  runs: readonly RunRow[];
  onClose: () => void;
  onDone: () => void;
}

function StopDialog({ runs, onClose, onDone }: StopDialogProps) {
  const stop = async () => {
    const ids = runs.map((run) => run.id);
    const stopped = await attempt(() => api.stopTasks(ids), `${plural(ids.length, "run")} being stopped`);
    if (stopped) onDone();
    onClose();
  };
  return (
    <Confirm
      title={`Stop ${plural(runs.length, "run")}?`}
      text="What they have done so far is kept; each can be resumed."
      yes="Stop them"
      no="Let them run"
      onYes={stop}
      onClose={onClose}
    >
      <ul className="stop-names">
        {runs.slice(0, MOST_NAMED).map((run) => (
          <li key={run.id} className="cut">
            <Text>{run.name}</Text>
          </li>
        ))}
        {runs.length > MOST_NAMED && <li className="quiet">and {runs.length - MOST_NAMED} more</li>}
      </ul>
    </Confirm>
  );
}
