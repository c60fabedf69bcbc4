/**
 * The terminal writes its colours and sizes into style elements, which the page's content security policy refuses.
 * While it opens, such an element is a stand-in for a sheet that a script has made: those are allowed. It makes all of
 * them at once, before `open` returns; a document of its own is no way, as not every part of it asks for that one.
 */
export function withSheets(open: () => void): () => void {
  const sheets: CSSStyleSheet[] = [];
  const createElement = document.createElement;
  const create = (name: string, options?: ElementCreationOptions): HTMLElement => {
    if (name !== "style") return createElement.call(document, name, options);
    const sheet = new CSSStyleSheet();
    sheets.push(sheet);
    return standInFor(sheet, createElement.call(document, "span"));
  };
  Object.defineProperty(document, "createElement", { value: create, configurable: true });
  try {
    open();
  } finally {
    Reflect.deleteProperty(document, "createElement");
  }
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, ...sheets];
  return () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => !sheets.includes(sheet));
  };
}

function standInFor(sheet: CSSStyleSheet, element: HTMLElement): HTMLElement {
  element.hidden = true;
  Object.defineProperty(element, "textContent", {
    get: () => "",
    set: (text: string) => {
      sheet.replaceSync(text);
    },
  });
  return element;
}
