import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { Server } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import type { Provider } from "@agency/core";
import { sandboxSpec } from "@agency/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGround, quiet, runOutside, signal } from "./testing/ground.ts";
import type { Ground, Inside } from "./testing/ground.ts";
import { connectProbe, listening, privilegedPerl } from "./testing/probes.ts";

const canary = randomBytes(16).toString("hex");

let ground: Ground;
let provider: Provider;
let inside: Inside;
let sockets: string;
let server: Server;

beforeAll(async () => {
  sockets = await mkdtemp(join(tmpdir(), "ssh-"));
  server = createServer((socket) => socket.end(canary));
  await listening(server, { path: join(sockets, "agent.1") });
  process.env["SSH_AUTH_SOCK"] = join(sockets, "agent.1");
  process.env["DBUS_SESSION_BUS_ADDRESS"] = `unix:path=${join(sockets, "agent.1")}`;
  process.env["DISPLAY"] = ":7";
  ground = await createGround();
  provider = ground.provider();
  inside = await ground.inside(await provider.create(sandboxSpec(), quiet));
});
afterAll(async () => {
  for (const name of ["SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY"]) delete process.env[name];
  server.close();
  await ground.dispose();
  await rm(sockets, { recursive: true, force: true });
});

describe("a hijacked agent and the network of the machine: it", () => {
  it("reaches this machine by none of its addresses, nor anything that could stand for it", async () => {
    const everywhere = createServer((socket) => socket.end(canary));
    const port = await listening(everywhere, { host: "::", port: 0 });
    const own = Object.values(networkInterfaces())
      .flatMap((entries) => entries ?? [])
      .map(({ address }) => address)
      .filter((address) => !address.startsWith("fe80:"));
    try {
      expect(own.length).toBeGreaterThan(0);
      for (const host of own) {
        expect(await runOutside(connectProbe({ host, port })), host).toEqual({ value: canary });
        const { error } = await inside.run(connectProbe({ host, port }));
        expect(error, host).toMatch(/ECONNREFUSED|ENETUNREACH|EADDRNOTAVAIL/u);
      }
      for (const host of ["10.0.2.2", "172.17.0.1", "169.254.169.254", "fd00:ec2::254"])
        expect((await inside.run(connectProbe({ host, port }))).error, host).toBe("ENETUNREACH");
      for (const host of ["host.docker.internal", "gateway.docker.internal"])
        expect((await inside.run(connectProbe({ host, port }))).error).toMatch(/ENOTFOUND|EAI_AGAIN/u);
    } finally {
      everywhere.close();
    }
  });

  it("sends no datagram out", async () => {
    const heard: string[] = [];
    const listener = createSocket("udp4", (message) => heard.push(message.toString()));
    await new Promise<void>((resolve) => listener.bind(0, "0.0.0.0", resolve));
    const { port } = listener.address();
    const own = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
    const hosts = own.filter(({ family }) => family === "IPv4").map(({ address }) => address);
    const send = (word: string): string => `
      const socket = require("node:dgram").createSocket("udp4");
      const send = (host) => new Promise((done) => socket.send("${word}", ${port}, host, done));
      for (const host of ${JSON.stringify(hosts)}) await send(host);
      socket.close();`;
    try {
      await inside.run(send("from inside"));
      const told = new Promise((resolve) => listener.once("message", resolve));
      await runOutside(send("from outside"));
      await told;
      expect(new Set(heard)).toEqual(new Set(["from outside"]));
    } finally {
      listener.close();
    }
  });

  it("has an interface to itself and a route to nowhere", async () => {
    const look = `
      const fs = require("node:fs");
      const names = fs.readFileSync("/proc/net/dev", "utf8").split("\\n").slice(2).map((line) => line.split(":")[0].trim()).filter(Boolean);
      return { names, routes: fs.readFileSync("/proc/net/route", "utf8").trim().split("\\n").slice(1) };`;
    expect(await inside.run(look)).toMatchObject({ value: { names: ["lo"], routes: [] } });
    // The control: with an address that leads somewhere, the same look finds the way.
    const leads = `
      use Socket;
      socket(my $s, AF_INET, SOCK_DGRAM, 0) or die;
      ioctl($s, 0x8916, my $address = pack("a16 S n a4 x8", "lo", AF_INET, 0, inet_aton("192.0.2.7"))) or die;
      ioctl($s, 0x8914, my $up = pack("a16 S x14", "lo", 0x41)) or die;
      my $device = "lo\\0";
      my $to = pack("S n a4 x8 S x14 S n a4 x8", AF_INET, 0, inet_aton("198.51.100.0"), AF_INET, AF_INET, 0, inet_aton("255.255.255.0"));
      ioctl($s, 0x890B, my $route = pack("x8 a48 S x22 S x6 Q x24", $to, 1, 0, unpack "Q", pack "P", $device)) or die;
      open my $table, "<", "/proc/net/route"; print <$table>;`;
    expect((await runOutside(privilegedPerl(leads))).value).toMatch(/^lo\t006433C6\t/mu);
  });

  it("reaches no agent of keys, bus or screen, and is told of none", async () => {
    const names = ["SSH_AUTH_SOCK", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY"];
    const told = `return ${JSON.stringify(names)}.filter((name) => process.env[name] !== undefined)`;
    expect(await runOutside(told)).toEqual({ value: names });
    expect(await inside.run(told)).toMatchObject({ value: [] });
    const connect = connectProbe({ path: join(sockets, "agent.1") });
    expect(await runOutside(connect)).toEqual({ value: canary });
    expect(await inside.run(connect)).toMatchObject({ error: "ENOENT" });
    const look = `
      const fs = require("node:fs");
      return ["/run/dbus", "/run/user", "/run/systemd", "/run/docker.sock", "/var/run/docker.sock", "/tmp/.X11-unix", ${JSON.stringify(sockets)}].filter((path) => fs.existsSync(path));`;
    expect((await runOutside(look)).value).toContain(sockets);
    expect(await inside.run(look)).toMatchObject({ value: [] });
  });

  it("reaches nothing that another sandbox listens on", async () => {
    const ref = await provider.create(sandboxSpec(), quiet);
    const neighbour = await ground.inside(ref);
    const places = [
      { host: "127.0.0.1", port: 4711 },
      { host: "::1", port: 4711 },
      { path: "\0agency-neighbour" },
      { path: "/tmp/neighbour" },
      { path: "/dev/shm/neighbour" },
    ];
    await neighbour.run(`
      const { createServer } = require("node:net");
      const listen = (place) => new Promise((resolve, reject) => createServer((socket) => socket.end("${canary}")).once("error", reject).listen(place, resolve));
      for (const place of ${JSON.stringify(places)}) await listen(place);`);
    for (const place of places) {
      expect(await neighbour.run(connectProbe(place)), JSON.stringify(place)).toMatchObject({
        value: canary,
      });
      expect((await inside.run(connectProbe(place))).error).toMatch(/ECONNREFUSED|ENOENT/u);
    }
    await provider.discard(ref, signal);
  });
});
