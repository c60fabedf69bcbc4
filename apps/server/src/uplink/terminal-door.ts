import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { AgencyError, isAgencyError, UPLINK_PATHS } from "@agency/contract";
import { bearer } from "@agency/control";
import type { Terminals } from "@agency/control";
import type { AttemptAccess, Logger } from "@agency/core";
import { toRunnerRefusal } from "./runner-refusal.ts";
import { createUpgradedSockets, wantsTerminal } from "../terminals/upgraded-sockets.ts";

export interface TerminalDoorDeps {
  /** Lets a runner's token in, also while its sandbox is only kept; throws `unauthenticated` or `fenced`. */
  access: (token: string) => Promise<Pick<AttemptAccess, "taskId">>;
  terminals: Pick<Terminals<Duplex>, "meet">;
  logger: Logger;
}

export interface TerminalDoor {
  /** For the `upgrade` event of the door's server. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  close(): void;
}

/** Runners that dial back because somebody wants a terminal. */
export function createTerminalDoor({ access, terminals, logger }: TerminalDoorDeps): TerminalDoor {
  const sockets = createUpgradedSockets();

  async function serve(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const id = idOf(request);
    const { taskId } = await access(bearer(request.headers.authorization));
    if (!terminals.meet(taskId, id, socket))
      throw new AgencyError("not_found", "Nobody waits for this terminal here.");
    sockets.accept(request, socket, head);
  }

  return {
    upgrade(request, socket, head) {
      socket.on("error", () => socket.destroy());
      serve(request, socket, head).catch((error: unknown) => {
        if (!isAgencyError(error)) logger.error({ err: error }, "a runner's terminal failed");
        const { status, body } = toRunnerRefusal(error, "");
        const text = JSON.stringify(body);
        const length = Buffer.byteLength(text);
        socket.end(
          `HTTP/1.1 ${status} Refused\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n${text}`,
          () => socket.destroy(),
        );
      });
    },
    close: sockets.close,
  };
}

function idOf(request: IncomingMessage): string {
  const path = request.url ?? "";
  const prefix = `${UPLINK_PATHS.terminals}/`;
  if (wantsTerminal(request) && path.startsWith(prefix)) return path.slice(prefix.length);
  throw new AgencyError("not_found", "There is no such door.");
}
