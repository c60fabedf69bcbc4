import type { Me } from "@agency/contract";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { leave, renewed, session, shareSession, signedIn, signedOut, unreachable } from "./session.ts";

const me: Me = {
  account: { id: "a", name: "me" },
  by: { kind: "session", deviceId: "d", method: "link", expiresAt: "2026-01-01T00:00:00.000Z" },
  csrf: { header: "x-agency-csrf", token: "t" },
  passwordSet: false,
  version: "1",
};

describe("what somebody began to write", () => {
  const keys = ["new-run.a", "long-prompt.a", "review.a.run", "new-run.b", "review.b.run", "theme"];
  let kept: object;
  beforeEach(() => {
    kept = Object.create({ removeItem: (key: string) => Reflect.deleteProperty(kept, key) }) as object;
    Object.assign(kept, Object.fromEntries(keys.map((key) => [`agency.${key}`, "words"])));
    vi.stubGlobal("localStorage", kept);
    renewed(me);
  });
  afterEach(() => void vi.unstubAllGlobals());

  it("goes when they leave this browser, and nothing else does", () => {
    leave();
    expect(Object.keys(kept)).toEqual(["agency.new-run.b", "agency.review.b.run", "agency.theme"]);
    expect(session.get()).toEqual({ state: "out" });
  });

  it("stays when the session merely ends", () => {
    signedOut();
    expect(Object.keys(kept)).toHaveLength(keys.length);
  });

  it("keeps nobody in when storage is closed", () => {
    vi.stubGlobal("localStorage", undefined);
    leave();
    expect(session.get()).toEqual({ state: "out" });
  });
});

describe("a server that cannot be asked who is there", () => {
  it("takes the page from nobody who is in", () => {
    const error = new Error("down");
    session.set({ state: "unknown" });
    unreachable(error);
    expect(session.get()).toEqual({ state: "unreachable", error });
    renewed(me);
    unreachable(error);
    expect(session.get()).toEqual({ state: "in", me });
  });
});

describe("a session that several tabs share", () => {
  const channel = new EventTarget();
  const told: unknown[] = [];
  const heard: unknown[] = [];
  shareSession(Object.assign(channel, { postMessage: (message: unknown) => void told.push(message) }), () =>
    heard.push("renew"),
  );
  beforeEach(() => {
    session.set({ state: "out" });
    told.length = 0;
    heard.length = 0;
  });

  it("tells the others when somebody signs in or out here, once", () => {
    signedIn(me);
    signedOut();
    signedOut();
    expect(told).toEqual(["changed", "changed"]);
  });

  it("looks again when another tab says so, and does not answer back", () => {
    channel.dispatchEvent(new Event("message"));
    expect(heard).toEqual(["renew"]);
    renewed(me);
    expect(session.get().state).toBe("in");
    expect(told).toEqual([]);
  });

  it("does not tell anybody that a page which was just opened is signed out", () => {
    session.set({ state: "unknown" });
    signedOut();
    expect(told).toEqual([]);
  });
});
