import { gzipSync } from "node:zlib";

const BEL = "\u0007";
const ESC = "\u001b";

/** Text an agent could print to make a page do something. Each that works would call `window.pwned`. */
export const PAYLOADS: readonly string[] = [
  "<script>window.pwned('script')</script>",
  "<img src=x onerror=\"window.pwned('img')\">",
  "<svg/onload=window.pwned('svg')>",
  "<iframe src=\"javascript:parent.pwned('iframe')\"></iframe>",
  "<details open ontoggle=window.pwned('toggle')>",
  "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=window.pwned('mxss')&gt;\">",
  "<a href=\"javascript:window.pwned('a')\">a</a><form action=//evil.example><button>b</button></form>",
  "<meta http-equiv=refresh content='0;url=https://evil.example'><base href=https://evil.example>",
  "<link rel=stylesheet href=https://evil.example/x.css><style>@import 'https://evil.example/y.css'</style>",
  "{{constructor.constructor('window.pwned(1)')()}} ${window.pwned('template')}",
  "[click](javascript:window.pwned('md'))",
  "[click](JaVaScRiPt:window.pwned('md-case)')",
  "[click](&#106;avascript:window.pwned('md-entity'))",
  "[click](data:text/html;base64,PHNjcmlwdD5wYXJlbnQucHduZWQoMSk8L3NjcmlwdD4=)",
  "[click](vbscript:msgbox)",
  "[click](file:///etc/passwd)",
  "![picture](https://evil.example/track.png)",
  "![x](x \"onerror=window.pwned('title')\")",
  "<https://evil.example/auto>",
  "[bank.example](https://evil.example/login)",
  "[ref]: https://evil.example/ref\n\n[ref]",
  "```html\n<script>window.pwned('fence')</script>\n```",
  "`<img src=x onerror=window.pwned('code')>`",
  "| <img src=x onerror=window.pwned('cell')> |\n| --- |\n| <script>window.pwned('cell')</script> |",
  `${"> ".repeat(500)}deep`,
  `${"- ".repeat(500)}deep`,
  `${"[".repeat(5000)}a${"](".repeat(5000)}`,
  `${"*".repeat(5000)}a${"_".repeat(5000)}`,
  `${ESC}]8;;javascript:window.pwned('osc8')${BEL}link${ESC}]8;;${BEL}`,
  `${ESC}]8;;https://evil.example/${ESC}\\link${ESC}]8;;${ESC}\\`,
  `${ESC}]0;a new title${BEL}${ESC}]52;c;cHduZWQ=${BEL}`,
  `${ESC}[2J${ESC}[H${ESC}[31mred${ESC}[0m${ESC}[8mhidden${ESC}[28m`,
  `${ESC}P1;2|dcs${ESC}\\${ESC}_apc${ESC}\\${ESC}^pm${ESC}\\`,
  "access \u202Elevel\u202C \u2066user\u2069 \u200Bzero\u200Dwidth \u{E0041}tag",
  "if (access\u2028window.pwned('ls')) \uFEFF\u0000\u0008",
  "\uD800 lone \uDC00",
  `${"Z\u0300\u0301\u0302".repeat(400)}algo`,
  "x".repeat(15_000),
  "word ".repeat(3_000),
  "</textarea></title></script><script>window.pwned('break')</script>",
];

/** A program for the `command` engine that says everything above in every kind of event. */
export function hostileProgram(): string {
  const files = [
    "<img src=x onerror=pwned(1)>.js",
    "a\u202Etxt.exe",
    "x'\"><svg onload=pwned(2)>",
    "long".repeat(60),
  ];
  const source = `
const payloads = ${JSON.stringify(PAYLOADS)};
const files = ${JSON.stringify(files)};
const say = (type, data) => process.stdout.write("::agency::" + JSON.stringify({ type, data }) + "\\n");
say("feature_list", { features: payloads.slice(0, 12).map((title, at) => ({ id: "f" + at, title: title.slice(0, 300) })) });
payloads.forEach((text, at) => {
  const id = "t" + at;
  say("text", { messageId: "m" + at, text });
  say("thinking", { messageId: "h" + at, text });
  say("activity", { state: "tool", note: text.slice(0, 500) });
  say("tool_start", { id, name: text.slice(0, 60), kind: "execute", title: text.slice(0, 400), input: { command: text } });
  say("tool_end", { id, status: "error", output: text, outputBytes: text.length, truncated: false, exitCode: 1 });
  say("phase", { name: text.slice(0, 60), status: "started", message: text.slice(0, 200) });
  say("error", { class: "internal", severity: "warning", message: text.slice(0, 2000), retryable: false });
  say("file_change", { path: files[at % files.length], op: "modify", source: "engine", added: 1, removed: 1,
    diff: "--- a/x\\n+++ b/x\\n@@ -1 +1 @@\\n-" + text.replaceAll("\\n", " ").slice(0, 20000) + "\\n+" + text.replaceAll("\\n", " ").slice(0, 20000) + "\\n" });
  console.log(text);
});
`;
  // A command has 32 KiB at most, and a shell would read half of this as its own.
  const packed = gzipSync(source).toString("base64");
  return `echo ${packed} | base64 -d | gunzip > say.mjs && node say.mjs`;
}
