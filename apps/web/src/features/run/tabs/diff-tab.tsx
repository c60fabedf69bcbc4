import type { Task } from "@agency/contract";
import { useMemo } from "react";
import { api } from "../../../lib/api.ts";
import { splitPatch } from "../../../lib/diff.ts";
import { plural } from "../../../lib/format.ts";
import { useResource } from "../../../lib/resource.ts";
import { Empty, Failure, Skeleton } from "../../../ui/states.tsx";
import { ReviewBar } from "../review/review-bar.tsx";
import { ReviewedDiff } from "../review/reviewed-diff.tsx";
import { ChangeView } from "../rows/change-view.tsx";
import type { RunView } from "../run-store.ts";
import type { Change } from "../timeline/rows.ts";
import { readText } from "./read-text.ts";

const MOST_BYTES = 8 * 1024 * 1024;
/** The server reads out no more in place; a longer one is there as a download. */
const MOST_INLINE = 16 * 1024 * 1024;

/** The patch the run left; until there is one, what its log says of each file. */
export function DiffTab({ task, view }: { task: Task; view: RunView }) {
  const patch = useResource(
    async (signal) => {
      const kept = (await api.artifacts(task.id, { signal })).findLast(
        (artifact) => artifact.kind === "patch",
      );
      if (kept === undefined) return null;
      if (kept.bytes > MOST_INLINE) return { text: null, cut: true, id: kept.id };
      // In place: the page's policy lets nothing be read from another origin.
      const content = await readText(await api.artifactInPlace(task.id, kept.id, { signal }), MOST_BYTES);
      return { text: content.text, cut: content.cut, id: kept.id };
    },
    task.id,
    view.summary.keptAt,
  );
  const files = useMemo(() => patchOf(patch.data?.text ?? null), [patch.data]);
  const live = useMemo(() => changesOf(view), [view]);
  if (patch.state === "loading") return <Skeleton lines={8} />;
  if (patch.state === "failed") return <Failure error={patch.error} onRetry={patch.reload} />;
  const shown: Change[] =
    files?.map((file) => ({ ...file, op: "modify" as const, source: "workspace_diff" as const })) ?? live;
  if (shown.length === 0)
    return (
      <Empty title="Nothing has been changed" icon="pencil">
        <p>Changes stand here as soon as the agent has made one.</p>
      </Empty>
    );
  return (
    <div className="tab-scroll">
      <p className="tab-note">
        {plural(shown.length, "file")}.{" "}
        {files === null
          ? "As the agent reported them so far."
          : patch.data?.cut === true
            ? "The beginning of the change."
            : "The whole change."}
        {patch.data?.cut === true && " All of it is in the download."}
        {patch.data !== null && (
          <a href={`/v1/tasks/${task.id}/artifacts/${patch.data.id}/content`} download>
            Download the patch
          </a>
        )}
      </p>
      {shown.map((change, at) => (
        <ChangeView key={`${change.path} ${at}`} change={change} open={at < 12}>
          {(diff) => <ReviewedDiff taskId={task.id} path={change.path} diff={diff} most={400} />}
        </ChangeView>
      ))}
      <ReviewBar task={task} />
    </div>
  );
}

function patchOf(text: string | null) {
  return text === null ? null : splitPatch(text);
}

function changesOf(view: RunView): Change[] {
  return view.rows.flatMap((row) =>
    row.kind === "change" ? [row.change] : row.kind === "tool" ? row.changes : [],
  );
}
