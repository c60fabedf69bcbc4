import type { AuditEntry } from "@agency/contract";
import { useState } from "react";
import { api } from "../../lib/api.ts";
import { useResource } from "../../lib/resource.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/panel.tsx";
import { Text } from "../../ui/text.tsx";
import { Ago } from "../../ui/time.tsx";

const PAGE = 50;

/** Who did what, the newest first. */
export function Audit() {
  const [pages, setPages] = useState(1);
  const audit = useResource((signal) => load(pages, signal), "audit", pages);
  return (
    <Panel
      title="Who did what"
      aside={
        <button type="button" className="link-button" onClick={audit.reload}>
          Look again
        </button>
      }
    >
      <Loaded resource={audit} lines={8}>
        {({ entries, more }) => (
          <>
            {entries.length === 0 && <p className="panel-empty">Nothing has been done yet.</p>}
            <ol className="audit">
              {entries.map((entry) => (
                <Entry key={entry.id} entry={entry} />
              ))}
            </ol>
            {more && (
              <button type="button" className="link-button audit-more" onClick={() => setPages(pages + 1)}>
                Show older ones
              </button>
            )}
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function Entry({ entry }: { entry: AuditEntry }) {
  const detail = Object.entries(entry.detail)
    .map(([name, value]) => `${name}: ${value}`)
    .join(", ");
  return (
    <li>
      <span className="quiet audit-when">
        <Ago at={entry.at} />
      </span>
      <span>
        <strong>{entry.action}</strong> <Text>{entry.target}</Text>
        {detail !== "" && (
          <span className="quiet">
            {" "}
            <Text>{detail}</Text>
          </span>
        )}
      </span>
      <span className="quiet cut">
        <Text>{entry.actor}</Text>
      </span>
    </li>
  );
}

async function load(pages: number, signal: AbortSignal) {
  const entries: AuditEntry[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < pages; page += 1) {
    const at: { cursor?: string } = cursor === null ? {} : { cursor };
    const part = await api.audit({ ...at, limit: PAGE }, { signal });
    entries.push(...part.entries);
    cursor = part.nextCursor;
    if (cursor === null) break;
  }
  return { entries, more: cursor !== null };
}
