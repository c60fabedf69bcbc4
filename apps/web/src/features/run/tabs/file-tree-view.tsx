import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { KeyboardEvent } from "react";
import { bytes, count } from "../../../lib/format.ts";
import { Empty } from "../../../ui/states.tsx";
import type { Entry } from "./file-list.ts";
import { FileName } from "./file-name.tsx";
import type { Place } from "./file-place.ts";
import { treeOf } from "./file-tree.ts";
import type { Folder } from "./file-tree.ts";
import { shownName } from "./shown-name.ts";

/** A small tree stands open; of a large one only what is asked for is drawn. */
const FEW = 100;
/** Of one folder, before more is asked for. */
const DRAWN = 500;

/** Which folders a reader has opened and closed: they stay so at another checkpoint. */
export type Toggled = ReadonlyMap<string, boolean>;

interface FileTreeProps {
  taskId: string;
  place: Place;
  entries: readonly Entry[];
  chosen: string | undefined;
  toggled: Toggled;
  onToggle: (path: string, open: boolean) => void;
}

type PartProps = Omit<FileTreeProps, "entries"> & { folder: Folder; few: boolean };

export function FileTree({ entries, ...props }: FileTreeProps) {
  const top = useMemo(() => treeOf(entries), [entries]);
  if (entries.length === 0) return <Empty title="The workspace is empty" icon="file" />;
  return (
    <nav className="file-tree" aria-label="Files">
      <Entries {...props} folder={top} few={entries.length <= FEW} />
    </nav>
  );
}

function Entries(props: PartProps) {
  const { folder } = props;
  const [drawn, setDrawn] = useState(DRAWN);
  const rest = folder.folders.length + folder.files.length - drawn;
  return (
    <ul className="file-list">
      {folder.folders.slice(0, drawn).map((inner) => (
        <li key={inner.path}>
          <FolderView {...props} folder={inner} />
        </li>
      ))}
      {folder.files.slice(0, Math.max(0, drawn - folder.folders.length)).map(({ name, file }) => (
        <li key={`${file.path} ${file.change ?? ""}`}>
          <FileLine {...props} name={name} file={file} />
        </li>
      ))}
      {rest > 0 && (
        <li>
          <button
            type="button"
            className="link-button file-more"
            onClick={() => setDrawn(drawn + DRAWN)}
            data-stop
          >
            Show {count(Math.min(DRAWN, rest))} more of {count(rest)} here
          </button>
        </li>
      )}
    </ul>
  );
}

function FolderView(props: PartProps) {
  const { folder, chosen, few, toggled, onToggle } = props;
  const open = toggled.get(folder.path) ?? (few || chosen?.startsWith(folder.path) === true);
  return (
    <details open={open} onToggle={(event) => followToggle(event.currentTarget.open)}>
      <summary className="folder" onKeyDown={openByArrow} data-stop>
        <FileName>{`${folder.name}/`}</FileName>
        {folder.changed > 0 && <span className="quiet figure">{folder.changed} changed</span>}
      </summary>
      {open && <Entries {...props} />}
    </details>
  );

  // The browser tells of what was set here as well.
  function followToggle(now: boolean) {
    if (now !== open) onToggle(folder.path, now);
  }
}

function openByArrow(event: KeyboardEvent<HTMLElement>): void {
  const details = event.currentTarget.closest("details");
  if (details === null || (event.key !== "ArrowRight" && event.key !== "ArrowLeft")) return;
  event.preventDefault();
  details.open = event.key === "ArrowRight";
}

const MARKS = { added: "good", modified: "warn", deleted: "bad" } as const;

function FileLine({ taskId, place, chosen, name, file }: PartProps & { name: string; file: Entry }) {
  const { path, change, kind } = file;
  const line = (
    <>
      <FileName cut>
        {kind === "link" && file.target !== undefined ? `${name} → ${file.target}` : name}
      </FileName>
      <span className="file-facts quiet figure">
        {change !== undefined && <span className={`tag tag-${MARKS[change]}`}>{change}</span>}
        {kind === "link" ? "link" : file.bytes !== undefined && bytes(file.bytes)}
      </span>
    </>
  );
  if (kind === "link" || change === "deleted")
    return (
      <span className={change === "deleted" ? "file file-gone" : "file"} title={shownName(path)}>
        {line}
      </span>
    );
  return (
    <Link
      to="/runs/$id"
      params={{ id: taskId }}
      search={{ tab: "files", ...(place.at === "end" ? {} : { at: place.at }), path }}
      className="file"
      title={shownName(path)}
      activeOptions={{ exact: true }}
      aria-current={path === chosen}
      data-stop
    >
      {line}
    </Link>
  );
}
