import type { ArchivedFile } from "@agency/contract";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { bytes } from "../../../lib/format.ts";
import { Empty } from "../../../ui/states.tsx";
import { Text } from "../../../ui/text.tsx";
import { treeOf } from "./file-tree.ts";
import type { Folder } from "./file-tree.ts";

/** A small tree stands open; of a large one only what is asked for is drawn. */
const FEW = 100;

interface FileTreeProps {
  taskId: string;
  files: readonly ArchivedFile[];
  chosen: string | undefined;
}

interface PartProps {
  taskId: string;
  folder: Folder;
  chosen: string | undefined;
  few: boolean;
}

export function FileTree({ taskId, files, chosen }: FileTreeProps) {
  const top = useMemo(() => treeOf(files), [files]);
  if (files.length === 0) return <Empty title="The workspace is empty" icon="file" />;
  return (
    <nav className="file-tree" aria-label="Files">
      <Entries taskId={taskId} folder={top} chosen={chosen} few={files.length <= FEW} />
    </nav>
  );
}

function Entries({ taskId, folder, chosen, few }: PartProps) {
  return (
    <ul className="file-list">
      {folder.folders.map((inner) => (
        <li key={inner.path}>
          <FolderView taskId={taskId} folder={inner} chosen={chosen} few={few} />
        </li>
      ))}
      {folder.files.map(({ name, file }) => (
        <li key={file.path}>
          <Link
            to="/runs/$id"
            params={{ id: taskId }}
            search={{ tab: "files", path: file.path }}
            className="file"
            title={file.path}
            aria-current={file.path === chosen}
            data-stop
          >
            <code className="cut">
              <Text>{name}</Text>
            </code>
            <span className="quiet figure">{file.kind === "link" ? "link" : bytes(file.bytes)}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function FolderView({ taskId, folder, chosen, few }: PartProps) {
  const [open, setOpen] = useState(few || chosen?.startsWith(folder.path) === true);
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="folder" data-stop>
        <code>
          <Text>{`${folder.name}/`}</Text>
        </code>
      </summary>
      {open && <Entries taskId={taskId} folder={folder} chosen={chosen} few={few} />}
    </details>
  );
}
