import { describe, expect, it } from "vitest";
import { createLiveRedaction } from "./live-redaction.ts";
import { createLogger } from "./log.ts";

const SECRET = "sk-ant-0123456789abcdefghij";

function capture(level: "debug" | "info" | "warn" | "error" = "info", pretty = false) {
  const written: string[] = [];
  const out = { write: (line: string) => void written.push(line) };
  const secrets = [{ name: "anthropicApiKey", value: SECRET }];
  return { written, logger: createLogger({ log: { level, pretty } }, createLiveRedaction(secrets), out) };
}

describe("the log", () => {
  it("is one JSON object a line, with what was bound and when it was", () => {
    const { written, logger } = capture();
    logger.child({ requestId: "request-1" }).child({ taskId: "task" }).info({ ms: 3 }, "answered");
    expect(written).toHaveLength(1);
    expect(JSON.parse(written[0] ?? "")).toEqual({
      level: "info",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      requestId: "request-1",
      taskId: "task",
      ms: 3,
      msg: "answered",
    });
  });

  it("leaves out what is less important than asked for", () => {
    const { written, logger } = capture("warn");
    logger.debug({}, "a");
    logger.info({}, "b");
    logger.warn({}, "c");
    logger.error({}, "d");
    expect(written).toHaveLength(2);
  });

  it("hides credentials by the name of their field", () => {
    const { written, logger } = capture();
    logger.info({ authorization: "Bearer a1", headers: { authorization: "Bearer a2", cookie: "a3" } }, "x");
    logger.info({ request: { headers: { "x-api-key": "a4" } }, token: "a5", apiKey: "a6" }, "x");
    logger.child({ password: "a7" }).info({}, "x");
    expect(written.join("")).not.toMatch(/a[1-7]/);
    expect(written.join("").match(/\[redacted\]/g)).toHaveLength(7);
  });

  it("hides configured secrets by value, wherever they stand", () => {
    const { written, logger } = capture();
    const error = new Error(`401 for key ${SECRET}`, { cause: new Error(SECRET) });
    logger.error({ err: error, deep: { er: [{ still: `x${SECRET}y` }] } }, `failed with ${SECRET}`);
    logger.info({ encoded: Buffer.from(SECRET).toString("base64") }, "x");
    const text = written.join("");
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain(Buffer.from(SECRET).toString("base64"));
    expect(written.map((line) => JSON.parse(line).level)).toEqual(["error", "info"]);
  });

  it("tells the whole of an error", () => {
    const { written, logger } = capture();
    logger.error({ err: new Error("outer", { cause: new Error("inner") }) }, "failed");
    expect(JSON.parse(written[0] ?? "").err).toMatchObject({
      type: "Error",
      message: expect.stringContaining("outer"),
      stack: expect.stringContaining("log.test.ts"),
    });
    expect(written[0]).toContain("inner");
  });

  it("is coloured lines for a person, and hides there too", () => {
    const { written, logger } = capture("info", true);
    logger.info({ taskId: "task" }, `hello ${SECRET}`);
    const text = written.join("");
    expect(text).toContain("hello");
    expect(text).toContain("task");
    expect(text).not.toContain(SECRET);
    expect(text.startsWith("{")).toBe(false);
  });
});
