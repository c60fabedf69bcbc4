import type { Task } from "@agency/contract";
import { api } from "../../../lib/api.ts";
import { bytes } from "../../../lib/format.ts";
import { useResource } from "../../../lib/resource.ts";
import { Empty, Failure, Skeleton } from "../../../ui/states.tsx";
import { Text } from "../../../ui/text.tsx";

export function ArtifactsTab({ task, mark }: { task: Task; mark: number }) {
  const artifacts = useResource((signal) => api.artifacts(task.id, { signal }), task.id, mark);
  if (artifacts.state === "loading") return <Skeleton lines={5} />;
  if (artifacts.state === "failed") return <Failure error={artifacts.error} onRetry={artifacts.reload} />;
  if (artifacts.data.length === 0)
    return (
      <Empty title="Nothing is kept yet" icon="file">
        <p>Archive and patch are made when the run ends; files you asked for stand here too.</p>
      </Empty>
    );
  return (
    <ul className="artifacts tab-scroll">
      {artifacts.data.map((artifact) => (
        <li key={artifact.id} className="artifact">
          <span className="tag">{artifact.kind}</span>
          <a
            href={`/v1/tasks/${task.id}/artifacts/${artifact.id}/content`}
            download
            data-stop
            className="cut"
          >
            <Text>{artifact.name}</Text>
          </a>
          <span className="figure quiet">{bytes(artifact.bytes)}</span>
          <code className="artifact-hash quiet" title={`SHA-256 ${artifact.sha256}`}>
            {artifact.sha256.slice(0, 12)}
          </code>
        </li>
      ))}
    </ul>
  );
}
