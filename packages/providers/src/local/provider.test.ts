import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { providerSuite } from "@agency/testing";
import { folderOf } from "./sandbox-folder.ts";
import { createGround, untilWritten } from "./testing/ground.ts";

providerSuite("local", async () => {
  const ground = await createGround();
  return {
    provider: ground.provider(),
    reopened: ground.provider(),
    stranger: ground.provider({ installId: "stranger" }),
    exit: async (ref, code) => {
      const inside = await ground.inside(ref);
      void inside.run(`process.exit(${code})`);
      await untilWritten(folderOf(ground.home, ref).control.exit);
    },
    lose: async (ref) => {
      const inside = await ground.inside(ref);
      process.kill(Number(await readFile(folderOf(ground.home, ref).control.holder, "utf8")), "SIGKILL");
      await inside.closed;
    },
    starts: async (ref) => {
      await ground.inside(ref);
      const starts = await readFile(join(folderOf(ground.home, ref).workspace, "starts"), "utf8");
      return starts.trim().split("\n").length;
    },
    print: async (ref, line) => {
      const inside = await ground.inside(ref);
      await inside.run(`console.log(${JSON.stringify(line)})`);
    },
    dispose: ground.dispose,
  };
});
