import type { Task } from "@agency/contract";
import { Link } from "@tanstack/react-router";
import { isOver } from "../../lib/feed-state.ts";
import { duration, money } from "../../lib/format.ts";
import { StatePill } from "../../ui/pill.tsx";
import { Text } from "../../ui/text.tsx";
import { Ago, Elapsed } from "../../ui/time.tsx";
import { shortRepository } from "./short-repository.ts";

export type RunRow = Pick<
  Task,
  | "id"
  | "name"
  | "state"
  | "reason"
  | "cancelRequested"
  | "engine"
  | "model"
  | "provider"
  | "repository"
  | "costUsd"
  | "createdAt"
  | "startedAt"
  | "finishedAt"
>;

const COLUMNS = [
  { title: "State", className: "" },
  { title: "Run", className: "" },
  { title: "Engine", className: "fleet-engine" },
  { title: "Repository", className: "fleet-wide" },
  { title: "Time", className: "fleet-number" },
  { title: "Cost", className: "fleet-number" },
  { title: "Created", className: "fleet-number" },
] as const;

interface RunRowsProps {
  rows: readonly RunRow[];
  chosen: ReadonlySet<string>;
  onChoose: (chosen: ReadonlySet<string>) => void;
}

export function RunRows({ rows, chosen, onChoose }: RunRowsProps) {
  const alive = rows.filter((row) => !isOver(row.state)).map((row) => row.id);
  const all = alive.length > 0 && alive.every((id) => chosen.has(id));
  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    onChoose(next);
  };
  return (
    <div className="fleet-table-frame" tabIndex={0} role="group" aria-label="Runs">
      <table className="fleet-table">
        <thead>
          <tr>
            <th scope="col" className="fleet-choose">
              <input
                type="checkbox"
                aria-label="Choose every run that is not over"
                checked={all}
                disabled={alive.length === 0}
                onChange={() => onChoose(new Set(all ? [] : alive))}
              />
            </th>
            {COLUMNS.map(({ title, className }) => (
              <th key={title} scope="col" className={className}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.id} row={row} isChosen={chosen.has(row.id)} onToggle={() => toggle(row.id)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  row: RunRow;
  isChosen: boolean;
  onToggle: () => void;
}

function Row({ row, isChosen, onToggle }: RowProps) {
  const over = isOver(row.state);
  return (
    <tr>
      <td className="fleet-choose">
        {!over && (
          <input type="checkbox" aria-label={`Choose ${row.name}`} checked={isChosen} onChange={onToggle} />
        )}
      </td>
      <td>
        <StatePill state={row.state} reason={row.reason} stopping={row.cancelRequested && !over} />
      </td>
      <td className="fleet-name">
        <Link to="/runs/$id" params={{ id: row.id }} data-stop className="cut">
          <Text>{row.name}</Text>
        </Link>
      </td>
      <td className="fleet-engine">
        <Text>{row.model === null ? row.engine : `${row.engine} · ${row.model}`}</Text>
      </td>
      <td className="fleet-wide cut">
        {row.repository === null ? (
          <span className="quiet">none</span>
        ) : (
          <span title={row.repository.url}>
            <Text>{shortRepository(row.repository.url)}</Text>
          </span>
        )}
      </td>
      <td className="fleet-number figure">
        <Took row={row} />
      </td>
      <td className="fleet-number figure">{money(row.costUsd)}</td>
      <td className="fleet-number quiet">
        <Ago at={row.createdAt} />
      </td>
    </tr>
  );
}

function Took({ row: { startedAt, finishedAt } }: { row: RunRow }) {
  if (startedAt === null) return null;
  if (finishedAt === null) return <Elapsed since={startedAt} />;
  return <>{duration(new Date(finishedAt).getTime() - new Date(startedAt).getTime())}</>;
}
