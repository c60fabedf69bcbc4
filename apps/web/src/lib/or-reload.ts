export interface Page {
  /** The server does not have this page's own script any more: it has been updated. */
  outdated(): Promise<boolean>;
  reload(): void;
}

/** Loads a part of the page; a page whose parts are gone is loaded anew instead. */
export async function orReload<T>(load: () => Promise<T>, page: Page = thisPage): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!(await page.outdated())) throw error;
    page.reload();
    // Nothing is shown any more: the page goes away.
    return new Promise<never>(() => undefined);
  }
}

/** Every script is named by its content, and the first one names all others: when it is there, so are they. */
const thisPage: Page = {
  outdated: async () => {
    const script = document.querySelector<HTMLScriptElement>("script[type=module][src]");
    if (script === null) return false;
    try {
      return (await fetch(script.src, { cache: "no-store" })).status === 404;
    } catch {
      return false;
    }
  },
  reload: () => location.reload(),
};
