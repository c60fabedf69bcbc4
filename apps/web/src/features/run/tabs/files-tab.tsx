import type { ArchivedFile, Task } from "@agency/contract";
import { isAgencyError } from "@agency/contract";
import { useSearch } from "@tanstack/react-router";
import { api } from "../../../lib/api.ts";
import { useResource } from "../../../lib/resource.ts";
import { Empty, Failure, Skeleton } from "../../../ui/states.tsx";
import { Text } from "../../../ui/text.tsx";
import { Checkpoints } from "./checkpoints.tsx";
import { FileTree } from "./file-tree-view.tsx";
import { readText } from "./read-text.ts";

const PAGE = 100;
const MOST_PAGES = 20;
const MOST_BYTES = 512 * 1024;

export function FilesTab({ task, mark }: { task: Task; mark: number }) {
  const { path } = useSearch({ from: "/runs/$id" });
  const files = useResource((signal) => allFiles(task.id, signal), task.id, mark);
  return (
    <div className="tab-scroll">
      <Checkpoints task={task} mark={mark} />
      {files.state === "loading" && <Skeleton lines={8} />}
      {files.state === "failed" && <NoFiles error={files.error} onRetry={files.reload} />}
      {files.state === "ready" && (
        <div className="files">
          <FileTree taskId={task.id} files={files.data.files} chosen={path} />
          {path !== undefined && <FileText key={path} taskId={task.id} path={path} />}
        </div>
      )}
      {files.state === "ready" && files.data.more && (
        <p className="tab-note">There are more files in the archive.</p>
      )}
    </div>
  );
}

function NoFiles({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  if (isAgencyError(error) && error.code === "not_found")
    return (
      <Empty title="No files yet" icon="file">
        <p>
          The archive of the workspace is there once the run has ended. The files as they were at a checkpoint
          can be had by going on from it.
        </p>
      </Empty>
    );
  return <Failure error={error} onRetry={onRetry} />;
}

async function allFiles(
  taskId: string,
  signal: AbortSignal,
): Promise<{ files: ArchivedFile[]; more: boolean }> {
  const files: ArchivedFile[] = [];
  let after: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const query = after === null ? { limit: PAGE } : { limit: PAGE, after };
    const answer = await api.files(taskId, query, { signal });
    files.push(...answer.files.filter((file) => file.kind !== "folder"));
    after = answer.nextAfter;
    if (after === null) return { files, more: answer.truncated };
  }
  return { files, more: true };
}

function FileText({ taskId, path }: { taskId: string; path: string }) {
  const content = useResource(
    async (signal) => readText(await api.fileContent(taskId, path, { signal }), MOST_BYTES),
    `${taskId} ${path}`,
  );
  const download = `/v1/tasks/${taskId}/files/content?path=${encodeURIComponent(path)}`;
  return (
    <section className="file-text" aria-label={path}>
      <p className="tab-note">
        <code>
          <Text>{path}</Text>
        </code>
        <a href={download} download>
          Download
        </a>
      </p>
      {content.state === "loading" && <Skeleton lines={6} />}
      {content.state === "failed" && <Failure error={content.error} onRetry={content.reload} />}
      {content.state === "ready" && content.data.binary && <p className="quiet">Not text.</p>}
      {content.state === "ready" && !content.data.binary && (
        <pre className="file-body" tabIndex={0} role="group" aria-label="Content">
          <Text>{content.data.text}</Text>
        </pre>
      )}
      {content.data?.cut === true && <p className="quiet">Only the beginning is shown.</p>}
    </section>
  );
}
