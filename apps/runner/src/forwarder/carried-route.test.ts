import { describe, expect, it } from "vitest";
import { carriedRoute } from "./carried-route.ts";

describe("what the forwarder carries", () => {
  it.each([
    ["/model/anthropic/v1/messages?beta=true", "model"],
    ["/git/https%3A%2F%2Fgithub.com%2Fo%2Fr/info/refs?service=git-upload-pack", "git"],
  ])("is %s", (target, kind) => {
    expect(carriedRoute(target)).toEqual({ kind, path: target });
  });

  it.each([
    undefined,
    "/",
    "*",
    "/uplink/events",
    "/model",
    "/models/x",
    "/model/../uplink/events",
    "/model/%2e%2e/uplink/events",
    "/model/.%2E/uplink/events",
    "/model/..%2Fuplink/events",
    "/model/..%5cuplink/events",
    "/model/x/..\\..\\uplink/events",
    "/model/%zz",
    "//uplink/model/x",
    "http://uplink/uplink/events",
    "uplink:443",
    "/model/a b",
  ])("is not %s", (target) => {
    expect(carriedRoute(target)).toBeNull();
  });
});
