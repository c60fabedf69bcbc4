import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attachmentDisposition } from "./attachment.ts";

describe("attachmentDisposition", () => {
  it.each([
    ["dist.tar.zst", 'attachment; filename="dist.tar.zst"'],
    ["größe 1.txt", `attachment; filename="gr__e 1.txt"; filename*=UTF-8''gr%C3%B6%C3%9Fe%201.txt`],
    ['a"b\\c\r\nx: y', 'attachment; filename="a_b_c__x_ y"'],
    ["../../etc/passwd", 'attachment; filename=".._.._etc_passwd"'],
    ["..", 'attachment; filename="download"'],
    ["", 'attachment; filename="download"'],
    ["50%.txt", `attachment; filename="50_.txt"; filename*=UTF-8''50%25.txt`],
  ])("names %j", (name, header) => {
    expect(attachmentDisposition(name)).toBe(header);
  });

  it("is one header, whatever the name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (name) => {
        expect(attachmentDisposition(name)).toMatch(
          /^attachment; filename="[^"\\/\p{C}]+"(; filename\*=UTF-8''[\w.!#$&+^`|~%-]+)?$/u,
        );
      }),
    );
  });
});
