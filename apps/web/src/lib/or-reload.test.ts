import { describe, expect, it } from "vitest";
import { orReload } from "./or-reload.ts";

describe("a part of the page that cannot be loaded", () => {
  it("fails while the page is the server's own, so that it can be tried again", async () => {
    const load = async () => {
      throw new TypeError("offline");
    };
    const page = { outdated: async () => false, reload: () => expect.unreachable() };
    await expect(orReload(load, page)).rejects.toThrow("offline");
  });

  it("brings the new page after an update, and shows no failure meanwhile", async () => {
    const reloaded = Promise.withResolvers<string>();
    const load = async () => {
      throw new TypeError("gone");
    };
    const page = { outdated: async () => true, reload: () => reloaded.resolve("reloaded") };
    expect(await Promise.race([orReload(load, page), reloaded.promise])).toBe("reloaded");
  });
});
