import { escapeHtml, page } from "./html.ts";
import type { Page } from "./html.ts";
import { HOME_STYLE } from "./style.ts";

/** Says what answers here, to a person who opened the address in a browser. */
export function renderHome(version: string): Page {
  return page(
    "Agency",
    HOME_STYLE,
    `<main>
<h1>Agency runs here</h1>
<p>It runs coding agents in sealed sandboxes, on this machine, and shows every step live.</p>
<pre><code>agency run "add a health check and a test for it"</code></pre>
<p>The web app is not built yet. In the folder of Agency, <code>npm run build:web</code> builds it; then load this
page again.</p>
<p>Every program can do the same through the <a href="/docs">HTTP API</a>; it is described for tools in
<a href="/openapi.json">openapi.json</a>.</p>
<p class="soft">Version ${escapeHtml(version)}</p>
</main>`,
  );
}
