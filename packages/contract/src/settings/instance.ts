import { z } from "zod";

/**
 * Written by the server, readable by its owner only (0600), the moment it listens; removed when it
 * stops in order. After a crash it is stale: whoever reads it checks that the process is still there.
 */
export const instanceSchema = z.object({
  pid: z.number().int().positive(),
  url: z.url({ protocol: /^https?$/ }),
  startedAt: z.iso.datetime(),
  version: z.string(),
});
export type Instance = z.infer<typeof instanceSchema>;

/** The files of the data folder that the command line and the server share. */
export const dataFiles = (data: string) => ({
  instance: `${data}/instance.json`,
  /** One line: the API key. 0600. */
  apiKey: `${data}/api-key`,
  serverLog: `${data}/logs/server.log`,
});
