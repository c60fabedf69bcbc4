/** Advisory locks of this database. Any numbers of our own: they only have to differ, and never to change. */
export const LOCKS = {
  migrate: 7_717_001,
  partitions: 7_717_002,
  fetch: 7_717_003,
  pairing: 7_717_201,
  taskCounts: 7_717_202,
} as const;
