/** A body that each operation takes, by its id; an operation without one takes none. */
export const VALID_BODIES: Readonly<Record<string, object>> = {
  createTask: { prompt: "x" },
  keepSandbox: { addMs: 60_000 },
  sendMessage: { text: "stop that", mode: "steer" },
  answerTask: { answer: { kind: "approval", allow: true } },
  askCheckpoint: { label: "before the rewrite" },
  changeLimits: { add: { wallMs: 60_000 }, set: { costUsd: 5 } },
  offerUpload: { bytes: 0, sha256: "0".repeat(64) },
  setBudget: { dayUsd: 20, monthUsd: null },
  setRetention: { eventsMs: 86_400_000, artifactsMs: null },
  changeNetwork: { default: { allow: ["dev"] }, close: ["*.example.org"], open: [] },
  setNetworkList: { hosts: ["example.com"] },
  setSecret: { value: "sk-ant-api03-0123456789", kind: "api_key", check: false },
  signInByLink: { token: "a-token-that-is-long-enough" },
  signInByPassword: { password: "correct horse" },
  startPairing: { deviceName: "a phone" },
  claimPairing: { id: "01900000-0000-7000-8000-000000000001", secret: "a-secret-that-is-long-enough" },
  findPairing: { code: "ABCD-EFGH" },
  decidePairing: { code: "ABCD-EFGH", accept: true },
  setPassword: { password: "correct horse battery" },
  createKey: { name: "a robot" },
  stopTasks: { ids: ["01900000-0000-7000-8000-000000000001"] },
  createTemplate: { name: "fix", task: { prompt: "fix it" } },
  replaceTemplate: { name: "fix", task: { prompt: "fix it" } },
};

/** What else a request must say, by the operation's id. */
export const VALID_QUERIES: Readonly<Record<string, string>> = {
  readFile: "?path=src/a.txt",
  readCheckpointFile: "?path=src/a.txt",
  takeUpload: `?bytes=0&sha256=${"0".repeat(64)}`,
};
