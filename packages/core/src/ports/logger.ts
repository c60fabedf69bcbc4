/** Structured logs: facts first, then a sentence. Ids (requestId, taskId, attempt) are bound by child(). */
export interface Logger {
  debug(facts: object, sentence: string): void;
  info(facts: object, sentence: string): void;
  warn(facts: object, sentence: string): void;
  error(facts: object, sentence: string): void;
  child(facts: object): Logger;
}
