import type { Setting, Status } from "@agency/contract";
import { useState } from "react";
import { api } from "../../lib/api.ts";
import { useResource } from "../../lib/resource.ts";
import { Checks } from "../../ui/checks.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Text } from "../../ui/text.tsx";
import { Ago } from "../../ui/time.tsx";

/** How the server is, and what it was started with. */
export function Server() {
  const status = useResource((signal) => api.status({ signal }), "status");
  return (
    <div className="settings-panels settings-server">
      <Panel
        title="Doctor"
        aside={
          <button type="button" className="link-button" onClick={status.reload}>
            Look again
          </button>
        }
      >
        <Loaded resource={status}>
          {(data) => (
            <div className="settings-body">
              <Facts status={data} />
              <Checks checks={data.checks} />
            </div>
          )}
        </Loaded>
      </Panel>
      <Panel title="Settings of the server">
        <Loaded resource={status} lines={8}>
          {(data) => <SettingList settings={data.settings} />}
        </Loaded>
      </Panel>
    </div>
  );
}

function Facts({ status }: { status: Status }) {
  return (
    <p className="quiet">
      Version {status.version}, {status.roles.join(" and ")}, started <Ago at={status.startedAt} />, database{" "}
      {status.database}.
    </p>
  );
}

function SettingList({ settings }: { settings: readonly Setting[] }) {
  const [words, setWords] = useState("");
  const [changed, setChanged] = useState(false);
  const wanted = words.trim().toLowerCase();
  const found = settings.filter(
    ({ name, value, source }) =>
      (!changed || source !== "default") && `${name} ${value}`.toLowerCase().includes(wanted),
  );
  return (
    <div className="settings-body">
      <p className="quiet">
        They are set in the server's environment or its `.env` file, and hold after a restart.
      </p>
      <div className="settings-line">
        <input
          type="search"
          aria-label="Search the settings"
          placeholder="Search the settings"
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
        <label className="choice">
          <input type="checkbox" checked={changed} onChange={(event) => setChanged(event.target.checked)} />
          <span>Changed only</span>
        </label>
      </div>
      {found.length === 0 && <p className="quiet">No setting is like that.</p>}
      <dl className="setting-list">
        {found.map((setting) => (
          <div key={setting.name}>
            <dt>
              <code>{setting.name}</code>
            </dt>
            <dd>
              <Text>{setting.value === "" ? "not set" : setting.value}</Text>{" "}
              <span className="tag">{setting.source}</span>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
