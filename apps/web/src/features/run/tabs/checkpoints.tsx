import type { Task } from "@agency/contract";
import { Link } from "@tanstack/react-router";
import { api } from "../../../lib/api.ts";
import { isOver } from "../../../lib/feed-state.ts";
import { bytes } from "../../../lib/format.ts";
import { useResource } from "../../../lib/resource.ts";
import { Icon } from "../../../ui/icon.tsx";
import { Failure } from "../../../ui/states.tsx";
import { Text } from "../../../ui/text.tsx";
import { Ago } from "../../../ui/time.tsx";
import { attempt } from "../../../ui/toasts.tsx";

/** The places the run can be taken up again from. */
export function Checkpoints({ task, mark }: { task: Task; mark: number }) {
  const checkpoints = useResource((signal) => api.checkpoints(task.id, { signal }), task.id, mark);
  if (checkpoints.state === "loading") return null;
  if (checkpoints.state === "failed")
    return <Failure error={checkpoints.error} onRetry={checkpoints.reload} />;
  const live = !isOver(task.state);
  return (
    <section className="checkpoints" aria-label="Checkpoints">
      <div className="checkpoints-head">
        <h2>Checkpoints</h2>
        {live && (
          <button
            type="button"
            className="button"
            onClick={() =>
              void attempt(() => api.takeCheckpoint(task.id), "It is taken after the present step")
            }
          >
            Take one now
          </button>
        )}
      </div>
      {checkpoints.data.length === 0 && <p className="quiet">None yet. One is taken after each turn.</p>}
      <ol>
        {checkpoints.data.toReversed().map((checkpoint) => (
          <li key={checkpoint.number} className="checkpoint">
            <span className="figure">{checkpoint.number}</span>
            <span className="cut">
              <Text>{checkpoint.label ?? `after turn ${checkpoint.turn}`}</Text>
            </span>
            <span className="quiet figure">{bytes(checkpoint.bytes)}</span>
            <span className="quiet">
              <Ago at={checkpoint.at} />
            </span>
            <Link to="/new" search={{ like: task.id, checkpoint: checkpoint.number }} className="button">
              <Icon name="fork" size={14} /> Go on from here
            </Link>
          </li>
        ))}
      </ol>
    </section>
  );
}
