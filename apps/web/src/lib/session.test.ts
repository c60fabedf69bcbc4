import type { Me } from "@agency/contract";
import { beforeEach, describe, expect, it } from "vitest";
import { renewed, session, shareSession, signedIn, signedOut, unreachable } from "./session.ts";

const me: Me = {
  account: { id: "a", name: "me" },
  by: { kind: "session", deviceId: "d", method: "link", expiresAt: "2026-01-01T00:00:00.000Z" },
  csrf: { header: "x-agency-csrf", token: "t" },
  passwordSet: false,
  version: "1",
};

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
