import { createMemoryModelGate } from "./memory-model-gate.ts";
import { modelGateSuite } from "./suites/model-gate.suite.ts";

modelGateSuite("memory model gate", async () => {
  const gate = createMemoryModelGate({ budgetUsd: 1 });
  return {
    gate,
    issue: async () => gate.issue(),
    fence: async (placeholder) => gate.fence(placeholder),
    spentUsd: async (taskId) => gate.spentUsd(taskId),
    close: async () => {},
  };
});
