import type { Task } from "@agency/contract";
import { Link, useSearch } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { api } from "../../../lib/api.ts";
import { isOver } from "../../../lib/feed-state.ts";
import { count } from "../../../lib/format.ts";
import { useResource } from "../../../lib/resource.ts";
import { Empty, Failure, Skeleton } from "../../../ui/states.tsx";
import { Text } from "../../../ui/text.tsx";
import { Checkpoints } from "./checkpoints.tsx";
import { listUpTo } from "./file-list.ts";
import type { Listing } from "./file-list.ts";
import { newestOf, placeOf } from "./file-place.ts";
import type { Place } from "./file-place.ts";
import { FileText } from "./file-text.tsx";
import { FileTree } from "./file-tree-view.tsx";
import type { Toggled } from "./file-tree-view.tsx";
import { NoFiles } from "./no-files.tsx";
import { pagesOf } from "./read-files.ts";

export function FilesTab({ task, mark }: { task: Task; mark: number }) {
  const { at, path } = useSearch({ from: "/runs/$id" });
  const checkpoints = useResource((signal) => api.checkpoints(task.id, { signal }), task.id, mark);
  const [toggled, setToggled] = useState<Toggled>(new Map());
  if (checkpoints.state === "loading") return <Waiting />;
  if (checkpoints.state === "failed")
    return <Failure error={checkpoints.error} onRetry={checkpoints.reload} />;
  const over = isOver(task.state);
  const place = placeOf(at, over, checkpoints.data);
  const newest = newestOf(checkpoints.data);
  return (
    <div className="tab-scroll">
      <Checkpoints taskId={task.id} over={over} checkpoints={checkpoints.data} place={place} path={path} />
      {place !== null && typeof place.at === "number" && (
        <Newer taskId={task.id} shown={place.at} newest={newest} pinned={at !== undefined} path={path} />
      )}
      {place === null ? (
        <NoneYet />
      ) : (
        <FilesAt
          taskId={task.id}
          place={place}
          mark={place.at === "end" ? mark : 0}
          path={path}
          newest={newest}
          toggled={toggled}
          onToggle={(folder, open) => setToggled((before) => new Map(before).set(folder, open))}
        />
      )}
    </div>
  );
}

function Waiting() {
  return (
    <div className="tab-scroll">
      <Skeleton lines={8} />
    </div>
  );
}

function NoneYet() {
  return (
    <Empty title="No files yet" icon="file">
      <p>
        Files can be seen as they were at a checkpoint, and as they are at the end. The first checkpoint is
        taken after the first turn, or with “Take one now”.
      </p>
    </Empty>
  );
}

interface NewerProps {
  taskId: string;
  shown: number;
  newest: number | null;
  pinned: boolean;
  path: string | undefined;
}

/** Whoever has opened something keeps it; what came since is a click away. */
function Newer({ taskId, shown, newest, pinned, path }: NewerProps) {
  const held = path === undefined ? {} : { path };
  return (
    <p className="tab-note" role="status">
      {pinned ? `As it was at checkpoint ${shown}.` : `As it is at the newest checkpoint, ${shown}.`}
      {newest !== null && newest > shown && (
        <Link to="/runs/$id" params={{ id: taskId }} search={{ tab: "files", at: newest, ...held }}>
          Checkpoint {newest} is newer
        </Link>
      )}
    </p>
  );
}

/** Fetched at first, and with each further request: a workspace of many thousand files is not drawn unasked. */
const MOST_AT_ONCE = 5_000;

/** The list so far, and the way to more of it. What is there stays until the next place has come. */
function useListing(taskId: string, place: Place, mark: number) {
  const key = `${taskId} ${place.at} ${mark}`;
  const [more, setMore] = useState({ key, wanted: MOST_AT_ONCE });
  const wanted = more.key === key ? more.wanted : MOST_AT_ONCE;
  const have = useRef<{ key: string; place: Place; listing: Listing } | null>(null);
  const resource = useResource(
    async (signal) => {
      const before = have.current?.key === key ? have.current.listing : null;
      const listing = await listUpTo(before, wanted, pagesOf(taskId, place, signal));
      have.current = { key, place, listing };
      return have.current;
    },
    key,
    wanted,
  );
  const shown = resource.state === "loading" ? have.current : resource.data;
  return { resource, shown, showMore: () => setMore({ key, wanted: wanted + MOST_AT_ONCE }), wanted };
}

interface FilesAtProps {
  taskId: string;
  place: Place;
  mark: number;
  path: string | undefined;
  newest: number | null;
  toggled: Toggled;
  onToggle: (path: string, open: boolean) => void;
}

function FilesAt({ taskId, place, mark, path, newest, toggled, onToggle }: FilesAtProps) {
  const { resource, shown, showMore, wanted } = useListing(taskId, place, mark);
  const noFiles = resource.state === "failed" && (
    <NoFiles taskId={taskId} place={place} error={resource.error} newest={newest} onRetry={resource.reload} />
  );
  return (
    <>
      <div className="files" aria-busy={resource.state === "loading"}>
        {noFiles}
        {resource.state === "loading" && shown === null && <Skeleton lines={8} />}
        {shown !== null && (
          <div className="file-side">
            <FileTree
              taskId={taskId}
              place={shown.place}
              entries={shown.listing.entries}
              chosen={path}
              toggled={toggled}
              onToggle={onToggle}
            />
            <Rest listing={shown.listing} busy={wanted > shown.listing.entries.length} onMore={showMore} />
          </div>
        )}
        {path !== undefined && noFiles === false && (
          <FileText key={`${place.at} ${path}`} taskId={taskId} place={place} path={path} />
        )}
      </div>
      {resource.state === "ready" && resource.error !== null && (
        <Failure error={resource.error} onRetry={resource.reload} />
      )}
    </>
  );
}

/** Nothing is left out in silence. */
function Rest({ listing, busy, onMore }: { listing: Listing; busy: boolean; onMore: () => void }) {
  const { entries, after, truncated } = listing;
  return (
    <>
      {after !== null && (
        <p className="tab-note">
          <span>
            {count(entries.length)} files, up to{" "}
            <code>
              <Text>{after}</Text>
            </code>
            . There are more.
          </span>
          <button type="button" className="button" disabled={busy} onClick={onMore}>
            {busy ? "Fetching" : "Show more files"}
          </button>
        </p>
      )}
      {truncated && (
        <p className="tab-note">Something was left out when this list was made: it had become too long.</p>
      )}
    </>
  );
}
