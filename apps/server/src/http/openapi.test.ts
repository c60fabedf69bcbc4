import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { openApiDocument } from "./openapi.ts";
import { createTestApi } from "./testing/test-api.ts";

const { routes, ask } = createTestApi({ version: manifest.version });
const document = openApiDocument(
  routes.map(({ spec }) => spec),
  manifest.version,
);

describe("the OpenAPI document", () => {
  it("is the one that is checked in", () => {
    const file = readFileSync(new URL("../../../../docs/openapi.json", import.meta.url), "utf8");
    expect(
      `${JSON.stringify(document, null, 2)}\n`,
      "Run `npm run openapi` and commit docs/openapi.json.",
    ).toBe(file);
  });

  it("is the one that is served", async () => {
    expect((await ask("GET", "/openapi.json", { headers: {} })).body).toEqual(
      JSON.parse(JSON.stringify(document)),
    );
  });

  it("has a name of its own for every operation", () => {
    const names = routes.map(({ spec }) => spec.operationId);
    expect(new Set(names).size).toBe(names.length);
  });

  it("refers only to what is in it", () => {
    const refs = new Set(
      [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]),
    );
    expect(refs.size).toBeGreaterThan(10);
    for (const ref of refs) {
      expect(document.components.schemas).toHaveProperty(ref?.replace("#/components/schemas/", "") ?? "none");
    }
  });

  it("says which operations need a key", () => {
    for (const { spec } of routes) {
      const operation = document.paths[spec.path]?.[spec.method];
      expect(operation?.security, `of ${spec.operationId}`).toEqual(
        spec.policy === "key" ? [{ key: [] }, { session: [] }] : [],
      );
      if (spec.policy === "key") expect(operation?.responses).toHaveProperty("401");
    }
  });

  it("lets answers grow and requests not", () => {
    const { CreateTask, Task, TaskEvent } = document.components.schemas;
    expect(CreateTask).toHaveProperty("additionalProperties", false);
    expect(Task).not.toHaveProperty("additionalProperties");
    expect(TaskEvent?.oneOf?.length).toBeGreaterThan(20);
  });
});

describe.each(["/docs", "/"])("the page at %s", (path) => {
  it("uses nothing but its own style sheet, and its policy allows nothing else", async () => {
    const { text, headers } = await ask("GET", path, { headers: {} });
    expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}';/);
    const style = /<style>([^]*)<\/style>/.exec(text)?.[1] ?? "";
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
    expect(policy).toContain(Buffer.from(digest).toString("base64"));
    expect(text).not.toMatch(/<(script|img|link|iframe|form)\b|\bon\w+=|style="|url\(|@import|javascript:/i);
    expect(text.match(/<style>/g)).toHaveLength(1);
  });

  it("leads only to places that are there", async () => {
    const { text } = await ask("GET", path, { headers: {} });
    const ids = new Set([...text.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]));
    for (const [, target = ""] of text.matchAll(/ href="([^"]+)"/g)) {
      if (target.startsWith("#")) expect(ids, `the target ${target}`).toContain(target.slice(1));
      else expect((await ask("GET", target, { headers: {} })).status, `of ${target}`).toBe(200);
    }
    expect(ids.size).toBe([...text.matchAll(/ id="/g)].length);
  });
});

describe("the documents", () => {
  it("escape what they are given", async () => {
    const api = createTestApi({ version: '<img src=x onerror="alert(1)">' });
    for (const path of ["/docs", "/"]) {
      const { text } = await api.ask("GET", path, { headers: {} });
      expect(text).toContain("&lt;img src=x");
      expect(text).not.toContain("<img");
    }
  });
});
