import { z } from "zod";
import {
  askedNetworkSchema,
  closedHostSchema,
  listHostSchema,
  MOST_HOSTS,
  networkSchema,
  openedHostSchema,
} from "./network.ts";

export const accountNetworkSchema = z.object({
  lists: z
    .array(z.object({ name: z.string(), hosts: z.array(z.string()) }))
    .describe("By name. A run names one where it may name a host; `dev` is built in and not among them."),
  never: z
    .array(z.string())
    .describe(
      "Closed to every run, whatever its own network says. Without a port, at every port. With `internet` it is no " +
        "complete fence: bare addresses are refused, and the same machine may have other names. `none` and a list of " +
        "hosts are one. The model and the repositories of a run are not reached this way and stay open.",
    ),
  default: networkSchema.nullable().describe("Of new tasks that do not say. Null: internet."),
});
export type AccountNetwork = z.infer<typeof accountNetworkSchema>;

export const changeNetworkSchema = z
  .strictObject({
    default: askedNetworkSchema.nullable(),
    close: z.array(closedHostSchema).max(MOST_HOSTS).describe("To be closed to every run."),
    open: z.array(openedHostSchema).max(MOST_HOSTS).describe("Not to be closed any more."),
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, "changes nothing: give default, close or open");
export type ChangeNetworkInput = z.input<typeof changeNetworkSchema>;
export type ChangeNetwork = z.output<typeof changeNetworkSchema>;

export const setNetworkListSchema = z.strictObject({
  hosts: z.array(listHostSchema).min(1).max(MOST_HOSTS),
});
export type SetNetworkList = z.output<typeof setNetworkListSchema>;
