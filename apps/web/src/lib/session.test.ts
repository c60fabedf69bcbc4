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
  const kept = new Map<string, string>();
  beforeEach(() => {
    kept.clear();
    vi.stubGlobal("localStorage", { removeItem: (key: string) => kept.delete(key) });
    for (const key of ["new-run.a", "long-prompt.a", "new-run.b", "theme"])
      kept.set(`agency.${key}`, "words");
    renewed(me);
  });
  afterEach(() => void vi.unstubAllGlobals());

  it("goes when they leave this browser, and nothing else does", () => {
    leave();
    expect([...kept.keys()]).toEqual(["agency.new-run.b", "agency.theme"]);
    expect(session.get()).toEqual({ state: "out" });
  });

  it("stays when the session merely ends", () => {
    signedOut();
    expect(kept.size).toBe(4);
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
