export * from "./ports/engine.ts";
export * from "./ports/provider.ts";
export * from "./ports/storage.ts";
export * from "./ports/repository-folders.ts";
export * from "./ports/clock.ts";
export * from "./ports/logger.ts";
export * from "./ports/task-store.ts";
export * from "./ports/attempt-store.ts";
export * from "./ports/cost-store.ts";
export * from "./ports/probe-store.ts";
export * from "./ports/artifact-store.ts";
export * from "./ports/code-host.ts";
export * from "./ports/credentials.ts";
export * from "./ports/fence.ts";
export * from "./ports/secret-store.ts";
export * from "./ports/api-key-store.ts";
export * from "./ports/event-store.ts";
export * from "./ports/retention-store.ts";
export * from "./task/snapshot.ts";
export * from "./task/states.ts";
export * from "./task/step.ts";
export * from "./task/supervise.ts";
export { checkpointsToForget, MOST_LABELS } from "./task/thin-checkpoints.ts";
export { firstWait, waitedUntil } from "./task/waits.ts";
export * from "./task/amnesty.ts";
export * from "./ports/bus.ts";
export * from "./ports/metrics.ts";
export * from "./engines/catalog.ts";
export { CREDENTIAL_NAMES, vendorOfSecret } from "./engines/credential-names.ts";
export * from "./ports/queue.ts";
export * from "./ports/model-gate.ts";
export { maxOutputOf } from "./pricing/find-model.ts";
export { parsePrices } from "./pricing/parse-prices.ts";
export { budgetPeriods } from "./budgets/periods.ts";
export { priceCall } from "./pricing/price-call.ts";
export type { CallPrice } from "./pricing/price-call.ts";
export { PRICE_TABLE } from "./pricing/price-table.ts";
export type { ModelPrices, PriceTable, TokenPrices } from "./pricing/price-table.ts";
export { cleanJson } from "./ingest/clean-json.ts";
export type { CleanJson } from "./ingest/clean-json.ts";
export { sanitizeEvent } from "./ingest/sanitize-event.ts";
export type { SanitizedEvent } from "./ingest/sanitize-event.ts";
export { createEventRedaction } from "./redaction/event-redaction.ts";
export type { EventRedaction } from "./redaction/event-redaction.ts";
export { createRedactor, MIN_SECRET_LENGTH } from "./redaction/redactor.ts";
export type { RedactionStream, Redactor, RedactorResult, Secret } from "./redaction/redactor.ts";
export { canonicalPath, canonicalRepository } from "./git/canonical-repository.ts";
export { pushRejection } from "./git/push-rejection.ts";
export { attachmentDisposition } from "./storage/attachment.ts";
export { rangeWithin } from "./storage/byte-range.ts";
export { storageKeyProblem } from "./storage/storage-key.ts";
export { DEFAULT_MEDIA_TYPE, writeOptionsProblem } from "./storage/write-options.ts";
export { foreignLook } from "./secrets/foreign-secret.ts";
export { gitAuthorization } from "./secrets/git-authorization.ts";
export { githubHost } from "./secrets/github-host.ts";
export {
  compareSecretNames,
  knownSecret,
  secretKind,
  secretNamesInWords,
  splitSecretName,
} from "./secrets/known-secrets.ts";
export type { KnownSecret, SecretKind } from "./secrets/known-secrets.ts";
export { storedPlace, taskPlace } from "./secrets/sealing-place.ts";
export { secretHint } from "./secrets/secret-hint.ts";
export { tidySecret } from "./secrets/tidy-secret.ts";
export { judgesTools, judgeTool } from "./policy/judge-tool.ts";
export type { ToolPolicy, ToolVerdict } from "./policy/judge-tool.ts";
