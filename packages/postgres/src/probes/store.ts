import type { ProbeResult, ProbeStore } from "@agency/core";
import type { Database } from "../database.ts";

export function createProbeStore(db: Database): ProbeStore {
  return {
    async list() {
      const { rows } = await db.query<Omit<ProbeResult, "at"> & { at: Date }>(
        "select engine, version, provider, ok, detail, at from engine_probes order by at desc",
      );
      return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
    },
    async save({ engine, version, provider, ok, detail, at }) {
      await db.query(
        `insert into engine_probes (engine, version, provider, ok, detail, at) values ($1, $2, $3, $4, $5, $6)
         on conflict (engine, version, provider) do update set ok = excluded.ok, detail = excluded.detail, at = excluded.at`,
        [engine, version, provider, ok, detail, at],
      );
    },
  };
}
