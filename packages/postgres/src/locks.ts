/** Advisory locks of this database. Any numbers of our own: they only have to differ, and never to change. */
export const LOCKS = {
  migrate: 7_717_001,
  partitions: 7_717_002,
  fetch: 7_717_003,
} as const;
