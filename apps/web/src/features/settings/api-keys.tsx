import type { ApiKeyInfo, CreatedApiKey } from "@agency/contract";
import { useState } from "react";
import { api } from "../../lib/api.ts";
import { useResource } from "../../lib/resource.ts";
import { Confirm } from "../../ui/confirm.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Text } from "../../ui/text.tsx";
import { Ago } from "../../ui/time.tsx";
import { attempt, sayFailure } from "../../ui/toasts.tsx";

export function ApiKeys() {
  const keys = useResource((signal) => api.apiKeys({ signal }), "keys");
  const [revoking, setRevoking] = useState<ApiKeyInfo | null>(null);
  const revoke = async (key: ApiKeyInfo) => {
    const done = await attempt(() => api.revokeApiKey(key.id), `The key ${key.name} is revoked`);
    setRevoking(null);
    if (done) keys.reload();
  };
  return (
    <Panel title="API keys">
      <NewKey onCreated={keys.reload} />
      <Loaded resource={keys}>
        {(list) => (
          <ul className="settings-list">
            {list.map((key) => (
              <li key={key.id}>
                <div className="settings-what">
                  <p>
                    <strong>
                      <Text>{key.name}</Text>
                    </strong>{" "}
                    <code>{key.prefix}…</code> {key.revoked && <span className="tag tag-bad">revoked</span>}
                  </p>
                  <p className="quiet">
                    created <Ago at={key.createdAt} />
                  </p>
                </div>
                {!key.revoked && (
                  <button type="button" className="button" onClick={() => setRevoking(key)}>
                    Revoke
                  </button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      {revoking !== null && (
        <Confirm
          title={`Revoke ${revoking.name}?`}
          text="Whatever uses it is refused from now on. It cannot be taken back."
          yes="Revoke it"
          no="Keep it"
          onYes={() => revoke(revoking)}
          onClose={() => setRevoking(null)}
        />
      )}
    </Panel>
  );
}

function NewKey({ onCreated }: { onCreated: () => void }) {
  const [name, setName] = useState("");
  const [created, setCreated] = useState<CreatedApiKey | null>(null);
  const create = async () => {
    try {
      setCreated(await api.createApiKey(name.trim()));
      setName("");
      onCreated();
    } catch (error) {
      sayFailure(error);
    }
  };
  return (
    <div className="settings-body">
      <form
        className="settings-line"
        onSubmit={(event) => {
          event.preventDefault();
          void create();
        }}
      >
        <input
          aria-label="Name of the new key"
          placeholder="What it is for"
          maxLength={80}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <button type="submit" className="button" disabled={name.trim() === ""}>
          Create a key
        </button>
      </form>
      {created !== null && (
        <div className="settings-once" role="status">
          <p>This is the only time it is shown. Keep it now.</p>
          <code>{created.key}</code>
          <button type="button" className="button" onClick={() => setCreated(null)}>
            I have it
          </button>
        </div>
      )}
    </div>
  );
}
