import type { Spend, StorageUse } from "@agency/contract";
import { Link } from "@tanstack/react-router";
import { api } from "../../lib/api.ts";
import { bytes, count, money, plural } from "../../lib/format.ts";
import { feed } from "../../lib/feed.ts";
import { useResource } from "../../lib/resource.ts";
import { useStore } from "../../lib/store.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Text } from "../../ui/text.tsx";
import { BarChart, Shares } from "./charts.tsx";

const DAYS = 30;
const DAY_MS = 24 * 60 * 60_000;

export function SpendView() {
  const spent = useStore(feed)?.totals.spentTodayUsd ?? 0;
  const from = new Date(Date.now() - (DAYS - 1) * DAY_MS).toISOString().slice(0, 10);
  // To the cent: every call of a model would ask again otherwise.
  const spend = useResource((signal) => api.spend({ from }, { signal }), from, spent.toFixed(2));
  const storage = useResource((signal) => api.storageUse({ signal }), "storage");
  return (
    <div className="fleet-panels">
      <Panel title={`Spend of ${DAYS} days`} aside={spend.data !== null && money(spend.data.totalUsd)}>
        <Loaded resource={spend}>{(data) => <SpendOf spend={data} />}</Loaded>
      </Panel>
      <Panel title="Storage" aside={storage.data !== null && bytes(storage.data.blobBytes)}>
        <Loaded resource={storage}>{(data) => <StorageOf use={data} />}</Loaded>
      </Panel>
    </div>
  );
}

function SpendOf({ spend: { days, models, providers } }: { spend: Spend }) {
  const tokens = days.reduce((sum, day) => sum + day.inputTokens + day.outputTokens, 0);
  const calls = days.reduce((sum, day) => sum + day.calls, 0);
  return (
    <div className="fleet-body">
      <BarChart
        label="Spend by day"
        bars={days.map((day) => ({
          name: day.day,
          value: day.modelUsd + day.computeUsd,
          text: money(day.modelUsd + day.computeUsd),
        }))}
      />
      <p className="quiet">
        {plural(calls, "model call")}, {count(tokens)} tokens. Days are those of UTC.
      </p>
      <Shares title="By model" empty="No model was called." parts={models.map(dollars)} />
      <Shares title="Computing time by provider" empty="None was charged." parts={providers.map(dollars)} />
    </div>
  );
}

function dollars({ name, usd }: { name: string; usd: number }) {
  return { name, value: usd, text: money(usd) };
}

function StorageOf({ use }: { use: StorageUse }) {
  const kinds = use.kinds.map((kind) => ({
    name: `${kind.kind} (${count(kind.count)})`,
    value: kind.bytes,
    text: bytes(kind.bytes),
  }));
  return (
    <div className="fleet-body">
      <p className="quiet">
        {plural(use.blobs, "object")}{" "}
        {use.storage === "local" ? (
          "in the data folder"
        ) : (
          <>
            in <Text>{use.storage}</Text>
          </>
        )}
        ; the database takes {bytes(use.databaseBytes)}.
      </p>
      <Shares title="By kind" empty="Nothing is stored yet." parts={kinds} />
      {use.largest.length > 0 && (
        <>
          <h3>Largest runs</h3>
          <ol className="fleet-largest">
            {use.largest.map((task) => (
              <li key={task.taskId}>
                <Link to="/runs/$id" params={{ id: task.taskId }} className="cut" data-stop>
                  <Text>{task.name}</Text>
                </Link>
                <span className="figure">{bytes(task.bytes)}</span>
              </li>
            ))}
          </ol>
        </>
      )}
    </div>
  );
}
