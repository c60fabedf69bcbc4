/** Strings are matched first, so that what looks like a comment in one stays. */
const TOKENS = /"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
const TRAILING_COMMA = /"(?:[^"\\]|\\.)*"|,(?=\s*[}\]])/g;

/** JSON as editors' settings are written: with comments and commas at the end. Throws as JSON.parse does. */
export function parseJsonWithComments(text: string): unknown {
  const bare = text
    .replace(/^\uFEFF/, "")
    .replaceAll(TOKENS, (token) => (token.startsWith('"') ? token : " "));
  return JSON.parse(bare.replaceAll(TRAILING_COMMA, (token) => (token.startsWith('"') ? token : "")));
}
