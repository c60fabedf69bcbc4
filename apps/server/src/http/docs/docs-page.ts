import type { OpenApiDocument, Operation, Parameter } from "../openapi-types.ts";
import { escapeHtml, page, paragraphs, prose } from "./html.ts";
import type { Page } from "./html.ts";
import { fieldTable, schemaTable, typeOf } from "./schema-view.ts";
import { DOCS_STYLE } from "./style.ts";

interface Call {
  method: string;
  path: string;
  operation: Operation;
}

/** The whole API on one page, readable without scripts. */
export function renderDocs(document: OpenApiDocument): Page {
  const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Call => ({ method, path, operation })),
  );
  const groups = document.tags.map((tag) => ({
    ...tag,
    calls: calls.filter(({ operation }) => operation.tags.includes(tag.name)),
  }));
  const { title, version, description } = document.info;
  const main = groups.map(
    (group) => `<h2 id="${escapeHtml(group.name)}">${escapeHtml(group.name)}</h2>
<p class="soft">${prose(group.description)}</p>
${group.calls.map(callSection).join("\n")}`,
  );
  return page(
    `${title} API`,
    DOCS_STYLE,
    `<a class="skip" href="#main">Skip to the content</a>
<div class="frame">
<nav aria-label="Contents">
${groups.map(groupLinks).join("\n")}
<div><h2>Schemas</h2><ul>${Object.keys(document.components.schemas).map(schemaLink).join("")}</ul></div>
</nav>
<main id="main">
<h1>${escapeHtml(title)} API <span class="soft">${escapeHtml(version)}</span></h1>
${paragraphs(description)}
<p>Send the key as <code>Authorization: Bearer …</code>. ${prose(document.components.securitySchemes["key"]?.description ?? "")}
For tools: <a href="/openapi.json">openapi.json</a>.</p>
${main.join("\n")}
<h2 id="schemas">Schemas</h2>
${Object.entries(document.components.schemas)
  .map(
    ([name, schema]) =>
      `<section id="schema-${escapeHtml(name)}"><h3>${escapeHtml(name)}</h3>${schemaTable(schema)}</section>`,
  )
  .join("\n")}
</main>
</div>`,
  );
}

function groupLinks({ name, calls }: { name: string; calls: Call[] }): string {
  const links = calls.map(
    ({ operation }) =>
      `<li><a href="#${escapeHtml(operation.operationId)}">${escapeHtml(operation.summary)}</a></li>`,
  );
  return `<div><h2>${escapeHtml(name)}</h2><ul>${links.join("")}</ul></div>`;
}

function schemaLink(name: string): string {
  return `<li><a href="#schema-${escapeHtml(name)}">${escapeHtml(name)}</a></li>`;
}

function callSection({ method, path, operation }: Call): string {
  const { operationId, summary, description, parameters = [], requestBody, security } = operation;
  const body = requestBody?.content["application/json"]?.schema;
  return `<section id="${escapeHtml(operationId)}">
<h3>${escapeHtml(summary)}</h3>
<p class="call"><span class="verb ${escapeHtml(method)}">${escapeHtml(method.toUpperCase())}</span><code>${escapeHtml(path)}</code>${security.length === 0 ? '<span class="soft">needs no key</span>' : ""}</p>
${description === undefined ? "" : paragraphs(description)}
${parameterTables(parameters)}
${body === undefined ? "" : `<h4>Body</h4><p>${typeOf(body)}</p>`}
${answers(operation)}
<pre><code>${escapeHtml(example(method, path, operation))}</code></pre>
</section>`;
}

function parameterTables(parameters: readonly Parameter[]): string {
  return (["path", "query", "header"] as const)
    .map((where) => {
      const fields = parameters
        .filter((parameter) => parameter.in === where)
        .map(({ name, required, description, schema }) => ({
          name,
          note: required ? ("required" as const) : null,
          schema: description === undefined ? schema : { ...schema, description },
        }));
      return fields.length === 0 ? "" : `<h4>In the ${where}</h4>${fieldTable(fields)}`;
    })
    .join("\n");
}

function answers({ responses }: Operation): string {
  const rows = Object.entries(responses).filter(([status]) => Number(status) < 400);
  const problems = Object.entries(responses).filter(([status]) => Number(status) >= 400);
  return `<h4>Answer</h4>
<div class="scroll"><table>${rows.map(([status, response]) => answerRow(status, response)).join("\n")}</table></div>
<h4>Problems</h4>
<ul class="problems">${problems.map(([status, { description }]) => `<li>${escapeHtml(status)} ${prose(description)}</li>`).join("\n")}</ul>`;
}

function answerRow(status: string, { description, content = {} }: Operation["responses"][string]): string {
  const types = Object.entries(content).map(([type, { schema }]) =>
    schema.$ref === undefined ? `<code>${escapeHtml(type)}</code>` : typeOf(schema),
  );
  return `<tr><td><code>${escapeHtml(status)}</code></td><td class="type">${types.join(" or ")}</td><td>${prose(description)}</td></tr>`;
}

function example(method: string, path: string, { security, requestBody }: Operation): string {
  const lines = [`curl "$AGENCY_URL${path.replaceAll(/\{(\w+)\}/g, "$$$1").replace("$id", "$TASK")}"`];
  if (method !== "get") lines.push(`--request ${method.toUpperCase()}`);
  if (security.length > 0) lines.push('--header "authorization: Bearer $AGENCY_API_KEY"');
  if (requestBody !== undefined) {
    const said = path.endsWith("/messages")
      ? { text: "use the other library" }
      : { prompt: "add a health check" };
    lines.push("--header 'content-type: application/json'", `--data '${JSON.stringify(said)}'`);
  }
  return lines.join(" \\\n  ");
}
