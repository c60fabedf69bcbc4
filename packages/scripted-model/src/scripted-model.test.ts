import { describe, expect, it } from "vitest";
import { createScriptedModel } from "./scripted-model.ts";
import { edit, read, shell, write } from "./scripts/action.ts";
import { fault } from "./scripts/fault.ts";
import { when } from "./scripts/script.ts";
import type { Script } from "./scripts/script.ts";
import { createTinyEngine, messagesRequest, steeringReminder } from "./testing/tiny-engine.ts";

const story: Script = {
  steps: [
    { text: "first", tools: [write("a.md", "a"), read("a.md")] },
    { text: "turn ends" },
    { tools: [shell("ls")] },
    { text: "all done" },
  ],
  react: [
    when(/also write (\S+)/, (match) => ({
      say: "Sure.",
      play: [{ name: "obeys", tools: [write(match[1] ?? "", "x")] }],
    })),
  ],
};

describe("a script", () => {
  it("is played step by step over tools, turns and the working directory of the engine", async () => {
    const model = createScriptedModel({ scripts: { story } });
    const engine = createTinyEngine(model.handle, { cwd: "/somewhere" });
    const first = await engine.say("[[s:story]] do it");
    expect(first.calls.map((call) => call.input["file_path"])).toEqual([
      "/somewhere/a.md",
      "/somewhere/a.md",
    ]);
    expect((await engine.giveResults("ok")).text).toBe("turn ends");
    expect((await engine.say("and then?")).calls[0]?.input).toEqual({ command: "ls" });
    expect((await engine.giveResults("a.md")).text).toBe("all done");
    model.assertClean();
    model.assertPlayedOut("story");
    expect(model.requests.map((request) => request.place)).toEqual(["0", "1", "2", "3"]);
    expect(model.requests[3]?.results).toMatchObject([{ text: "a.md", isError: false }]);
  });

  it("goes on in another process, for all it needs is in the request", async () => {
    const engine = createTinyEngine(createScriptedModel({ scripts: { story } }).handle);
    await engine.say("[[s:story]] do it");
    const other = createScriptedModel({ scripts: { story } });
    const resumed = createTinyEngine(other.handle, { messages: [...engine.messages] });
    resumed.messages.push({
      role: "user",
      content: engine.last().calls.map(({ id }) => ({ type: "tool_result", tool_use_id: id, content: "ok" })),
    });
    expect((await resumed.again()).text).toBe("turn ends");
  });

  it("gives the same step again to a retried request", async () => {
    const engine = createTinyEngine(createScriptedModel({ scripts: { story } }).handle);
    const first = await engine.say("[[s:story]] do it");
    engine.messages.pop();
    expect((await engine.again()).text).toBe(first.text);
  });

  it("takes a detour for what a person says while a turn runs", async () => {
    const model = createScriptedModel({ scripts: { story } });
    const engine = createTinyEngine(model.handle);
    await engine.say("[[s:story]] do it");
    const detour = await engine.giveResults("ok", { steering: "also write NOTES.md" });
    expect(detour).toMatchObject({
      text: "Sure.",
      calls: [{ name: "Write", input: { file_path: "/repo/NOTES.md" } }],
    });
    await model.reached("story", "obeys");
    expect((await engine.giveResults("written")).text).toBe("turn ends");
    expect(model.requests[1]).toMatchObject({ place: "1r0", newTexts: ["also write NOTES.md"] });
  });

  it("finds its place after the engine shortened its history", async () => {
    const model = createScriptedModel({ scripts: { story } });
    const engine = createTinyEngine(model.handle);
    await engine.say("[[s:story]] do it");
    await engine.giveResults("ok");
    const order = "Your task is to create a detailed summary of the conversation so far, paying attention.";
    const summary = await engine.say(order);
    expect(model.requests.at(-1)).toMatchObject({ side: "compact", script: null });
    const shortened = createTinyEngine(model.handle);
    expect((await shortened.say(`This session is being continued.\n${summary.text}`)).calls[0]?.name).toBe(
      "Bash",
    );
  });

  it("may be computed from the prompt and from what tools brought", async () => {
    const model = createScriptedModel({
      scripts: {
        echo: (prompt) => ({
          steps: [
            { text: prompt, tools: [shell("date")] },
            ({ last, cwd }) => ({ text: `${last[0]?.text} in ${cwd}` }),
          ],
        }),
      },
    });
    const engine = createTinyEngine(model.handle);
    expect((await engine.say("say this [[s:echo]]")).text).toBe("say this");
    expect((await engine.giveResults("Friday", { steering: "hello" })).text).toBe("Friday in /repo");
  });

  it("plays twice in one conversation with ids of its own each time", async () => {
    const engine = createTinyEngine(createScriptedModel({ scripts: { story } }).handle);
    const once = await engine.say("[[s:story]] do it");
    await engine.giveResults("ok");
    const again = await engine.say("[[s:story]] once more");
    expect(again.text).toBe("first");
    expect(again.calls[0]?.id).not.toBe(once.calls[0]?.id);
  });

  it("plays by default where no marker is", async () => {
    const model = createScriptedModel({ scripts: { story }, defaultScript: "story" });
    expect((await createTinyEngine(model.handle).say("hello")).text).toBe("first");
  });
});

describe("what goes wrong around a script", () => {
  it("is an error that is not worth a retry, and a problem", async () => {
    const model = createScriptedModel({
      scripts: { short: { steps: [{ text: "only" }] }, odd: { steps: [{ tools: [edit("a", "b", "c")] }] } },
    });
    const engine = createTinyEngine(model.handle);
    await engine.say("[[s:short]] go");
    expect((await engine.say("more")).status).toBe(500);
    const unmatched = await model.handle(messagesRequest({ messages: [{ role: "user", content: "hi" }] }));
    expect(unmatched.headers.get("x-should-retry")).toBe("false");
    expect((await createTinyEngine(model.handle).say("[[s:typo]]")).status).toBe(500);
    const noEdit = createTinyEngine(model.handle, { body: { tools: [{ name: "Bash", input_schema: {} }] } });
    expect((await noEdit.say("[[s:odd]]")).status).toBe(500);
    await model.handle(new Request("http://model/v1/complete", { method: "POST" }));
    expect(model.problems()).toEqual([
      expect.stringContaining("over after 1 step"),
      expect.stringContaining("No script for this request"),
      expect.stringContaining('named "typo"'),
      expect.stringContaining("wants to edit, but the engine offers no tool"),
      "Unexpected request: POST /v1/complete",
    ]);
    expect(() => model.assertClean()).toThrow(/typo/);
  });

  it("includes a script that throws and an expectation that fails", async () => {
    const model = createScriptedModel({
      scripts: {
        broken: () => {
          throw new Error("no such luck");
        },
        strict: { steps: [{ text: "fine", expect: ({ tools }) => expect(tools).toContain("Telepathy") }] },
      },
    });
    expect((await createTinyEngine(model.handle).say("[[s:broken]]")).status).toBe(500);
    expect((await createTinyEngine(model.handle).say("[[s:strict]]")).text).toBe("fine");
    expect(model.problems()).toEqual([
      expect.stringContaining("no such luck"),
      expect.stringContaining('Script "strict", step 0'),
    ]);
  });

  it("can be answered by the test instead", async () => {
    const model = createScriptedModel({
      scripts: {},
      onUnmatched: ({ model }) => ({ text: `I am ${model}` }),
    });
    expect((await createTinyEngine(model.handle).say("who?")).text).toBe("I am claude-sonnet-4-5");
    model.assertClean();
  });

  it("includes a name that does not fit into an id, and a default that is not there", () => {
    expect(() => createScriptedModel({ scripts: { a_b: story } })).toThrow(/hyphens/);
    expect(() => createScriptedModel({ scripts: {}, defaultScript: "demo" })).toThrow(/not among/);
  });

  it("includes a script that was not played to its end", async () => {
    const model = createScriptedModel({ scripts: { story } });
    await createTinyEngine(model.handle).say("[[s:story]] do it");
    expect(() => model.assertPlayedOut("story")).toThrow(/not played/);
  });
});

describe("requests beside the story", () => {
  it("are answered, flagged, and move nothing on", async () => {
    const model = createScriptedModel({ scripts: { story } });
    const get = (path: string, method = "GET"): Promise<Response> =>
      model.handle(new Request(`http://model${path}`, { method }));
    expect((await get("/", "HEAD")).status).toBe(200);
    expect((await get("/api/hello")).status).toBe(200);
    expect(await (await get("/v1/models")).json()).toMatchObject({
      data: expect.any(Array),
      has_more: false,
    });
    expect(await (await get("/v1/models/claude-x")).json()).toMatchObject({ id: "claude-x", type: "model" });
    const messages = [{ role: "user", content: "[[s:story]] do it" }];
    const count = new Request("http://model/v1/messages/count_tokens", {
      method: "POST",
      body: JSON.stringify({ messages }),
    });
    expect(await (await model.handle(count)).json()).toEqual({ input_tokens: expect.any(Number) });
    const title = { messages, tools: [], output_config: { format: { type: "json_schema" } } };
    const answer = await (await model.handle(messagesRequest(title))).json();
    expect(answer).toMatchObject({ content: [{ type: "text", text: '{"title":"Scripted session"}' }] });
    expect(model.requests.map((request) => request.side)).toEqual([
      "reachable",
      "reachable",
      "models",
      "models",
      "count-tokens",
      "no-tools",
    ]);
    model.assertClean();
    expect((await createTinyEngine(model.handle).say("[[s:story]] do it")).text).toBe("first");
  });
});

describe("the record of requests", () => {
  it("says how the caller signed in but not with what, and which run it belongs to", async () => {
    const model = createScriptedModel({ scripts: { story } });
    const messages = [{ role: "user", content: "[[s:story]]" }];
    const headers = { authorization: "Bearer sk-secret-value", "x-claude-code-session-id": "s-1" };
    const plain = messagesRequest({ messages }, { headers });
    plain.headers.delete("x-api-key");
    await model.handle(plain);
    await model.handle(messagesRequest({ messages, metadata: { user_id: "u-2" } }));
    expect(model.requests).toMatchObject([
      { auth: "bearer", run: "s-1", path: "/v1/messages", status: 200 },
      { auth: "x-api-key", run: "u-2" },
    ]);
    expect(JSON.stringify(model.requests)).not.toContain("sk-secret-value");
  });

  it("is bounded", async () => {
    const model = createScriptedModel({ scripts: { story }, keep: 2 });
    for (const path of ["/a", "/b", "/c"]) await model.handle(new Request(`http://model${path}`));
    expect(model.requests.map((request) => request.path)).toEqual(["/b", "/c"]);
    expect(model.problems()).toHaveLength(2);
  });

  it("finds a person's words in a block of their own, too", async () => {
    const model = createScriptedModel({ scripts: { story } });
    const engine = createTinyEngine(model.handle);
    await engine.say("[[s:story]] do it");
    const content = engine.last().calls.map(({ id }) => ({
      type: "tool_result",
      tool_use_id: id,
      content: [{ type: "text", text: "ok" }],
    }));
    engine.messages.push({
      role: "user",
      content: [...content, { type: "text", text: steeringReminder("also write B.md") }],
    });
    expect((await engine.again()).calls[0]?.input["file_path"]).toBe("/repo/B.md");
    expect(model.requests[1]?.results.map((result) => result.text)).toEqual(["ok", "ok"]);
  });
});

describe("faults that end before the answer begins", () => {
  it("come as often as they are told to, counted for each run", async () => {
    const overloaded = fault.status(529, { times: 2, retryAfterS: 3, message: "Overloaded" });
    const model = createScriptedModel({ scripts: { busy: { steps: [{ text: "ok", fault: overloaded }] } } });
    const messages = [{ role: "user", content: "[[s:busy]]" }];
    const ask = (run: string): Promise<Response> =>
      model.handle(messagesRequest({ messages, metadata: { user_id: run } }));
    const first = await ask("one");
    expect(first.headers.get("retry-after")).toBe("3");
    expect(await first.json()).toMatchObject({ error: { type: "overloaded_error", message: "Overloaded" } });
    expect([(await ask("one")).status, (await ask("one")).status, (await ask("two")).status]).toEqual([
      529, 200, 529,
    ]);
    model.assertClean();
  });

  it("may be a silence that lasts until the caller gives up", async () => {
    const model = createScriptedModel({
      scripts: { mute: { steps: [{ text: "never", fault: fault.hangBeforeHeaders() }] } },
    });
    const gaveUp = new AbortController();
    const request = messagesRequest({ messages: [{ role: "user", content: "[[s:mute]]" }] });
    const answer = model.handle(new Request(request, { signal: gaveUp.signal }));
    await model.reached("mute", 0);
    gaveUp.abort(new Error("enough"));
    await expect(answer).rejects.toThrow("enough");
  });
});

describe("time", () => {
  it("passes only where a script asks for it", async () => {
    const waits: number[] = [];
    const sleep = (ms: number): Promise<void> => {
      waits.push(ms);
      return Promise.resolve();
    };
    const pace = { firstMs: 500, text: { chars: 3, everyMs: 40 }, toolInput: { chars: 10, everyMs: 20 } };
    const scripts = {
      calm: { pace, steps: [{ text: "abcdef" }] },
      slow: { steps: [{ text: "abcd", fault: fault.drip(2, 7) }] },
      late: { steps: [{ text: "x", fault: fault.delay(900) }] },
    };
    await createTinyEngine(createScriptedModel({ scripts, sleep }).handle).say("[[s:calm]]");
    expect(waits.splice(0)).toEqual([]);
    const paced = createScriptedModel({ scripts, sleep, paced: true });
    await createTinyEngine(paced.handle).say("[[s:calm]]");
    expect(waits.splice(0)).toEqual([500, 40, 40]);
    await createTinyEngine(paced.handle).say("[[s:slow]]");
    expect(waits.splice(0)).toEqual([7, 7]);
    await createTinyEngine(paced.handle).say("[[s:late]]");
    expect(waits).toEqual([900]);
  });
});

describe("gates", () => {
  it("hold a whole answer until they are opened", async () => {
    const model = createScriptedModel({ scripts: { held: { steps: [{ text: "free", gate: "g" }] } } });
    let answered = false;
    const answer = createTinyEngine(model.handle)
      .say("[[s:held]]")
      .then((given) => {
        answered = true;
        return given.text;
      });
    await model.reached("held", 0);
    expect(answered).toBe(false);
    model.open("g");
    expect(await answer).toBe("free");
  });

  it("are open for good, also before anyone waits", async () => {
    const model = createScriptedModel({ scripts: { held: { steps: [{ text: "free", gate: "g" }] } } });
    model.open("g");
    expect((await createTinyEngine(model.handle).say("[[s:held]]")).text).toBe("free");
    await model.reached("held", 0);
  });
});
