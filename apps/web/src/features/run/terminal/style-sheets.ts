/**
 * The terminal writes its colours and sizes into style elements, which the page's content security policy refuses.
 * It is given a document of which such an element is a sheet that a script has made: those are allowed.
 */
export function documentWithSheets(): { document: Document; remove: () => void } {
  const sheets: CSSStyleSheet[] = [];
  const createElement = (name: string, options?: ElementCreationOptions): HTMLElement => {
    if (name.toLowerCase() !== "style") return document.createElement(name, options);
    const sheet = new CSSStyleSheet();
    sheets.push(sheet);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    return standInFor(sheet);
  };
  const proxy = new Proxy(document, {
    get: (target, key) => {
      if (key === "createElement") return createElement;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => !sheets.includes(sheet));
  };
  return { document: proxy, remove };
}

function standInFor(sheet: CSSStyleSheet): HTMLElement {
  const element = document.createElement("span");
  element.hidden = true;
  const set = (text: string) => sheet.replaceSync(text);
  Object.defineProperty(element, "textContent", { set, get: () => "" });
  Object.defineProperty(element, "innerHTML", { set, get: () => "" });
  return element;
}
