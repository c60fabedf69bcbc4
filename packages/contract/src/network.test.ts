import { describe, expect, it } from "vitest";
import { accountNetworkSchema, changeNetworkSchema } from "./account-network.ts";
import { networkSchema } from "./network.ts";
import { workOrderSchema } from "./runner.ts";
import { createTaskSchema, taskSchema } from "./tasks.ts";

/** What earlier versions accepted, and no connection was ever for. */
const KEPT = ["10.0.0.256", "x.y:70000", "foo.1", ""];

describe("a network that was kept when the grammar of hosts was wider", () => {
  it.each(KEPT)("is read with %j in it, and not accepted any more", (host) => {
    const network = { allow: ["dev", host] };
    expect(networkSchema.parse(network)).toEqual(network);
    expect(taskSchema.shape.network.parse(network)).toEqual(network);
    expect(accountNetworkSchema.parse({ lists: [], never: [], default: network }).default).toEqual(network);
    expect(createTaskSchema.safeParse({ prompt: "x", network }).success).toBe(false);
    expect(changeNetworkSchema.safeParse({ default: network }).success).toBe(false);
  });

  it("goes to the runner with its task", () => {
    expect(workOrderSchema.shape.network.parse({ allow: KEPT })).toEqual({ allow: KEPT });
  });
});
