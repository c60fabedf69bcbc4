import {
  archivedFileListSchema,
  artifactListSchema,
  artifactSchema,
  checkpointFileListSchema,
  checkpointListSchema,
} from "@agency/contract";
import type { Artifact, Checkpoint, CheckpointFileList, Upload } from "@agency/contract";
import { finish, taskPath } from "./calls.ts";
import type { Call } from "./calls.ts";
import { call, send } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { artifactContent, plainContent } from "./content.ts";
import type { Content, ContentOptions, Sha256 } from "./content.ts";
import { sendUpload } from "./send-upload.ts";

type ArchivedFileList = ReturnType<typeof archivedFileListSchema.parse>;

interface FilePage {
  prefix?: string;
  after?: string;
  limit?: number;
}

/** What is kept of a task: files, and the places it can be taken up again. */
export interface WorkCalls {
  artifacts(taskId: string, options?: Call): Promise<Artifact[]>;
  artifact(taskId: string, artifactId: string, options?: Call): Promise<Artifact>;
  /** Reading to the end throws when the bytes are not the ones that were stored. */
  artifactContent(
    taskId: string,
    artifact: Pick<Artifact, "id" | "name" | "bytes" | "sha256">,
    newHash: () => Sha256,
    options?: ContentOptions,
  ): Promise<Content>;
  /** For a page that shows it: from the server itself, wherever it is kept, and only so much as can be shown. */
  artifactInPlace(taskId: string, artifactId: string, options?: Call): Promise<AsyncIterable<Uint8Array>>;
  /** One page of the workspace archive, by path. */
  files(taskId: string, page?: FilePage, options?: Call): Promise<ArchivedFileList>;
  fileContent(taskId: string, path: string, options?: Call): Promise<AsyncIterable<Uint8Array>>;
  checkpoints(taskId: string, options?: Call): Promise<Checkpoint[]>;
  /** As `artifactContent`. Number 0 is what was uploaded for the task. */
  checkpointContent(
    taskId: string,
    checkpoint: Pick<Checkpoint, "number" | "bytes" | "sha256">,
    newHash: () => Sha256,
    options?: Call,
  ): Promise<Content>;
  /** One page of the workspace as it was at a checkpoint, by path. */
  checkpointFiles(
    taskId: string,
    number: number,
    page?: FilePage,
    options?: Call,
  ): Promise<CheckpointFileList>;
  checkpointFileContent(
    taskId: string,
    number: number,
    path: string,
    options?: Call,
  ): Promise<AsyncIterable<Uint8Array>>;
  /** Bytes in the form of a checkpoint, for a new task to go on from. */
  upload(content: Blob, sha256: string, options?: Call): Promise<Upload>;
  /** Asks for one; it is there once its event is. */
  takeCheckpoint(taskId: string, checkpoint?: { label?: string }, options?: Call): Promise<void>;
}

export function workCalls(connection: Connection): WorkCalls {
  const one = (taskId: string, id: string) => `${taskPath(taskId)}/artifacts/${encodeURIComponent(id)}`;
  const filesAt = (id: string, number: number) => `${taskPath(id)}/checkpoints/${number}/files`;
  return {
    artifacts: async (id, { signal } = {}) =>
      (await call(connection, { path: `${taskPath(id)}/artifacts`, signal }, artifactListSchema)).artifacts,
    artifact: (taskId, id, { signal } = {}) =>
      call(connection, { path: one(taskId, id), signal }, artifactSchema),
    artifactContent: (taskId, artifact, newHash, options = {}) =>
      artifactContent(connection, `${one(taskId, artifact.id)}/content`, artifact, newHash, options),
    artifactInPlace: (taskId, id, { signal } = {}) =>
      plainContent(connection, { path: `${one(taskId, id)}/content`, query: { inline: 1 }, signal }),
    files: (id, query = {}, { signal } = {}) =>
      call(
        connection,
        { path: `${taskPath(id)}/files`, query: { ...query }, signal },
        archivedFileListSchema,
      ),
    fileContent: (id, path, { signal } = {}) =>
      plainContent(connection, { path: `${taskPath(id)}/files/content`, query: { path }, signal }),
    checkpoints: async (id, { signal } = {}) =>
      (await call(connection, { path: `${taskPath(id)}/checkpoints`, signal }, checkpointListSchema))
        .checkpoints,
    checkpointContent: (taskId, { number, bytes, sha256 }, newHash, options = {}) => {
      const path = `${taskPath(taskId)}/checkpoints/${number}/content`;
      const stored = { name: number === 0 ? "the upload" : `checkpoint ${number}`, bytes, sha256 };
      return artifactContent(connection, path, stored, newHash, options);
    },
    checkpointFiles: (id, number, query = {}, { signal } = {}) =>
      call(connection, { path: filesAt(id, number), query: { ...query }, signal }, checkpointFileListSchema),
    checkpointFileContent: (id, number, path, { signal } = {}) =>
      plainContent(connection, { path: `${filesAt(id, number)}/content`, query: { path }, signal }),
    upload: (content, sha256, { signal } = {}) => sendUpload(connection, content, sha256, signal),
    takeCheckpoint: async (id, body = {}, { signal } = {}) =>
      finish(await send(connection, { method: "POST", path: `${taskPath(id)}/checkpoints`, body, signal })),
  };
}
