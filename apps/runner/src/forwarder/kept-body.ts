import type { IncomingMessage } from "node:http";

/** One request, and all that are held at a time. Beyond it a request is passed on, and cannot be sent twice. */
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_ALL_BYTES = 256 * 1024 * 1024;

export interface KeptBody {
  readonly chunks: readonly Buffer[];
  /** False: there was more than may be kept; the rest is still to be read, and what was read is lost once sent. */
  readonly isWhole: boolean;
  release(): void;
}

export interface BodyRoom {
  keep(incoming: IncomingMessage): Promise<KeptBody>;
}

/** Where the bodies of model requests wait until their answer begins. */
export function createBodyRoom(
  limits: { each: number; all: number } = { each: MAX_BYTES, all: MAX_ALL_BYTES },
): BodyRoom {
  let all = 0;
  return {
    keep: (incoming) =>
      new Promise((resolve) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        const release = (): void => {
          all -= bytes;
          bytes = 0;
        };
        const settle = (isWhole: boolean): void => {
          incoming.off("data", take).off("end", whole).off("close", cut);
          resolve({ chunks, isWhole, release });
        };
        const whole = (): void => settle(true);
        const cut = (): void => settle(false);
        const take = (chunk: Buffer): void => {
          chunks.push(chunk);
          bytes += chunk.length;
          all += chunk.length;
          if (bytes <= limits.each && all <= limits.all) return;
          incoming.pause();
          settle(false);
        };
        incoming.on("data", take).once("end", whole).once("close", cut);
      }),
  };
}
