import type { SecretInfo } from "@agency/contract";
import { Link } from "@tanstack/react-router";
import { api } from "../../lib/api.ts";
import { useResource } from "../../lib/resource.ts";
import { Text } from "../../ui/text.tsx";
import type { Draft } from "./draft.ts";
import { secretsFor } from "./secrets-for.ts";

/** By name only: a value is never read back. */
export function SecretsUsed({ draft, vendor }: { draft: Draft; vendor: string | null }) {
  const secrets = useResource((signal) => api.secrets({ signal }), "secrets");
  if (secrets.data === null) return null;
  const { repository, demo, base } = draft;
  const used = secretsFor({ vendor, repository, demo, project: base.project ?? null }, secrets.data);
  return (
    <div className="secrets-used span-3 quiet">
      <dl>
        {vendor !== null && (
          <Row
            name="Model"
            list={used.model}
            none={demo ? "none, as it is a demo" : "no credential is stored"}
          />
        )}
        {repository.trim() !== "" && (
          <Row name="Repository" list={used.git} none="none is stored for this host" />
        )}
      </dl>
      <Link to="/settings" search={{ section: "secrets" }}>
        Secrets
      </Link>
    </div>
  );
}

function Row({ name, list, none }: { name: string; list: readonly SecretInfo[]; none: string }) {
  return (
    <div>
      <dt>{name}: </dt>
      <dd>
        {list.length === 0 && none}
        {list.map((secret, at) => (
          <span key={`${secret.name} ${secret.project ?? ""} ${secret.source}`}>
            {at > 0 && ", "}
            <code>
              <Text>{secret.name}</Text>
            </code>{" "}
            …<Text>{secret.hint}</Text>
            {secret.project !== null && <Text>{` (${secret.project})`}</Text>}
            {secret.source === "server" && " (of the server)"}
          </span>
        ))}
      </dd>
    </div>
  );
}
