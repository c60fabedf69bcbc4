export { createGitRoute } from "./git/git-route.ts";
export { anthropicCredential } from "./model/anthropic/credential.ts";
export { createAnthropicRoute } from "./model/anthropic/route.ts";
