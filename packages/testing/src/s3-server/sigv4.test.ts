import { describe, expect, it } from "vitest";
import { verifiedPayload } from "./payload.ts";
import { verifySignature } from "./sigv4.ts";
import type { Account, SignedRequest } from "./sigv4.ts";

/** The examples of AWS' own documentation of Signature Version 4: requests with the signatures they must have. */
const account: Account = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  region: "us-east-1",
};
const NOW = Date.UTC(2013, 4, 24);
const MINUTE = 60_000;
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const credential = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";

function signed(signedHeaders: string, signature: string, headers: Record<string, string>) {
  return {
    host: "examplebucket.s3.amazonaws.com",
    "x-amz-date": "20130524T000000Z",
    authorization: `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${signedHeaders},Signature=${signature}`,
    ...headers,
  };
}

const getObject: SignedRequest = {
  method: "GET",
  path: "/test.txt",
  query: [],
  headers: signed(
    "host;range;x-amz-content-sha256;x-amz-date",
    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    { range: "bytes=0-9", "x-amz-content-sha256": EMPTY },
  ),
};
const putObject: SignedRequest = {
  method: "PUT",
  path: "/test%24file.text",
  query: [],
  headers: signed(
    "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    {
      date: "Fri, 24 May 2013 00:00:00 GMT",
      "x-amz-storage-class": "REDUCED_REDUNDANCY",
      "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
    },
  ),
};
const list: SignedRequest = {
  method: "GET",
  path: "/",
  query: [
    ["prefix", "J"],
    ["max-keys", "2"],
  ],
  headers: signed(
    "host;x-amz-content-sha256;x-amz-date",
    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    { "x-amz-content-sha256": EMPTY },
  ),
};
const presigned: SignedRequest = {
  method: "GET",
  path: "/test.txt",
  query: [
    ["X-Amz-Algorithm", "AWS4-HMAC-SHA256"],
    ["X-Amz-Credential", credential],
    ["X-Amz-Date", "20130524T000000Z"],
    ["X-Amz-Expires", "86400"],
    ["X-Amz-SignedHeaders", "host"],
    ["X-Amz-Signature", "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"],
  ],
  headers: { host: "examplebucket.s3.amazonaws.com" },
};

const codeOf = (act: () => unknown): string => {
  try {
    act();
    return "accepted";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
};
const verdict = (request: SignedRequest, who = account, now = NOW) =>
  codeOf(() => verifySignature(request, who, now));
const withHeaders = (request: SignedRequest, headers: Record<string, string | undefined>) => ({
  ...request,
  headers: { ...request.headers, ...headers },
});
const withQuery = (name: string, value: string): SignedRequest => ({
  ...presigned,
  query: presigned.query.map((pair) => (pair[0] === name ? [name, value] : pair)),
});

describe("verifySignature", () => {
  it.each([
    ["GET with a range", getObject],
    ["PUT with an escaped name", putObject],
    ["list with a query", list],
    ["presigned GET", presigned],
  ])("accepts the documented %s", (_, request) => {
    expect(verdict(request)).toBe("accepted");
  });

  it.each([
    ["another path", { ...getObject, path: "/test2.txt" }],
    ["another method", { ...getObject, method: "DELETE" }],
    [
      "another query",
      {
        ...list,
        query: [
          ["prefix", "K"],
          ["max-keys", "2"],
        ] satisfies [string, string][],
      },
    ],
    ["one more parameter", { ...getObject, query: [["versionId", "1"]] satisfies [string, string][] }],
    ["another signed header", withHeaders(getObject, { range: "bytes=0-99" })],
    ["another host", withHeaders(getObject, { host: "other.s3.amazonaws.com" })],
    ["another payload", withHeaders(putObject, { "x-amz-content-sha256": EMPTY })],
    ["a presigned address for another path", { ...presigned, path: "/secret.txt" }],
    ["a presigned address with another method", { ...presigned, method: "PUT" }],
    ["a presigned address made to last longer", withQuery("X-Amz-Expires", "604800")],
    [
      "a presigned address with one more parameter",
      {
        ...presigned,
        query: [...presigned.query, ["response-content-type", "text/html"]] satisfies [string, string][],
      },
    ],
  ])("refuses %s", (_, request) => {
    expect(verdict(request)).toBe("SignatureDoesNotMatch");
  });

  it("refuses another secret, an unknown key and another region", () => {
    for (const request of [getObject, presigned]) {
      expect(verdict(request, { ...account, secretAccessKey: "another" })).toBe("SignatureDoesNotMatch");
      expect(verdict(request, { ...account, accessKeyId: "AKIAOTHER" })).toBe("InvalidAccessKeyId");
      expect(verdict(request, { ...account, region: "eu-west-1" })).toBe("AuthorizationHeaderMalformed");
      expect(verdict(request, { ...account, sessionToken: "wanted" })).toBe("InvalidToken");
    }
  });

  it("refuses whoever does not sign", () => {
    expect(verdict({ ...getObject, headers: { host: "examplebucket.s3.amazonaws.com" } })).toBe(
      "AccessDenied",
    );
    expect(verdict(withHeaders(getObject, { authorization: "Basic YTpi" }))).toBe(
      "AuthorizationHeaderMalformed",
    );
    expect(verdict(withHeaders(getObject, { "x-amz-content-sha256": undefined }))).toBe("InvalidRequest");
    expect(verdict(withHeaders(getObject, { "x-amz-date": "yesterday" }))).toBe("AccessDenied");
  });

  it("refuses headers of its own that are not signed", () => {
    expect(verdict(withHeaders(getObject, { "x-amz-acl": "public-read" }))).toBe("AccessDenied");
    expect(verdict(withHeaders(presigned, { "x-amz-meta-a": "1" }))).toBe("AccessDenied");
  });

  it("refuses a request of another time than now", () => {
    for (const [minutes, expected] of [
      [14, "accepted"],
      [-14, "accepted"],
      [16, "RequestTimeTooSkewed"],
      [-16, "RequestTimeTooSkewed"],
    ] as const)
      expect(verdict(getObject, account, NOW + minutes * MINUTE)).toBe(expected);
  });

  it("refuses a presigned address before its time, after it, and for more than a week", () => {
    const day = 24 * 60 * MINUTE;
    expect(verdict(presigned, account, NOW + day)).toBe("accepted");
    expect(verdict(presigned, account, NOW + day + 1000)).toBe("AccessDenied");
    expect(verdict(presigned, account, NOW - 16 * MINUTE)).toBe("AccessDenied");
    for (const seconds of ["0", "604801", "1.5", "x"])
      expect(verdict(withQuery("X-Amz-Expires", seconds))).toBe("AuthorizationQueryParametersError");
    expect(verdict(withHeaders(presigned, { authorization: "AWS4-HMAC-SHA256 x" }))).toBe("InvalidArgument");
  });
});

const chunked: SignedRequest = {
  method: "PUT",
  path: "/examplebucket/chunkObject.txt",
  query: [],
  headers: {
    host: "s3.amazonaws.com",
    "x-amz-date": "20130524T000000Z",
    "x-amz-storage-class": "REDUCED_REDUNDANCY",
    authorization: `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9`,
    "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "content-encoding": "aws-chunked",
    "x-amz-decoded-content-length": "66560",
    "content-length": "66824",
  },
};
const FRAMES = [
  ["10000", "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648", "a".repeat(65_536)],
  ["400", "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497", "a".repeat(1024)],
  ["0", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9", ""],
] as const;
const frame = ([size, signature, data]: readonly [string, string, string]) =>
  `${size};chunk-signature=${signature}\r\n${data}\r\n`;
const body = FRAMES.map(frame).join("");

describe("verifiedPayload", () => {
  const decoded = (raw: string, request = chunked) =>
    verifiedPayload(Buffer.from(raw), request.headers, verifySignature(request, account, NOW));

  it("takes the documented chunked upload for the bytes it means", () => {
    expect(body.length).toBe(66_824);
    expect(decoded(body).toString()).toBe("a".repeat(66_560));
  });

  it.each([
    ["a changed byte", body.replace("aaa", "aba"), "SignatureDoesNotMatch"],
    [
      "chunks in another order",
      [FRAMES[1], FRAMES[0], FRAMES[2]].map(frame).join(""),
      "SignatureDoesNotMatch",
    ],
    ["a chunk left out", [FRAMES[0], FRAMES[2]].map(frame).join(""), "SignatureDoesNotMatch"],
    ["no last chunk", [FRAMES[0], FRAMES[1]].map(frame).join(""), "IncompleteBody"],
    ["a chunk cut short", body.slice(0, 1000), "IncompleteBody"],
    ["chunks without signature", body.replace(/;chunk-signature=[0-9a-f]+/g, ""), "SignatureDoesNotMatch"],
    ["bytes that are not framed", "a".repeat(66_824), "IncompleteBody"],
    ["a wrong frame", body.replace("10000;", "xyz;"), "InvalidChunkSizeError"],
    ["a frame that lies", body.replace("10000;", "0ffff;"), "SignatureDoesNotMatch"],
  ])("refuses %s", (_, raw, code) => {
    expect(codeOf(() => decoded(raw))).toBe(code);
  });

  it("refuses other bytes than the signed ones, and those that miss their own checksum", () => {
    const signature = verifySignature(putObject, account, NOW);
    const raw = Buffer.from("Welcome to Amazon S3.");
    const check = (bytes: Buffer, headers: Record<string, string> = {}) =>
      codeOf(() => verifiedPayload(bytes, headers, signature));
    expect(check(raw)).toBe("accepted");
    expect(check(Buffer.from("Welcome to Amazon S4."))).toBe("XAmzContentSHA256Mismatch");
    expect(check(raw, { "content-md5": "AAAAAAAAAAAAAAAAAAAAAA==" })).toBe("BadDigest");
    expect(check(raw, { "x-amz-checksum-sha256": Buffer.alloc(32).toString("base64") })).toBe("BadDigest");
    expect(check(raw, { "x-amz-checksum-crc32": "AAAAAA==" })).toBe("BadDigest");
  });

  it("checks the trailer of a chunked upload, its presence too", () => {
    const signature = {
      ...verifySignature(putObject, account, NOW),
      payloadHash: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    };
    const headers = { "x-amz-decoded-content-length": "3", "x-amz-trailer": "x-amz-checksum-crc32" };
    const check = (trailer: string) =>
      codeOf(() => verifiedPayload(Buffer.from(`3\r\nabc\r\n0\r\n${trailer}\r\n`), headers, signature));
    expect(check("x-amz-checksum-crc32:NSRBwg==\r\n")).toBe("accepted");
    expect(check("x-amz-checksum-crc32:NSRBww==\r\n")).toBe("BadDigest");
    expect(check("")).toBe("MalformedTrailerError");
  });
});
