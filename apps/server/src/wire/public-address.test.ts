import { expect, it } from "vitest";
import { publicAddress } from "./public-address.ts";

it.each([
  [{ publicUrl: null, listen: "127.0.0.1", port: 7717 }, "http://127.0.0.1:7717"],
  [{ publicUrl: null, listen: "0.0.0.0", port: 80 }, "http://127.0.0.1:80"],
  [{ publicUrl: null, listen: "fd00::1", port: 7717 }, "http://[fd00::1]:7717"],
  [{ publicUrl: "https://agency.example", listen: "127.0.0.1", port: 0 }, "https://agency.example"],
  [{ publicUrl: null, listen: "127.0.0.1", port: 0 }, null],
])("the address in links is known from the settings: %o", (settings, address) => {
  expect(publicAddress(settings)).toBe(address);
});
