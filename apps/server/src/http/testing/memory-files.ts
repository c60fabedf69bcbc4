import { createHash } from "node:crypto";
import { AgencyError } from "@agency/contract";
import type { Artifact, Task } from "@agency/contract";
import type { UseCases } from "../deps.ts";

/** Every task has this one artifact, and one file of the same content. */
export const ARTIFACT_ID = "01900000-0000-7000-8000-00000000a001";
export const ARTIFACT_TEXT = "0123456789";
const PATH = "src/a.txt";
const NOW = "2026-03-01T12:00:00.000Z";
const SHA = createHash("sha256").update(ARTIFACT_TEXT).digest("hex");

const artifact: Artifact = {
  id: ARTIFACT_ID,
  kind: "file",
  name: "out/page<ü>.html",
  bytes: ARTIFACT_TEXT.length,
  sha256: SHA,
  mediaType: "text/html",
  createdAt: NOW,
};

const checkpoint = {
  number: 1,
  at: NOW,
  label: null,
  turn: 1,
  commit: "c".repeat(40),
  sessionId: null,
  engine: "claude",
  engineVersion: null,
  bytes: 10,
  sha256: SHA,
};

type Kept =
  | "listArtifacts"
  | "getArtifact"
  | "downloadArtifact"
  | "listFiles"
  | "readFile"
  | "listCheckpoints"
  | "askCheckpoint"
  | "downloadCheckpoint"
  | "listCheckpointFiles"
  | "readCheckpointFile"
  | "takeUpload"
  | "offerUpload"
  | "finishUpload";

export function memoryFiles(
  find: (accountId: string, id: string) => Task,
  fail: () => void,
): Pick<UseCases, Kept> {
  const own = (accountId: string, id: string): void => {
    fail();
    find(accountId, id);
  };
  const named = (accountId: string, id: string, artifactId: string): void => {
    own(accountId, id);
    if (artifactId !== ARTIFACT_ID) throw new AgencyError("not_found", "There is no such artifact.");
  };
  const open = async ({ from, to } = { from: 0, to: ARTIFACT_TEXT.length }) =>
    new Blob([ARTIFACT_TEXT.slice(from, to)]).stream();
  return {
    async listArtifacts(accountId, id) {
      own(accountId, id);
      return [artifact];
    },
    async getArtifact(accountId, id, artifactId) {
      named(accountId, id, artifactId);
      return artifact;
    },
    async downloadArtifact(accountId, id, artifactId) {
      named(accountId, id, artifactId);
      return { ...artifact, sign: async () => null, open };
    },
    async downloadCheckpoint(accountId, id, number) {
      own(accountId, id);
      if (number > 1) throw new AgencyError("not_found", "There is no such checkpoint.");
      return { ...artifact, name: "checkpoint.tar", sign: async () => null, open };
    },
    async listCheckpointFiles(accountId, id, number, { prefix }) {
      own(accountId, id);
      if (number !== 1) throw new AgencyError("not_found", "There is no such checkpoint.");
      const file = { path: PATH, kind: "file" as const, bytes: ARTIFACT_TEXT.length, mode: 0o644 };
      const files = PATH.startsWith(prefix) ? [{ ...file, change: "added" as const }] : [];
      return { files, deleted: [], base: checkpoint.commit, truncated: false, nextAfter: null };
    },
    async readCheckpointFile(accountId, id, number, path) {
      own(accountId, id);
      if (number !== 1 || path !== PATH) throw new AgencyError("not_found", "There is no such file.");
      return { name: path, bytes: ARTIFACT_TEXT.length, open };
    },
    async takeUpload(_, told) {
      fail();
      return { ...told, id: ARTIFACT_ID, expiresAt: NOW };
    },
    async offerUpload() {
      fail();
      return null;
    },
    async finishUpload(_, id) {
      fail();
      if (id !== ARTIFACT_ID) throw new AgencyError("not_found", "There is no such upload.");
      return { id, bytes: artifact.bytes, sha256: SHA, expiresAt: NOW };
    },
    async listFiles(accountId, id, { prefix }) {
      own(accountId, id);
      const file = { path: PATH, kind: "file" as const, bytes: ARTIFACT_TEXT.length, mode: 0o644 };
      return { files: PATH.startsWith(prefix) ? [file] : [], truncated: false, nextAfter: null };
    },
    async readFile(accountId, id, path) {
      own(accountId, id);
      if (path !== PATH) throw new AgencyError("not_found", "There is no such file.");
      return { name: path, bytes: ARTIFACT_TEXT.length, open };
    },
    async listCheckpoints(accountId, id) {
      own(accountId, id);
      return [checkpoint];
    },
    async askCheckpoint(accountId, id) {
      own(accountId, id);
      return { id: "c" };
    },
  };
}
