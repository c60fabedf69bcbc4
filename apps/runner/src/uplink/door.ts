import { readdir } from "node:fs/promises";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";

/** The control plane's sockets in a folder. They come and go as its processes restart, under any name. */
export interface Door {
  /** A connection to the first socket that answers; throws when none does. */
  connect(): Promise<Socket>;
  /** A connection to each socket that answers, the one used last first. */
  each(): AsyncGenerator<Socket>;
  /** The socket used last took a connection but gave no answer: try others first. */
  distrust(): void;
}

export function createDoor(folder: string): Door {
  let best: string | null = null;
  let worst: string | null = null;

  async function candidates(): Promise<string[]> {
    const names = await readdir(folder).catch(() => []);
    const rank = (name: string): number => (name === best ? 0 : name === worst ? 2 : 1);
    return names.filter((name) => name.endsWith(".sock")).toSorted((a, b) => rank(a) - rank(b));
  }

  return {
    async connect() {
      const names = await candidates();
      for (const name of names) {
        const socket = await tryConnect(join(folder, name));
        if (socket === null) continue;
        best = name;
        return socket;
      }
      throw new Error(`None of the ${names.length} sockets in ${folder} answers.`);
    },
    async *each() {
      for (const name of await candidates()) {
        const socket = await tryConnect(join(folder, name));
        if (socket !== null) yield socket;
      }
    },
    distrust() {
      worst = best;
      best = null;
    },
  };
}

function tryConnect(path: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const refused = (): void => resolve(null);
    socket.once("error", refused);
    socket.once("connect", () => {
      socket.off("error", refused);
      resolve(socket);
    });
  });
}
