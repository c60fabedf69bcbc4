import type { Checkpoint } from "@agency/contract";
import { Link } from "@tanstack/react-router";
import { api } from "../../../lib/api.ts";
import { bytes } from "../../../lib/format.ts";
import { Icon } from "../../../ui/icon.tsx";
import { Text } from "../../../ui/text.tsx";
import { Ago } from "../../../ui/time.tsx";
import { attempt } from "../../../ui/toasts.tsx";
import type { Place } from "./file-place.ts";

interface CheckpointsProps {
  taskId: string;
  over: boolean;
  checkpoints: readonly Checkpoint[];
  place: Place | null;
  path: string | undefined;
}

/** The places whose files can be seen, and from which the run can be taken up again. */
export function Checkpoints({ taskId, over, checkpoints, place, path }: CheckpointsProps) {
  const held = path === undefined ? {} : { path };
  return (
    <section className="checkpoints" aria-label="Checkpoints">
      <div className="checkpoints-head">
        <h2>Checkpoints</h2>
        {!over && (
          <button
            type="button"
            className="button"
            onClick={() =>
              void attempt(() => api.takeCheckpoint(taskId), "It is taken after the present step")
            }
          >
            Take one now
          </button>
        )}
      </div>
      {checkpoints.length === 0 && <p className="quiet">None yet. One is taken after each turn.</p>}
      <ol className="checkpoint-list" tabIndex={0} aria-label="Places of the run">
        {over && (
          <li className="checkpoint">
            <span />
            <Link
              to="/runs/$id"
              params={{ id: taskId }}
              search={{ tab: "files", ...held }}
              className="checkpoint-name cut"
              // Told by what is shown: a link without a place is part of every address of this tab.
              activeOptions={{ exact: true }}
              aria-current={place?.at === "end"}
              data-stop
            >
              The end of the run
            </Link>
          </li>
        )}
        {checkpoints
          .toSorted((one, other) => other.number - one.number)
          .map((checkpoint) => (
            <li key={checkpoint.number} className="checkpoint">
              <span className="figure">{checkpoint.number}</span>
              <Link
                to="/runs/$id"
                params={{ id: taskId }}
                search={{ tab: "files", at: checkpoint.number, ...held }}
                className="checkpoint-name cut"
                activeOptions={{ exact: true }}
                aria-current={place?.at === checkpoint.number}
                data-stop
              >
                <Text>{checkpoint.label ?? `after turn ${checkpoint.turn}`}</Text>
              </Link>
              <span className="quiet figure">{bytes(checkpoint.bytes)}</span>
              <span className="quiet">
                <Ago at={checkpoint.at} />
              </span>
              <Link to="/new" search={{ like: taskId, checkpoint: checkpoint.number }} className="button">
                <Icon name="fork" size={14} /> Go on from here
              </Link>
            </li>
          ))}
      </ol>
    </section>
  );
}
