/** Both colour schemes from one set of names; system fonts, nothing fetched. */
export const BASE_STYLE = `
:root {
  --page: #fbfaf8; --card: #ffffff; --ink: #1d1c1a; --soft: #6b675f; --line: #e6e2da;
  --accent: #2f5d50; --code: #f3f0ea; --get: #2f5d50; --post: #8a5a14; --delete: #a03a2c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #161614; --card: #1e1e1b; --ink: #ece9e2; --soft: #9b968b; --line: #33322d;
    --accent: #8fc7b3; --code: #272723; --get: #8fc7b3; --post: #e0b063; --delete: #ec8a7b;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", sans-serif;
}
a { color: var(--accent); text-underline-offset: 0.2em; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 0.875em; }
code { background: var(--code); padding: 0.1em 0.35em; border-radius: 4px; overflow-wrap: anywhere; }
h1, h2, h3 { line-height: 1.25; letter-spacing: -0.01em; text-wrap: balance; }
.soft { color: var(--soft); }
`;

export const DOCS_STYLE = `${BASE_STYLE}
.frame { display: grid; grid-template-columns: 15rem minmax(0, 1fr); max-width: 76rem; margin: 0 auto; }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 2rem 1rem 2rem 1.5rem; font-size: 0.875rem; }
nav h2 { font-size: 0.75rem; margin: 1.5rem 0 0.4rem; color: var(--soft); font-weight: 600; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li a { display: block; padding: 0.15rem 0; color: var(--ink); text-decoration: none; }
nav li a:hover { color: var(--accent); }
main { padding: 2.5rem 2rem 6rem; min-width: 0; }
main > h2 { margin: 3.5rem 0 0; padding-top: 1rem; border-top: 1px solid var(--line); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.25rem 1.5rem; margin: 1.25rem 0; }
section h3 { margin: 0 0 0.25rem; font-size: 1.125rem; }
section h4 { margin: 1.4rem 0 0.3rem; font-size: 0.8125rem; color: var(--soft); font-weight: 600; }
.call { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.5rem; margin: 0 0 0.75rem; }
.call code { background: none; padding: 0; font-size: 0.9375rem; }
.verb { font: 600 0.75rem/1 ui-monospace, Menlo, Consolas, monospace; border: 1px solid; border-radius: 4px; padding: 0.25rem 0.4rem; }
.get { color: var(--get); } .post { color: var(--post); } .delete { color: var(--delete); }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 0.875rem; }
td { padding: 0.45rem 1rem 0.45rem 0; border-top: 1px solid var(--line); vertical-align: top; }
tr:first-child td { border-top: 0; }
td:first-child { width: 13rem; overflow-wrap: anywhere; }
td.type { color: var(--soft); width: 15rem; }
.problems { list-style: none; display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0.4rem 0 1rem; padding: 0; font-size: 0.8125rem; color: var(--soft); }
.required, .optional { font-size: 0.75rem; margin-left: 0.4rem; color: var(--soft); }
.required { color: var(--delete); }
pre { background: var(--code); border-radius: 8px; padding: 0.9rem 1rem; overflow-x: auto; margin: 0.5rem 0 0; }
details { border-top: 1px solid var(--line); padding: 0.5rem 0; }
summary { cursor: pointer; }
.skip { position: absolute; left: -100rem; } .skip:focus { left: 1rem; top: 1rem; }
@media (max-width: 52rem) {
  .frame { display: block; }
  nav { position: static; height: auto; padding: 1.5rem 1.25rem 0; columns: 2; }
  nav div { break-inside: avoid; }
  main { padding: 1.5rem 1.25rem 4rem; }
  section { padding: 1rem; }
  tr, td, td:first-child, td.type { display: block; width: auto; }
  tr { border-top: 1px solid var(--line); padding: 0.4rem 0; }
  tr:first-child { border-top: 0; }
  td { border: 0; padding: 0.1rem 0; }
}
`;

export const HOME_STYLE = `${BASE_STYLE}
body { min-height: 100vh; display: grid; place-items: center; padding: 2rem; }
main { max-width: 34rem; }
h1 { font-size: 1.75rem; margin: 0 0 0.75rem; }
pre { background: var(--code); border-radius: 8px; padding: 0.9rem 1rem; overflow-x: auto; }
pre code { background: none; padding: 0; }
`;
