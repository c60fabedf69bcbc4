import { textOption } from "../parse/values.ts";
import { command, flag, value } from "../program/command.ts";
import { api, json } from "./options.ts";

const group = "Server";

const up = command({
  name: "up",
  group,
  summary: "Start Agency on this machine.",
  args: {},
  options: {
    detach: flag("Start it in the background and return when it is ready.", "-d"),
    port: value("N", "Port to listen on; 7717 when not set.", textOption),
    listen: value("HOST", "Address to listen on; 127.0.0.1 when not set.", textOption),
    json,
  },
  run: async (session, { options }) => (await import("../flows/server.ts")).up(session, options),
});

const down = command({
  name: "down",
  group,
  summary: "Stop Agency on this machine; sandboxes go on and are taken up at the next start.",
  args: {},
  options: { json },
  run: async (session) => (await import("../flows/server.ts")).down(session),
});

const doctor = command({
  name: "doctor",
  group,
  summary: "Show every setting with its source, and check what this machine can do.",
  args: {},
  options: api,
  run: async (session) => (await import("../flows/doctor.ts")).doctor(session),
});

export const serverCommands = [up, down, doctor];
