import { expect, it } from "vitest";
import { pushRejection } from "./push-rejection.ts";

it("is the host's reason for the first ref that it did not take", () => {
  const stdout =
    "To http://host/x\n=\ta:b\t[up to date]\n!\tHEAD:refs/heads/x\t[rejected] (fetch first)\nDone\n";
  expect(pushRejection(stdout)).toBe("[rejected] (fetch first)");
});

it.each(["", "To http://host/x\n*\tHEAD:refs/heads/x\t[new branch]\nDone\n", "!"])(
  "is nothing where none was refused: %j",
  (stdout) => {
    expect(pushRejection(stdout)).toBeNull();
  },
);
