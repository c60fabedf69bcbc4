import { mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_LIMITS, limitsSchema } from "@agency/contract";
import type { LowerLimits } from "@agency/contract";
import { afterEach, describe, expect, it } from "vitest";
import { WorkRoom } from "../testing/work-room.ts";
import { limitWords } from "./apply-limits.ts";
import { parseJsonWithComments } from "./json-with-comments.ts";
import { prepareEnvironment } from "./prepare-environment.ts";
import type { Environment } from "./prepare-environment.ts";
import { configCommit } from "./read-plan.ts";

describe("what a repository says of the work in it", () => {
  let room: WorkRoom | undefined;
  let prepared: Environment | undefined;
  let asked: LowerLimits[];
  afterEach(async () => {
    await prepared?.services.end(true);
    await room?.close();
  });

  interface Given {
    /** What an agent claims to have begun from. */
    restoredBase?: (room: WorkRoom) => string;
    /** As an earlier task left them; null: there are none here. */
    caches?: ((folder: string) => void) | null;
  }

  async function prepare(files: Record<string, string>, given: Given = {}) {
    asked = [];
    room = await WorkRoom.open({ "a.txt": "a", ...files });
    const caches = join(room.root, "caches");
    if (given.caches !== null) {
      mkdirSync(caches);
      given.caches?.(caches);
    }
    const commit = room.head;
    prepared = await prepareEnvironment({
      ...room.parts,
      commit,
      restoredBase: given.restoredBase?.(room) ?? null,
      home: join(room.root, "home"),
      caches: given.caches === null ? null : caches,
      envWith: (added) => ({ PATH: process.env["PATH"] ?? "", ...added }),
      lowerLimits: async (limits) => {
        asked.push(limits);
        return limitWords(limits, limitsSchema.parse({ ...DEFAULT_LIMITS, ...limits }));
      },
      over: new AbortController().signal,
    });
    return prepared;
  }
  const config = (content: object): Record<string, string> => ({
    ".agency/config.json": JSON.stringify(content),
  });
  const report = (): string => room?.notices().at(-1) ?? "";
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
    const says = {
      setup: ["echo one $COLOUR > made", "cat made"],
      env: { COLOUR: "blue", DEPTH: 3 },
      checks: ["npm test"],
      artifacts: ["dist/**"],
      hooks: { "pre-run": "echo before" },
      editor: "vi",
    };
    const prepared = await prepare(config(says));
    expect(prepared).toMatchObject({
      problem: null,
      env: { COLOUR: "blue", DEPTH: "3" },
      checks: ["npm test"],
      artifacts: ["dist/**"],
    });
    expect(logged()).toBe("one blue\n");
    expect(phases()).toEqual(["setup started", "setup completed"]);
    expect(room?.notices()).toEqual([
      "From the repository: 2 setup commands, the variables COLOUR, DEPTH, a pre-run hook, 1 check, 1 pattern of files to keep; not supported: editor.",
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
    ["says what it may not", { ".agency/config.json": '{"checks": "x"}' }, "checks: Invalid input"],
    [
      "sets a limit that is none",
      { ".agency/config.json": '{"limits": {"timeout": "10m"}}' },
      '.agency/config.json: limits has no "timeout": known are wallMs, silenceMs, turns, costUsd.',
    ],
    ["names a hook that is none", { ".agency/config.json": '{"hooks": {"pre": "x"}}' }, 'hooks has no "pre"'],
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

  it("comes from the commit that was cloned, whatever an agent made of it or claims to have begun from", async () => {
    const prepared = await prepare(config({ checks: ["npm test"] }), {
      restoredBase: (room) => {
        room.write(".agency/config.json", '{"checks": []}');
        room.run("commit", "--quiet", "--all", "-m", "weaker");
        return room.head;
      },
    });
    expect(prepared.checks).toEqual(["npm test"]);
    expect(report()).toContain("the configuration in what was restored is not the repository's");
    expect(configCommit("cloned", "claimed", { number: 3 })).toBe("cloned");
    expect(configCommit("cloned", "their own", { number: 0 })).toBe("their own");
  });

  it("is not what an agent added where the repository says nothing", async () => {
    const prepared = await prepare(
      {},
      {
        restoredBase: (room) => {
          room.write(".agency/config.json", '{"setup": "touch made-by-agent"}');
          room.run("add", "--all");
          room.run("commit", "--quiet", "-m", "mine");
          return room.head;
        },
      },
    );
    expect(prepared.problem).toBeNull();
    expect(phases()).toEqual([]);
    expect(report()).toContain("not read");
  });

  it("asks for lower limits, in the words of the task's own", async () => {
    await prepare(config({ limits: { wallMs: 90_000, costUsd: 2 } }));
    expect(asked).toEqual([{ wallMs: 90_000, costUsd: 2 }]);
    expect(report()).toContain("limits, which are 1.5 min in all, $2 now");
  });

  it("asks for none when it names none", async () => {
    await prepare(config({ checks: ["true"] }));
    expect(asked).toEqual([]);
  });

  describe("of caches", () => {
    const home = (path: string): string => join(room?.root ?? "", "home", path);

    it("puts them where programs look for them, and tells which hold something", async () => {
      await prepare(config({ caches: ["~/.npm", "~/.cache/made"] }), {
        caches: (folder) => {
          mkdirSync(join(folder, ".npm"));
          writeFileSync(join(folder, ".npm", "kept"), "warm");
        },
      });
      expect(readFileSync(home(".npm/kept"), "utf8")).toBe("warm");
      writeFileSync(home(".cache/made/file"), "new");
      expect(report()).toContain("the caches ~/.npm of earlier tasks, caches ~/.cache/made, empty so far");
    });

    it("finds those of the package managers in use, unless it says none", async () => {
      await prepare({ "package-lock.json": "{}", "Cargo.toml": "" });
      expect(report()).toBe(
        "From the repository: caches ~/.npm, ~/.cargo/registry, ~/.cargo/git, empty so far.",
      );
      await room?.close();
      await prepare({ "package-lock.json": "{}", ...config({ caches: [] }) });
      expect(room?.notices()).toEqual([]);
    });

    it("says that there are none where nothing is kept", async () => {
      await prepare(config({ caches: ["~/.npm"] }), { caches: null });
      expect(report()).toContain("not prepared: caches ~/.npm (nothing is kept for this repository here)");
    });

    it("follows nothing that an earlier task left in place of one", async () => {
      await prepare(config({ caches: ["~/.cache/pip", "~/.npm"] }), {
        caches: (folder) => {
          mkdirSync(join(folder, "..", "elsewhere"));
          symlinkSync("../elsewhere", join(folder, ".npm"));
          symlinkSync("../elsewhere", join(folder, ".cache"));
        },
      });
      expect(() => readlinkSync(home(".npm"))).toThrow("ENOENT");
      expect(readlinkSync(home(".cache/pip"))).toBe(join(room?.root ?? "", "caches", ".cache%2Fpip"));
      expect(report()).toContain("not prepared: caches ~/.npm (something else is there)");
    });

    it.each(["~/.ssh", "~/.claude.json", "~/../x", "/etc", "~/.local/bin/x", "~/.gitconfig", "~"])(
      "refuses %s for one",
      async (path) => {
        expect((await prepare(config({ caches: [path] }))).problem).toMatch(
          /caches\[0\] (?:is no place|must)/,
        );
      },
    );
  });

  describe("of services", () => {
    const until = async (fits: () => boolean): Promise<void> => {
      while (!fits()) await new Promise((resolve) => setImmediate(resolve));
    };

    it("has them run after the setup, tells that they do, and ends them in order", async () => {
      const service = "cat made; trap 'echo closed; exit 0' TERM; while :; do sleep 0.01; done";
      const { services } = await prepare(config({ setup: "echo one > made", start: service }));
      await until(() => logged().includes("one"));
      expect(phases()).toEqual(["setup started", "setup completed", "start started", "start completed"]);
      expect(report()).toContain(`the service ${JSON.stringify(service)}, which runs`);
      await services.end(false);
      // Its shell may say in between that the sleep was ended, too.
      expect(logged()).toMatch(/^one\n(Terminated\n)?closed\n$/);
      expect(room?.notices()).toHaveLength(1);
    });

    it("leaves none of their processes behind", async () => {
      const { services } = await prepare(
        config({ start: "trap '' TERM; echo $$; sleep 1000 & wait; sleep 1000" }),
      );
      await until(() => /\d+\n/.test(logged()));
      await services.end(true);
      expect(stateOf(Number(logged()))).not.toMatch(/[RS]/);
    });

    it("starts one again that failed, and says once why", async () => {
      await prepare(
        config({ start: "[ -e again ] && { echo up; exec sleep 1000; }; echo why; touch again; exit 3" }),
      );
      expect(report()).toMatch(/the service .* ended with 3/);
      expect(room?.notices()[0]).toMatch(
        /ended with 3: it is started again until it stays\. Its last words:\nwhy$/,
      );
      await until(() => logged().includes("up"));
      expect(room?.notices()).toHaveLength(2);
    });

    it("does not start one again that ended by itself or by a signal", async () => {
      await prepare(config({ start: ["true", "kill -9 $$"] }));
      expect(report()).toMatch(/"true" ended with 0; .*was ended by a signal/);
      expect(room?.notices()[0]).toContain("it is not started again");
    });

    it("has none when the setup fails", async () => {
      await prepare(config({ setup: "false", start: "touch started" }));
      expect(report()).toContain('not prepared: the setup failed; not started: "touch started"');
    });

    it("takes what a devcontainer starts for one", async () => {
      await prepare({
        ".devcontainer.json": '{"onCreateCommand": "echo a", "postStartCommand": ["echo", "b c"]}',
      });
      await until(() => logged().includes("b c"));
      expect(logged()).toBe("a\nb c\n");
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

function stateOf(pid: number): string {
  try {
    return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1] ?? "";
  } catch {
    return "";
  }
}
