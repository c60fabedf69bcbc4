import type { AuditEntry, ListAudit } from "@agency/contract";
import type { AuditLog } from "@agency/core";

export async function listAudit(
  { audit }: { audit: AuditLog },
  accountId: string,
  { cursor, limit }: ListAudit,
): Promise<{ entries: AuditEntry[]; nextCursor: string | null }> {
  const page = await audit.list(accountId, { cursor: cursor ?? null, limit });
  return {
    entries: page.entries.map(({ id, at, actor, action, target, detail }) => {
      return { id, at: new Date(at).toISOString(), actor, action, target, detail: { ...detail } };
    }),
    nextCursor: page.nextCursor,
  };
}
