import { createHash } from "node:crypto";
import { AgencyError } from "@agency/contract";
import type { BlobStorage } from "../artifacts/blob-storage.ts";

/** Objects in memory, with the real storage's rules for what artifacts do with it. */
export class MemoryBlobs implements BlobStorage {
  readonly objects = new Map<string, Uint8Array>();
  /** Bodies handed out that were neither read to their end nor cancelled. */
  open = 0;
  signs = false;

  async write(...[key, body, options = {}]: Parameters<BlobStorage["write"]>) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    if (options.bytes !== bytes.length || options.sha256 !== sha256)
      throw new AgencyError("invalid_request", `"${key}" is not what was announced.`);
    this.objects.set(key, bytes);
    return this.#about(key, bytes);
  }

  async read(...[key, { from = 0, to } = {}]: Parameters<BlobStorage["read"]>) {
    const bytes = this.objects.get(key);
    if (bytes === undefined) return null;
    if (from > (to ?? from))
      throw new AgencyError("invalid_request", `The range of bytes asked of "${key}" is none.`);
    this.open += 1;
    const chunks = [...cut(bytes.subarray(from, to))];
    const body = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          const chunk = chunks.shift();
          if (chunk !== undefined) return controller.enqueue(chunk);
          this.open -= 1;
          controller.close();
        },
        cancel: () => void (this.open -= 1),
      },
      { highWaterMark: 0 },
    );
    return { object: this.#about(key, bytes), body };
  }

  async signGet(...[key, { filename }]: Parameters<BlobStorage["signGet"]>) {
    return this.signs ? `https://storage.example/${key}?as=${encodeURIComponent(filename)}` : null;
  }

  async delete(key: string) {
    this.objects.delete(key);
  }

  #about(key: string, body: Uint8Array) {
    const sha256 = createHash("sha256").update(body).digest("hex");
    return { key, bytes: body.length, etag: sha256, sha256, mediaType: "application/octet-stream", at: 0 };
  }
}

function* cut(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield new Uint8Array(bytes.subarray(at, at + 1000));
}
