import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listenUplink } from "./listen.ts";
import type { ConnectHandler, UplinkListener } from "./listen.ts";

const app = { fetch: () => new Response("hello") };

let folder: string;
let listener: UplinkListener;

const say: ConnectHandler = (_incoming, socket) => socket.end("connected");
const open = () => listenUplink(app, { connect: say, upgrade: say }, folder);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "door-"));
  listener = await open();
});

afterEach(async () => {
  await listener.close();
  await rm(folder, { recursive: true });
});

describe("the door's listener", () => {
  it("sweeps out sockets of the dead and leaves those of the living", async () => {
    const dead = createServer().listen(join(folder, "dead.sock"));
    await new Promise((resolve) => dead.once("listening", resolve));
    // Closing would remove the file; a process that is killed leaves it, as this rename does.
    await rename(join(folder, "dead.sock"), join(folder, "left.sock"));
    await new Promise((resolve) => dead.close(resolve));
    expect(await readdir(folder)).toContain("left.sock");
    const next = await open();
    const names = await readdir(folder);
    expect(names).not.toContain("left.sock");
    expect(names).toHaveLength(2);
    await next.close();
  });

  it("hands on what asks for a connection", async () => {
    const asking = request({ socketPath: listener.path, method: "CONNECT", path: "example.com:443" });
    asking.on("error", () => undefined).end();
    const said = await new Promise<string>((resolve) => {
      asking.on("socket", (socket) => {
        let heardBack = "";
        socket.on("data", (chunk: Buffer) => (heardBack += chunk.toString()));
        socket.on("close", () => resolve(heardBack));
      });
    });
    expect(said).toBe("connected");
  });

  it("says so when the path is longer than a socket's may be", async () => {
    const nobody = { connect: say, upgrade: say };
    await expect(listenUplink(app, nobody, join(folder, "x".repeat(100)))).rejects.toMatchObject({
      code: "unavailable",
      next: expect.stringContaining("AGENCY_HOME"),
    });
  });
});
