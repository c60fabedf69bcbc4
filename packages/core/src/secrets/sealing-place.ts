/**
 * Where a sealed value belongs. It is bound into the seal: a row that is copied to another account, project, name,
 * version or task does not open there.
 */
export function storedPlace(row: {
  accountId: string;
  project: string;
  name: string;
  version: number;
}): string {
  return JSON.stringify(["secret", row.accountId, row.project, row.name, row.version]);
}

export function taskPlace(row: { accountId: string; taskId: string; name: string }): string {
  return JSON.stringify(["task", row.accountId, row.taskId, row.name]);
}
