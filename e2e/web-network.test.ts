import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Agency } from "./support/agency.ts";
import type { Visitor } from "./support/browser.ts";
import { lookAt } from "./support/screens.ts";
import { openWeb } from "./support/web.ts";
import type { Web } from "./support/web.ts";

let web: Web;
let agency: Agency;
let me: Visitor;
let page: Page;

beforeAll(async () => {
  web = await openWeb();
  ({ agency } = web);
});
afterAll(() => web?.[Symbol.asyncDispose]());

beforeEach(async () => {
  me = await web.enter();
  ({ page } = me);
});
afterEach(() => me[Symbol.asyncDispose]());

const toast = (text: string) => page.locator(".toast", { hasText: text });

describe("the network settings", { timeout: 60_000 }, () => {
  it("begin empty, say what to do, and say beside each field what is wrong with it", async () => {
    await page.goto("/settings");
    await page.getByRole("link", { name: "Network" }).click();
    await page.getByText("None yet. A list gives hosts a name").waitFor();
    await page.getByLabel("Closed hosts").fill("a.example\n*.1.2.3.4");
    await page.getByText(/^\*\.1\.2\.3\.4: must be a host such as/).waitFor();
    await page.getByLabel("Name of the list").fill("dev");
    await page.getByText(/must be a word of small letters/).waitFor();
    await page.getByLabel("Default network").selectOption("hosts");
    await page.getByRole("button", { name: "Set the default" }).click();
    await page.getByText("name at least one host or list").waitFor();
    await page.getByLabel("Hosts and lists").fill("dev, nobodys");
    await page.getByRole("button", { name: "Set the default" }).click();
    await page.getByText(/There is no network list "nobodys"\. Make it with/).waitFor();
    expect(await agency.client.network()).toEqual({ lists: [], never: [], default: null });
  });

  it("make, change and remove lists, by keyboard alone", async () => {
    await page.goto("/settings?section=network");
    await page.getByLabel("Name of the list").focus();
    await page.keyboard.type("ours");
    await page.keyboard.press("Tab");
    await page.keyboard.type("Git.Example.com.\n*.docs.example.com:8443");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText("git.example.com, *.docs.example.com:8443").waitFor();
    await page.getByRole("button", { name: "Change ours" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Change the list ours" }).waitFor();
    await page.keyboard.press("Control+End");
    await page.keyboard.type("\nthird.example.com");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByText("3 hosts").waitFor();
    expect((await agency.client.network()).lists).toEqual([
      { name: "ours", hosts: ["git.example.com", "*.docs.example.com:8443", "third.example.com"] },
    ]);
    await agency.client.setNetworkList("theirs", ["b.example.com"]);
    await page.reload();
    await page.getByRole("button", { name: "Remove theirs" }).click();
    await page.getByRole("button", { name: "Remove it" }).click();
    await toast("The list theirs is removed").waitFor();
    expect((await agency.client.network()).lists).toHaveLength(1);
  });

  it("keep what is typed of one list while others are looked at or removed, and replace none by a new one", async () => {
    for (const name of ["first", "second"]) await agency.client.setNetworkList(name, [`${name}.example.com`]);
    await page.goto("/settings?section=network");
    await page.getByLabel("Name of the list").fill("first");
    await page.getByText("there is a list first already").waitFor();
    await page.getByLabel("Hosts on the list").fill("new.example.com");
    expect(await page.getByRole("button", { name: "Save the list" }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Change first" }).click();
    await page.getByLabel("Hosts on the list").fill("edited.example.com");
    await page.getByRole("button", { name: "Change second" }).click();
    await page.getByRole("heading", { name: "Change the list second" }).waitFor();
    expect(await page.getByLabel("Hosts on the list").inputValue()).toBe("second.example.com");
    await page.getByRole("button", { name: "Change first" }).click();
    await page.getByRole("heading", { name: "Change the list first" }).waitFor();
    await page.getByRole("button", { name: "Remove second" }).click();
    await page.getByRole("button", { name: "Remove it" }).click();
    await toast("The list second is removed").waitFor();
    expect(await page.getByLabel("Hosts on the list").inputValue()).toBe("edited.example.com");
    await page.getByRole("button", { name: "Leave it as it is" }).click();
    expect(await page.getByLabel("Name of the list").inputValue()).toBe("first");
    await agency.client.removeNetworkList("first");
  });

  it("close hosts, and leave alone what somebody else closed meanwhile", async () => {
    await page.goto("/settings?section=network");
    await page.getByLabel("Closed hosts").fill("pastebin.com\n*.Pastebin.com");
    await agency.client.changeNetwork({ close: ["elsewhere.example"] });
    await page.getByRole("button", { name: "Set the closed hosts" }).click();
    await toast("It holds from now on").waitFor();
    const all = ["*.pastebin.com", "elsewhere.example", "pastebin.com"];
    expect((await agency.client.network()).never).toEqual(all);
    expect(await page.getByLabel("Closed hosts").inputValue()).toBe(all.join("\n"));
    await page.getByLabel("Closed hosts").fill(all.join("\n").toUpperCase());
    expect(await page.getByRole("button", { name: "Set the closed hosts" }).isDisabled()).toBe(true);
  });

  it("say what a new run gets, which may name the lists", async () => {
    await page.goto("/settings?section=network");
    await page.getByLabel("Default network").selectOption("hosts");
    await page.getByLabel("Hosts and lists").fill("dev\nours");
    await page.getByRole("button", { name: "Set the default" }).click();
    await toast("New runs begin with it").waitFor();
    expect(await lookAt(page, "settings-network")).toEqual([]);
    await page.goto("/new");
    const chosen = page.getByLabel("Network").locator("option:checked");
    await page.getByRole("option", { name: "The default: allow:dev,ours" }).waitFor({ state: "attached" });
    expect(await chosen.textContent()).toBe("The default: allow:dev,ours");
    await page.getByLabel("Network").selectOption("hosts");
    await page.getByRole("button", { name: "Add ours" }).click();
    expect(await page.getByLabel("Hosts").inputValue()).toBe("ours");
    await page.getByLabel("Task").fill("Look around");
    await page.getByLabel("Engine").selectOption("command");
    await page.getByLabel("Command").fill("true");
    await page.keyboard.press("Control+Enter");
    await page.waitForURL(/\/runs\//);
    await page.goto(`${new URL(page.url()).pathname}?tab=settings`);
    await page.locator("dl > div", { hasText: "Network lists" }).getByText("ours").waitFor();
    expect(me.offences).toEqual([]);
  });
});
