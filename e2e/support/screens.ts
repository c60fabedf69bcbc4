import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { accessibilityFaults } from "./browser.ts";

const FOLDER = new URL("../../docs/screens/", import.meta.url).pathname;
const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
const THEMES = ["light", "dark"] as const;

/**
 * Looks at the page in light and dark, on a desk and on a phone: what axe finds in each, and whether it is wider than
 * the screen. With AGENCY_SCREENS=write the pictures in docs/screens are made anew.
 */
export async function lookAt(page: Page, name: string): Promise<string[]> {
  const faults: string[] = [];
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      faults.push(
        ...(await accessibilityFaults(page)).map((fault) => `${name} ${size} ${colorScheme}: ${fault}`),
      );
      if (process.env["AGENCY_SCREENS"] === "write") await keep(page, `${name}-${size}-${colorScheme}`);
    }
    const excess = await page.evaluate(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    );
    if (excess !== 0) faults.push(`${name} ${size}: ${String(excess)} px wider than the screen`);
  }
  await page.setViewportSize(SIZES.desktop);
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  return faults;
}

async function keep(page: Page, name: string): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: 80 });
  await session.detach();
  await writeFile(join(FOLDER, `${name}.webp`), Buffer.from(data, "base64"));
}
