import { isAgencyError } from "@agency/contract";
import { useResource } from "../../../lib/resource.ts";
import { Empty, Failure, Skeleton } from "../../../ui/states.tsx";
import { Text } from "../../../ui/text.tsx";
import { FileName } from "./file-name.tsx";
import type { Place } from "./file-place.ts";
import { downloadOf, readAt } from "./read-files.ts";
import { readText } from "./read-text.ts";
import { shownName } from "./shown-name.ts";

const MOST_BYTES = 512 * 1024;

interface FileTextProps {
  taskId: string;
  place: Place;
  path: string;
}

export function FileText({ taskId, place, path }: FileTextProps) {
  const content = useResource(
    async (signal) => readText(await readAt(taskId, place, path, signal), MOST_BYTES),
    `${taskId} ${place.at} ${path}`,
  );
  return (
    <section className="file-text" aria-label={shownName(path)}>
      <p className="tab-note">
        <FileName>{path}</FileName>
        {content.state === "ready" && (
          <a href={downloadOf(taskId, place, path)} download>
            Download
          </a>
        )}
      </p>
      {content.state === "loading" && <Skeleton lines={6} />}
      {content.state === "failed" && <NoText error={content.error} onRetry={content.reload} />}
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

function NoText({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  if (!isAgencyError(error) || error.code !== "not_found") return <Failure error={error} onRetry={onRetry} />;
  return (
    <Empty title="Not there" icon="file">
      <p>There is no such file at this place. Choose another one, or another checkpoint.</p>
    </Empty>
  );
}
