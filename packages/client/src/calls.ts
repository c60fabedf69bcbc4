export interface Call {
  signal?: AbortSignal;
}

export function taskPath(id: string): string {
  return `/v1/tasks/${encodeURIComponent(id)}`;
}

/** An unread body would keep its connection. */
export async function finish(response: Response): Promise<void> {
  await response.body?.cancel();
}
