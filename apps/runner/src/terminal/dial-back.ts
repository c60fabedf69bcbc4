import { request } from "node:http";
import type { Socket } from "node:net";
import { TERMINAL_PROTOCOL, UPLINK_PATHS } from "@agency/contract";
import type { Door } from "../uplink/door.ts";
import type { Attempt } from "../uplink/client.ts";

const ANSWER_MS = 10_000;

/** A connection for one terminal. Every process at the door is asked: only one has the person. */
export async function dialBack(door: Door, attempt: Attempt, id: string): Promise<Socket | null> {
  for await (const socket of door.each()) {
    const upgraded = await upgrade(socket, attempt, id);
    if (upgraded !== null) return upgraded;
    socket.destroy();
  }
  return null;
}

function upgrade(socket: Socket, { taskId, epoch, token }: Attempt, id: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const outgoing = request({
      createConnection: () => socket,
      host: "uplink",
      path: `${UPLINK_PATHS.terminals}/${id}`,
      timeout: ANSWER_MS,
      headers: {
        connection: "upgrade",
        upgrade: TERMINAL_PROTOCOL,
        authorization: `Bearer ${token}`,
        "x-agency-task": taskId,
        "x-agency-epoch": String(epoch),
      },
    });
    outgoing.once("upgrade", (_answer, upgraded: Socket, head) => {
      if (head.length > 0) upgraded.unshift(head);
      upgraded.setTimeout(0);
      resolve(upgraded);
    });
    outgoing.once("response", (answer) => {
      answer.resume();
      resolve(null);
    });
    outgoing.once("timeout", () => outgoing.destroy());
    outgoing.on("error", () => resolve(null));
    outgoing.end();
  });
}
