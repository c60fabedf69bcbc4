export { openLocalStorage } from "./local/local-storage.ts";
