import { describe, expect, it } from "vitest";
import { requestHeaders, responseHeaders } from "./forward-headers.ts";

const attempt = { taskId: "t", epoch: 3, token: "secret" };

describe("the headers that go out", () => {
  it("are those of the message, not of the connection", () => {
    const raw = [
      "Host",
      "x",
      "Connection",
      "close, X-Hop",
      "X-Hop",
      "1",
      "TE",
      "trailers",
      "Accept",
      "a",
      "Expect",
      "100",
    ];
    expect(requestHeaders(raw, "model", attempt)).toEqual([
      "Host",
      "x",
      "Accept",
      "a",
      "x-agency-task",
      "t",
      "x-agency-epoch",
      "3",
    ]);
  });

  it("leave the placeholder of a model call alone and never add the attempt's token to it", () => {
    const sent = requestHeaders(["X-Api-Key", "placeholder", "Authorization", "Bearer p"], "model", attempt);
    expect(sent).toContain("placeholder");
    expect(sent).toContain("Bearer p");
    expect(sent.join()).not.toContain("secret");
  });

  it("let git in by the attempt's token, whatever git says itself", () => {
    const sent = requestHeaders(["Authorization", "Basic stolen"], "git", attempt);
    expect(sent).toContain("Bearer secret");
    expect(sent.join()).not.toContain("stolen");
  });

  it("cannot pretend to be the runner's", () => {
    expect(requestHeaders(["X-Agency-Task", "other", "X-AGENCY-Epoch", "9"], "model", attempt)).toEqual([
      "x-agency-task",
      "t",
      "x-agency-epoch",
      "3",
    ]);
  });
});

describe("the headers that come back", () => {
  it("keep repeated ones and drop those of the connection", () => {
    const raw = [
      "Set-Cookie",
      "a",
      "Set-Cookie",
      "b",
      "Transfer-Encoding",
      "chunked",
      "Keep-Alive",
      "timeout=5",
    ];
    expect(responseHeaders(raw)).toEqual(["Set-Cookie", "a", "Set-Cookie", "b"]);
  });
});
