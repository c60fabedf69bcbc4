import type { SecretInfo } from "@agency/contract";
import { useState } from "react";
import { api } from "../../lib/api.ts";
import { useResource } from "../../lib/resource.ts";
import { Confirm } from "../../ui/confirm.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Text } from "../../ui/text.tsx";
import { Ago } from "../../ui/time.tsx";
import { attempt } from "../../ui/toasts.tsx";
import { SecretForm } from "./secret-form.tsx";

/** Written, never read back: a value leaves the server only to the service it is for. */
export function Secrets() {
  const secrets = useResource((signal) => api.secrets({ signal }), "secrets");
  const [removing, setRemoving] = useState<SecretInfo | null>(null);
  const remove = async ({ name, project }: SecretInfo) => {
    const done = await attempt(
      () => api.removeSecret(name, project === null ? {} : { project }),
      `${name} is removed`,
    );
    setRemoving(null);
    if (done) secrets.reload();
  };
  return (
    <div className="settings-panels">
      <Panel title="Secrets">
        <Loaded resource={secrets}>
          {(list) => (
            <>
              {list.length === 0 && (
                <p className="panel-empty">
                  None yet. With a model key the agents can work; with a GitHub token they can open pull
                  requests.
                </p>
              )}
              <ul className="settings-list">
                {list.map((secret) => (
                  <Secret
                    key={`${secret.name} ${secret.project ?? ""} ${secret.source}`}
                    secret={secret}
                    onRemove={() => setRemoving(secret)}
                  />
                ))}
              </ul>
            </>
          )}
        </Loaded>
      </Panel>
      <Panel title="Add or replace">
        <SecretForm onSaved={secrets.reload} />
      </Panel>
      {removing !== null && (
        <Confirm
          title={`Remove ${removing.name}?`}
          text="Runs that need it wait or fail from now on."
          yes="Remove it"
          no="Keep it"
          onYes={() => remove(removing)}
          onClose={() => setRemoving(null)}
        />
      )}
    </div>
  );
}

function Secret({ secret, onRemove }: { secret: SecretInfo; onRemove: () => void }) {
  return (
    <li>
      <div className="settings-what">
        <p>
          <code>{secret.name}</code> <span className="quiet">…{secret.hint}</span>{" "}
          {secret.project !== null && <span className="tag">{secret.project}</span>}{" "}
          {secret.source === "server" && <span className="tag">from the server's environment</span>}
        </p>
        <p className="quiet">
          {secret.use}
          {secret.updatedAt !== null && (
            <>
              , set <Ago at={secret.updatedAt} />
            </>
          )}
        </p>
        {secret.checked !== null && (
          <p className="quiet">
            Checked: <Text>{secret.checked}</Text>
          </p>
        )}
      </div>
      {secret.source === "stored" && (
        <button type="button" className="button" onClick={onRemove}>
          Remove
        </button>
      )}
    </li>
  );
}
