import type { Checkpoint } from "@agency/contract";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
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
  const newestFirst = checkpoints.toSorted((one, other) => other.number - one.number);
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
            <Choice taskId={taskId} path={path} isChosen={place?.at === "end"}>
              The end of the run
            </Choice>
          </li>
        )}
        {newestFirst.map(({ number, label, turn, bytes: size, at }) => (
          <li key={number} className="checkpoint">
            <span className="figure">{number}</span>
            <Choice taskId={taskId} at={number} path={path} isChosen={place?.at === number}>
              <Text>{label ?? `after turn ${turn}`}</Text>
            </Choice>
            <span className="quiet figure">{bytes(size)}</span>
            <span className="quiet">
              <Ago at={at} />
            </span>
            <Link to="/new" search={{ like: taskId, checkpoint: number }} className="button">
              <Icon name="fork" size={14} /> Go on from here
            </Link>
          </li>
        ))}
      </ol>
    </section>
  );
}

interface ChoiceProps {
  taskId: string;
  at?: number;
  path: string | undefined;
  isChosen: boolean;
  children: ReactNode;
}

/** What is opened stays open at another place. */
function Choice({ taskId, at, path, isChosen, children }: ChoiceProps) {
  const place = { ...(at === undefined ? {} : { at }), ...(path === undefined ? {} : { path }) };
  return (
    <Link
      to="/runs/$id"
      params={{ id: taskId }}
      search={{ tab: "files", ...place }}
      className="checkpoint-name cut"
      // An address without a place is part of every other one of this tab.
      activeOptions={{ exact: true }}
      aria-current={isChosen}
      data-stop
    >
      {children}
    </Link>
  );
}
