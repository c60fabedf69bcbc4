import { afterEach, describe, expect, it } from "vitest";
import { WorkRoom } from "../testing/work-room.ts";
import { parseJsonWithComments } from "./json-with-comments.ts";
import { prepareEnvironment } from "./prepare-environment.ts";

describe("what a repository says of the work in it", () => {
  let room: WorkRoom | undefined;
  afterEach(() => room?.close());

  async function prepare(files: Record<string, string>, isFresh = true, then?: (room: WorkRoom) => void) {
    room = await WorkRoom.open({ "a.txt": "a", ...files });
    then?.(room);
    return prepareEnvironment({
      ...room.parts,
      base: room.head,
      isFresh,
      envWith: (added) => ({ PATH: process.env["PATH"] ?? "", ...added }),
    });
  }
  const logged = (): string =>
    room?.events.map((event) => (event.type === "log" ? event.data.text : "")).join("") ?? "";
  const phases = (): unknown[] =>
    room?.events.flatMap((event) =>
      event.type === "phase" ? [`${event.data.name} ${event.data.status}`] : [],
    ) ?? [];

  it("is nothing for most", async () => {
    const prepared = await prepare({});
    expect(prepared).toMatchObject({ problem: null, checks: [], artifacts: [] });
    expect(room?.events).toEqual([]);
  });

  it("is set up before the work, with its variables, and is told", async () => {
    const config = {
      setup: ["echo one $COLOUR > made", "cat made"],
      env: { COLOUR: "blue", DEPTH: 3 },
      checks: ["npm test"],
      artifacts: ["dist/**"],
      caches: ["~/.npm"],
    };
    const prepared = await prepare({ ".agency/config.json": JSON.stringify(config) });
    expect(prepared).toMatchObject({
      problem: null,
      env: { COLOUR: "blue", DEPTH: "3" },
      checks: ["npm test"],
      artifacts: ["dist/**"],
    });
    expect(logged()).toBe("one blue\n");
    expect(phases()).toEqual(["setup started", "setup completed"]);
    expect(room?.notices()).toEqual([
      "From the repository: 2 setup commands, the variables COLOUR, DEPTH, 1 check, 1 pattern of files to keep; not supported: caches.",
    ]);
  });

  it("may be YAML", async () => {
    const prepared = await prepare({ ".agency/config.yaml": "checks:\n  - npm test # all\nsetup: 'true'\n" });
    expect(prepared).toMatchObject({ problem: null, checks: ["npm test"] });
  });

  it("may be a devcontainer, as far as that goes without its container", async () => {
    const devcontainer = `{
      // The usual one.
      "name": "Node", "image": "node:24", /* not ours */
      "containerEnv": { "URL": "http://x//y", "TOKEN": "\${localEnv:TOKEN}", },
      "postCreateCommand": { "a": "echo a", "b": ["printf", "%s\\\\n", "it's b"] },
    }`;
    const prepared = await prepare({ ".devcontainer/devcontainer.json": devcontainer });
    expect(prepared).toMatchObject({ problem: null, env: { URL: "http://x//y" } });
    expect(prepared.env).not.toHaveProperty("TOKEN");
    expect(logged()).toBe("a\nit's b\n");
    expect(room?.notices()[0]).toContain(
      "not supported: devcontainer image, devcontainer containerEnv.TOKEN (has a variable in it)",
    );
  });

  it("does not stop the work when a devcontainer cannot be read", async () => {
    const prepared = await prepare({ ".devcontainer.json": "{", ".agency/config.json": '{"setup": "true"}' });
    expect(prepared.problem).toBeNull();
    expect(room?.notices()[0]).toContain(".devcontainer.json was left out");
  });

  it.each([
    ["is no JSON", { ".agency/config.json": "{" }, ".agency/config.json: "],
    ["says what it may not", { ".agency/config.json": '{"checks": "x"}' }, "at checks"],
    ["is too large", { ".agency/config.json": `"${"x".repeat(300_000)}"` }, "is over 256 KiB"],
    ["is an alias bomb", { ".agency/config.yml": bomb() }, "alias"],
    [
      "fails",
      { ".agency/config.json": '{"setup": "echo why; exit 3"}' },
      "ended with 3. Its last words:\nwhy",
    ],
    [
      "takes too long",
      { ".agency/config.json": '{"setup": "sleep 60", "setupTimeout": 0.05}' },
      "was stopped: setup may take",
    ],
  ])("is a problem when it %s", async (_what, files, words) => {
    const { problem } = await prepare(files);
    expect(problem).toContain(words);
    expect(phases()).toEqual(["setup started", "setup failed"]);
  });

  it("comes from the commit the task began with, not from what an agent made of it", async () => {
    const strict = JSON.stringify({ checks: ["npm test"] });
    const weaken = (room: WorkRoom): void => room.write(".agency/config.json", '{"checks": []}');
    expect(await prepare({ ".agency/config.json": strict }, false, weaken)).toMatchObject({
      checks: ["npm test"],
    });
  });
});

describe("JSON with comments", () => {
  it("leaves strings alone", () => {
    const text = '{"a": "http://x/*y*/,]", // c\n "b": [1, 2,], /* , } */ "c\\"//": 1,}';
    expect(parseJsonWithComments(text)).toEqual({ a: "http://x/*y*/,]", b: [1, 2], 'c"//': 1 });
  });
});

function bomb(): string {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let at = 1; at < 10; at += 1)
    lines.push(
      `a${at}: &a${at} [${Array(10)
        .fill(`*a${at - 1}`)
        .join(", ")}]`,
    );
  return lines.join("\n");
}
