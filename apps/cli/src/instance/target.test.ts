import type { Instance, SettingSource } from "@agency/contract";
import { describe, expect, it } from "vitest";
import type { Config } from "../config.ts";
import { chooseTarget } from "./target.ts";

type Kind = SettingSource["kind"];
const instance: Instance = {
  pid: 1,
  url: "http://127.0.0.1:7717",
  startedAt: "2026-01-01T00:00:00Z",
  version: "1",
};

function choose(given: { url?: [string, Kind]; apiKey?: [string, Kind]; instance?: Instance | null }) {
  const settings = { url: given.url?.[0] ?? null, apiKey: given.apiKey?.[0] ?? null };
  const source = (kind: Kind = "default") => ({ kind, where: kind });
  const sources = { url: source(given.url?.[1]), apiKey: source(given.apiKey?.[1]) };
  const config = { settings, sources } as Pick<Config, "settings" | "sources">;
  return chooseTarget(config, given.instance ?? null, () => "file-key");
}

describe("which server gets which key", () => {
  it("the one on this machine gets the key of its file", () => {
    expect(choose({ instance })).toEqual({ url: instance.url, apiKey: "file-key" });
    expect(choose({ instance, apiKey: ["env-key", "environment"] })).toEqual({
      url: instance.url,
      apiKey: "env-key",
    });
    expect(choose({})).toBeNull();
  });

  it("a named one gets the key that was set for it", () => {
    const url: [string, Kind] = ["https://agency.example", "environment"];
    expect(choose({ instance, url, apiKey: ["k", "environment"] })).toEqual({ url: url[0], apiKey: "k" });
    expect(choose({ url: [url[0], "flag"], apiKey: ["k", "file"] })).toEqual({ url: url[0], apiKey: "k" });
    expect(choose({ url: [url[0], "dotenv"], apiKey: ["k", "dotenv"] })).toEqual({
      url: url[0],
      apiKey: "k",
    });
  });

  it("a named one on this machine may have the key of the file, when a person named it", () => {
    for (const url of ["http://127.0.0.1:9", "http://localhost:9", "http://[::1]:9"]) {
      expect(choose({ url: [url, "environment"] })).toEqual({ url, apiKey: "file-key" });
      expect(() => choose({ url: [url, "dotenv"] })).toThrow(
        expect.objectContaining({ code: "unauthenticated" }),
      );
    }
    expect(choose({ url: [instance.url, "dotenv"], instance })).toEqual({
      url: instance.url,
      apiKey: "file-key",
    });
  });

  it("no key of this machine ever goes to another one", () => {
    for (const url of [
      "https://evil.example",
      "http://127.0.0.1.evil.example",
      "http://localhost.evil.example",
    ]) {
      expect(() => choose({ url: [url, "environment"] })).toThrow(
        expect.objectContaining({ code: "unauthenticated" }),
      );
    }
  });

  it("the .env of a project cannot send the user's key to a server of its choice", () => {
    for (const kind of ["environment", "file", "flag"] as const) {
      expect(() =>
        choose({ instance, url: ["https://evil.example", "dotenv"], apiKey: ["mine", kind] }),
      ).toThrow(expect.objectContaining({ code: "forbidden" }));
    }
  });

  it("the .env of a project cannot replace the key of the server on this machine", () => {
    expect(choose({ instance, apiKey: ["theirs", "dotenv"] })).toEqual({
      url: instance.url,
      apiKey: "file-key",
    });
  });
});
