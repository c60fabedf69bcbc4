import type { TASK_SORTS, TaskState } from "@agency/contract";

export interface TaskFilter {
  states?: TaskState[];
  engine?: string;
  provider?: string;
  repository?: string;
  parentId?: string;
  label?: { key: string; value: string };
  search?: string;
  /** ISO instants. */
  createdAfter?: string;
  createdBefore?: string;
  sort?: (typeof TASK_SORTS)[number];
  cursor?: string;
  limit?: number;
}

export function filterQuery({
  states,
  label,
  ...rest
}: TaskFilter): Record<string, string | number | undefined> {
  return {
    ...rest,
    state: states?.join(","),
    label: label === undefined ? undefined : `${label.key}=${label.value}`,
  };
}
