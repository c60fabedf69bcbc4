import { createVerify, generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import type { VendorAddresses } from "../check-credential.ts";

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface FakeVendors extends AsyncDisposable {
  readonly addresses: VendorAddresses;
  /** Of the Enterprise server that the same GitHub would be. */
  readonly host: string;
  readonly seen: Seen[];
  /** What is accepted; everything else is refused the way the vendor does. */
  readonly valid: Set<string>;
  readonly app: { readonly id: string; readonly privateKey: string };
  /** `owner/name` of the repositories the app is installed on. */
  readonly installed: Set<string>;
  /** How long an installation token lasts. */
  lastsMs: number;
}

const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** Anthropic's, OpenAI's and GitHub's API, as far as credentials go, on one loopback port. */
export async function startVendors(now: () => number): Promise<FakeVendors> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    void read(request).then((call) => {
      seen.push(call);
      const { status, body } = answer(vendors, call, now());
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const host = `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const vendors: FakeVendors = {
    addresses: {
      fetch,
      anthropicBaseUrl: `http://${host}`,
      openaiBaseUrl: `http://${host}/openai/v1`,
      githubApiUrl: `http://${host}/api/v3`,
    },
    host,
    seen,
    valid: new Set(),
    app: {
      id: "123456",
      privateKey: keys.privateKey.export({ type: "pkcs1", format: "pem" }),
    },
    installed: new Set(),
    lastsMs: 3_600_000,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return vendors;
}

async function read(request: IncomingMessage): Promise<Seen> {
  const body = await text(request);
  const { method = "", url = "", headers } = request;
  return { method, path: url, headers, body: body === "" ? null : JSON.parse(body) };
}

function answer(vendors: FakeVendors, call: Seen, now: number): Answer {
  const { path, headers } = call;
  const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "";
  if (path === "/v1/models?limit=1") {
    const oauth = headers["anthropic-beta"] === "oauth-2025-04-20";
    const key = oauth ? bearer : String(headers["x-api-key"]);
    if (vendors.valid.has(key)) return { status: 200, body: { data: [] } };
    return { status: 401, body: { type: "error", error: { message: `invalid key ${key}` } } };
  }
  if (path === "/openai/v1/models") {
    if (bearer.startsWith("sk-moved")) return { status: 307, body: null };
    if (vendors.valid.has(bearer)) return { status: 200, body: { data: [] } };
    if (bearer.startsWith("sk-busy")) return { status: 500, body: { error: { message: `oops ${bearer}` } } };
    return { status: 401, body: { error: { message: `Incorrect API key provided: ${bearer}.` } } };
  }
  if (path === "/api/v3/user") {
    if (vendors.valid.has(bearer)) return { status: 200, body: { login: "octocat" } };
    return { status: 401, body: { message: "Bad credentials" } };
  }
  return githubApp(vendors, call, bearer, now);
}

function githubApp(vendors: FakeVendors, call: Seen, bearer: string, now: number): Answer {
  if (!isFromApp(vendors.app.id, bearer, now)) return { status: 401, body: { message: "Bad JWT" } };
  if (call.path === "/api/v3/app") return { status: 200, body: { slug: "agency-bot" } };
  const repository = /^\/api\/v3\/repos\/(.+)\/installation$/.exec(call.path)?.[1];
  if (repository !== undefined && vendors.installed.has(repository)) return { status: 200, body: { id: 77 } };
  if (call.method === "POST" && call.path === "/api/v3/app/installations/77/access_tokens") {
    const token = `ghs_${vendors.seen.length}_${"t".repeat(30)}`;
    return { status: 201, body: { token, expires_at: new Date(now + vendors.lastsMs).toISOString() } };
  }
  return { status: 404, body: { message: "Not Found" } };
}

function isFromApp(id: string, jwt: string, now: number): boolean {
  const [head = "", claims = "", signature = ""] = jwt.split(".");
  const signed = createVerify("RSA-SHA256").update(`${head}.${claims}`);
  if (!signed.verify(keys.publicKey, signature, "base64url")) return false;
  const { iss, iat, exp } = JSON.parse(Buffer.from(claims, "base64url").toString());
  const seconds = now / 1_000;
  return iss === id && iat <= seconds && exp > seconds && exp - iat <= 600;
}
