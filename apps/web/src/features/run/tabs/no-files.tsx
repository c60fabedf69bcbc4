import { isAgencyError } from "@agency/contract";
import { Link } from "@tanstack/react-router";
import { Empty, Failure } from "../../../ui/states.tsx";
import type { Place } from "./file-place.ts";

interface NoFilesProps {
  taskId: string;
  place: Place;
  error: unknown;
  newest: number | null;
  onRetry: () => void;
}

/** Why there is no list of files, and what can be done instead. */
export function NoFiles({ taskId, place, error, newest, onRetry }: NoFilesProps) {
  if (!isAgencyError(error)) return <Failure error={error} onRetry={onRetry} />;
  const isGone = error.code === "not_found" || error.code === "expired";
  if (place.at !== "end" && error.code === "conflict") return <NoList taskId={taskId} number={place.at} />;
  if (!isGone) return <Failure error={error} onRetry={onRetry} />;
  return (
    <Empty
      title={place.at === "end" ? "No files of its end are kept" : `Checkpoint ${place.at} is not kept`}
      icon="file"
    >
      <p>
        {place.at === "end"
          ? "A run that was lost or cut off leaves no archive, and an archive is not kept for ever."
          : "Older checkpoints get fewer with time, and none is kept for ever."}
      </p>
      {newest !== null && newest !== place.at && (
        <p>
          <Link to="/runs/$id" params={{ id: taskId }} search={{ tab: "files", at: newest }}>
            See its files at checkpoint {newest}
          </Link>
        </p>
      )}
    </Empty>
  );
}

function NoList({ taskId, number }: { taskId: string; number: number }) {
  return (
    <Empty title={`Checkpoint ${number} has no list of its files`} icon="file">
      <p>It was made by an older version, or by an upload. The files themselves are all in it.</p>
      <p className="button-row">
        {number > 0 && (
          <Link to="/new" search={{ like: taskId, checkpoint: number }} className="button">
            Go on from it
          </Link>
        )}
        <a
          href={`/v1/tasks/${encodeURIComponent(taskId)}/checkpoints/${number}/content`}
          download
          className="button"
        >
          Download it whole
        </a>
      </p>
    </Empty>
  );
}
