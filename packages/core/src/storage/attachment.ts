/** What a header or a file dialog would read in another way. */
const UNSAFE = /[\p{C}"\\/:*?<>|]/gu;
const LONGEST = 150;

/** The `content-disposition` (RFC 6266) that makes a browser save a file under this name, and never show it. */
export function attachmentDisposition(filename: string): string {
  const tidy = Array.from(filename.toWellFormed().replace(UNSAFE, "_")).slice(0, LONGEST).join("");
  const name = tidy.replace(/^[. ]+$/, "") || "download";
  const plain = name.replace(/[^\x20-\x7e]/g, "_").replaceAll("%", "_");
  if (plain === name) return `attachment; filename="${name}"`;
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeAttribute(name)}`;
}

/** RFC 5987 leaves fewer characters alone than encodeURIComponent does. */
function encodeAttribute(text: string): string {
  return encodeURIComponent(text).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
