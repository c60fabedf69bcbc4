import { createHash } from "node:crypto";
import type { ApiDeps } from "../deps.ts";
import type { ApiContext } from "../env.ts";
import { openApiDocument } from "../openapi.ts";
import { route } from "../route.ts";
import type { Route } from "../route.ts";

const tag = "Documents";

const specification = {
  policy: "public",
  method: "get",
  path: "/openapi.json",
  operationId: "getSpecification",
  tag,
  summary: "This API as OpenAPI 3.1",
  responses: { 200: { description: "The document.", content: { "application/json": "OpenAPI 3.1." } } },
} as const;

const docs = {
  policy: "public",
  method: "get",
  path: "/docs",
  operationId: "getDocs",
  tag,
  summary: "This API as a page",
  responses: { 200: { description: "The page.", content: { "text/html": "A page without scripts." } } },
} as const;

const home = {
  policy: "public",
  method: "get",
  path: "/",
  operationId: "getHome",
  tag,
  summary: "The web app",
  responses: {
    200: { description: "The app, or how to build it.", content: { "text/html": "Its page." } },
    304: { description: "It has not changed." },
  },
} as const;

/** The documents describe the other routes and themselves; they are written when first asked for. */
export function docsRoutes(
  { version, web }: Pick<ApiDeps, "version" | "web">,
  others: readonly Route[],
): Route[] {
  const specs = [...others.map(({ spec }) => spec), specification, docs, home];
  const document = once(async () => openApiDocument(specs, version));
  const json = once(async () => JSON.stringify(await document()));
  const docsPage = once(async () => (await import("../docs/docs-page.ts")).renderDocs(await document()));
  const homePage = once(async () => (await import("../docs/home-page.ts")).renderHome(version));
  return [
    route(specification, async (_input, c) =>
      c.body(await json(), 200, { "content-type": "application/json" }),
    ),
    route(docs, async (_input, c) => sendPage(c, await docsPage())),
    route(home, async (_input, c) => (await web.answer(c)) ?? sendPage(c, await homePage())),
  ];
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** The only thing such a page may use is its own style sheet. */
function sendPage(c: ApiContext, { html, style }: { html: string; style: string }): Response {
  const hash = createHash("sha256").update(style).digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return c.body(html, 200, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy,
    "cache-control": "no-cache",
  });
}
