import { z } from "zod";

const cap = z.number().positive().max(1_000_000).nullable();

/** What an account may spend; null is no cap. Days and months are those of UTC. */
export const setAccountBudgetSchema = z
  .strictObject({ dayUsd: cap.optional(), monthUsd: cap.optional() })
  .refine((caps) => Object.keys(caps).length > 0, "names no cap: give dayUsd or monthUsd");
export type SetAccountBudget = z.output<typeof setAccountBudgetSchema>;

const spanSchema = z.object({
  capUsd: z.number().nullable(),
  spentUsd: z.number(),
  resetsAt: z.iso.datetime(),
});
export const accountBudgetSchema = z.object({ day: spanSchema, month: spanSchema });
export type AccountBudget = z.infer<typeof accountBudgetSchema>;
