import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Listening } from "./listen.ts";
import { createScriptedModel } from "./scripted-model.ts";
import { fault } from "./scripts/fault.ts";
import type { Step } from "./scripts/script.ts";
import { messagesRequest, readEvents } from "./testing/tiny-engine.ts";

const LONG = "a text that is long enough to come in a good number of pieces";
const open: Listening[] = [];

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function serve(step: Step): Promise<{
  model: ReturnType<typeof createScriptedModel>;
  ask: (signal?: AbortSignal) => Promise<Response>;
}> {
  const model = createScriptedModel({ scripts: { one: { steps: [step] } } });
  const server = await model.listen();
  open.push(server);
  const ask = async (signal?: AbortSignal): Promise<Response> => {
    const request = messagesRequest({ stream: true, messages: [{ role: "user", content: "[[s:one]]" }] });
    const body = await request.text();
    return fetch(`${server.url}/v1/messages`, {
      method: "POST",
      headers: request.headers,
      body,
      signal: signal ?? null,
    });
  };
  return { model, ask };
}

/** Reads until the line is cut or the stream ends. */
async function readAll(response: Response): Promise<{ text: string; wasCut: boolean }> {
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
    return { text, wasCut: false };
  } catch {
    return { text, wasCut: true };
  }
}

describe("the model on a port", () => {
  it("streams a whole answer", async () => {
    const { ask, model } = await serve({ text: LONG });
    const { text, wasCut } = await readAll(await ask());
    expect(wasCut).toBe(false);
    expect(readEvents(text).at(-1)).toEqual({ type: "message_stop" });
    model.assertClean();
  });

  it("cuts the line after half of the answer has arrived", async () => {
    const { ask } = await serve({ text: LONG, fault: fault.cutMidStream() });
    const { text, wasCut } = await readAll(await ask());
    expect(wasCut).toBe(true);
    expect(text).toContain("text_delta");
    expect(text).not.toContain("message_stop");
  });

  it("ends half-way with an event that is not JSON", async () => {
    const { ask } = await serve({ text: LONG, fault: fault.invalidJson() });
    const { text, wasCut } = await readAll(await ask());
    expect(wasCut).toBe(false);
    expect(() => readEvents(text)).toThrow(SyntaxError);
  });

  it("ends half-way with an error event", async () => {
    const { ask } = await serve({ text: LONG, fault: fault.errorMidStream() });
    const events = readEvents((await readAll(await ask())).text);
    expect(events.at(-1)).toMatchObject({ type: "error", error: { type: "overloaded_error" } });
  });

  it("falls silent half-way until the caller hangs up", async () => {
    const { ask } = await serve({ text: LONG, fault: fault.hangMidStream() });
    const gaveUp = new AbortController();
    const response = await ask(gaveUp.signal);
    const reading = readAll(response);
    gaveUp.abort();
    expect(await reading).toMatchObject({ wasCut: true });
  });

  it("holds the second half behind a gate", async () => {
    const { ask, model } = await serve({ text: LONG, gate: { name: "g", at: "halfway" } });
    const response = await ask();
    const reader = response.body?.getReader();
    const first = new TextDecoder().decode((await reader?.read())?.value);
    expect(first).toContain("message_start");
    reader?.releaseLock();
    model.open("g");
    expect((await readAll(response)).text).toContain("message_stop");
  });

  it("closes at once while an answer hangs", async () => {
    const { ask, model } = await serve({ text: LONG, fault: fault.hangBeforeHeaders() });
    const answer = ask().then(
      () => "answered",
      () => "cut",
    );
    await model.reached("one", 0);
    for (const server of open.splice(0)) await server.close();
    expect(await answer).toBe("cut");
  });

  it("answers an attempt to open a web socket with 404", async () => {
    const { model } = await serve({ text: LONG });
    const [server] = open;
    const socket = connect(Number(new URL(server?.url ?? "").port), "127.0.0.1");
    socket.write(
      "GET /v1/realtime HTTP/1.1\r\nHost: model\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    const [data] = await once(socket, "data");
    socket.destroy();
    expect(String(data)).toMatch(/^HTTP\/1\.1 404/);
    expect(model.problems()).toEqual(["Unexpected request: GET /v1/realtime"]);
  });
});
