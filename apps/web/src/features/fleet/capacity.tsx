import type { EngineInfo, ProviderInfo, QueueInfo } from "@agency/contract";
import { Link } from "@tanstack/react-router";
import { api } from "../../lib/api.ts";
import { feed } from "../../lib/feed.ts";
import { plural } from "../../lib/format.ts";
import { useResource } from "../../lib/resource.ts";
import { useStore } from "../../lib/store.ts";
import { Checks } from "../../ui/checks.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Meter } from "../../ui/meter.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Text } from "../../ui/text.tsx";
import { Ago } from "../../ui/time.tsx";

export function Capacity() {
  const movement = JSON.stringify(useStore(feed)?.totals.counts ?? null);
  const queue = useResource((signal) => api.queue({ signal }), "queue", movement);
  const engines = useResource((signal) => api.engines({ signal }), "engines");
  const providers = useResource((signal) => api.providers({ signal }), "providers");
  return (
    <div className="fleet-panels">
      <Panel title="Queue">
        <Loaded resource={queue}>{(data) => <Queue queue={data} />}</Loaded>
      </Panel>
      <Panel title="Engines">
        <Loaded resource={engines}>{(data) => <Engines engines={data} />}</Loaded>
      </Panel>
      <Panel title="Providers">
        <Loaded resource={providers}>{(data) => <Providers providers={data} />}</Loaded>
      </Panel>
    </div>
  );
}

const REASONS = {
  next: "is about to start",
  capacity: "waits for a place",
  scheduled: "waits for its time",
} as const;

function Queue({ queue: { running, capacity, waiting } }: { queue: QueueInfo }) {
  return (
    <div className="fleet-body">
      <Meter label="Places taken" value={running} max={capacity} text={`${running} of ${capacity}`} />
      {waiting.length === 0 ? (
        <p className="quiet">Nobody waits for a place.</p>
      ) : (
        <ol className="fleet-queue">
          {waiting.map((place) => (
            <li key={place.taskId}>
              <span className="figure quiet">{place.position}</span>
              <Link to="/runs/$id" params={{ id: place.taskId }} className="cut" data-stop>
                <Text>{place.name}</Text>
              </Link>
              <span className="quiet">
                {REASONS[place.reason]}
                {place.startsAt !== null && ` at ${new Date(place.startsAt).toLocaleString()}`}
              </span>
              <span className="quiet">
                <Ago at={place.since} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

function Engines({ engines }: { engines: readonly EngineInfo[] }) {
  return (
    <ul className="fleet-things">
      {engines.map((engine) => (
        <li key={engine.id}>
          <Head title={engine.title} detail={engine.version ?? ""} ready={engine.ready} />
          {engine.problems.map((problem) => (
            <p key={problem} className="quiet">
              <Text>{problem}</Text>
            </p>
          ))}
          {engine.probes.map((probe) => (
            <p key={probe.provider} className="quiet">
              Tried on {probe.provider} <Ago at={probe.at} />:{" "}
              {probe.ok ? "works" : <Text>{probe.detail}</Text>}
            </p>
          ))}
        </li>
      ))}
    </ul>
  );
}

function Providers({ providers }: { providers: readonly ProviderInfo[] }) {
  return (
    <ul className="fleet-things">
      {providers.map((provider) => (
        <li key={provider.id}>
          <Head
            title={provider.title}
            detail={plural(provider.checks.length, "check")}
            ready={provider.ready}
          />
          <Checks checks={provider.checks} />
          <dl className="fleet-limits">
            {Object.entries(provider.limits).map(([name, words]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{words}</dd>
              </div>
            ))}
          </dl>
        </li>
      ))}
    </ul>
  );
}

function Head({ title, detail, ready }: { title: string; detail: string; ready: boolean }) {
  return (
    <h3 className="fleet-thing">
      {title} <span className="quiet">{detail}</span>
      <span className={ready ? "tag tag-good" : "tag tag-warn"}>{ready ? "ready" : "not ready"}</span>
    </h3>
  );
}
