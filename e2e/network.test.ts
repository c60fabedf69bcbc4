import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CreateTaskInput, TaskEvent } from "@agency/contract";
import { Agency } from "./support/agency.ts";
import { startFarNetwork } from "./support/far-network.ts";
import type { FarNetwork } from "./support/far-network.ts";
import { startNameServer } from "./support/name-server.ts";
import type { NameServer } from "./support/name-server.ts";

let far: FarNetwork;
let names: NameServer;
let agency: Agency;
let near: Server;
let nearPort: number;
let knocks: string[];

beforeAll(async () => {
  far = await startFarNetwork();
  names = await startNameServer({
    "far.example": [[far.address]],
    "www.far.example": [[far.address]],
    "rebinding.example": [[far.address], ["127.0.0.1"]],
    "mixed.example": [[far.address, "127.0.0.1"]],
    "inside.example": [["10.1.2.3"]],
    "own.example": [[far.own]],
  });
  knocks = [];
  near = createServer((request, response) => {
    knocks.push(request.url ?? "");
    response.end("the canary on this machine");
  });
  await new Promise<void>((resolve) => near.listen(0, "0.0.0.0", resolve));
  nearPort = (near.address() as AddressInfo).port;
  agency = await Agency.start({ env: { AGENCY_DNS: names.address } });
}, 60_000);

afterAll(async () => {
  await agency?.[Symbol.asyncDispose]();
  near?.close();
  await names?.[Symbol.asyncDispose]();
  await far?.[Symbol.asyncDispose]();
});

/** What curl in a sandbox says to each address. Also loopback addresses are asked of the proxy, not of the sandbox itself. */
async function visit(
  urls: string[],
  more: Partial<CreateTaskInput> = {},
): Promise<{ said: string; network: (TaskEvent & { type: "network" })[] }> {
  const lines = urls.map(
    (url) =>
      `echo "== ${url}"; curl -sS -m 20 -L --max-redirs 3 -g --noproxy '' '${url}' 2>&1; echo; echo "-> $?"`,
  );
  const { id } = await agency.client.createTask({
    prompt: "Look around.",
    engine: "command",
    command: lines.join("\n"),
    ...more,
  });
  const { task, events } = await agency.finished(id);
  expect(task.state, await agency.story(id)).toBe("completed");
  const said = events.flatMap((event) => (event.type === "log" ? [event.data.text] : [])).join("\n");
  const network = events.filter(
    (event): event is TaskEvent & { type: "network" } => event.type === "network",
  );
  return { said, network };
}

describe("the network of a sandbox", () => {
  it("is the public internet unless it is told otherwise, and every connection is on record", async () => {
    const { said, network } = await visit([`http://far.example/`, `http://${far.address}/`]);
    expect(said).toContain("far away, asked for far.example");
    expect(said).toContain(`far away, asked for ${far.address}`);
    expect(network.map(({ data }) => [data.host, data.port, data.verdict])).toEqual([
      ["far.example", 80, "allowed"],
      [far.address, 80, "allowed"],
    ]);
    expect(network[0]?.data).toMatchObject({ address: far.address, bytesIn: expect.any(Number) });
    expect(network[0]?.data.bytesIn).toBeGreaterThan(50);
  });

  it("never is this machine, a private network or a metadata service, in whatever spelling", async () => {
    // The control: the canary is there for anybody who is not in a sandbox.
    expect(await (await fetch(`http://127.0.0.1:${nearPort}/control`)).text()).toContain("canary");
    expect(knocks).toEqual(["/control"]);
    const port = nearPort;
    const urls = [
      `http://127.0.0.1:${port}/`,
      `http://localhost:${port}/`,
      `http://2130706433:${port}/`,
      `http://0x7f.1:${port}/`,
      `http://017700000001:${port}/`,
      `http://[::1]:${port}/`,
      `http://[::ffff:127.0.0.1]:${port}/`,
      `http://[::ffff:7f00:1]:${port}/`,
      `http://0.0.0.0:${port}/`,
      `http://${far.own}:${port}/`,
      `http://own.example:${port}/`,
      `http://inside.example:${port}/`,
      `http://mixed.example:${port}/`,
      `http://169.254.169.254/latest/meta-data/`,
      `http://[fd00:ec2::254]/latest/`,
      `http://168.63.129.16/`,
      `http://metadata.google.internal/`,
      `http://far.example/?to=http://127.0.0.1:${port}/redirected`,
      `http://far.example/?to=http://169.254.169.254/`,
    ];
    const { said, network } = await visit(urls);
    expect(knocks, said).toEqual(["/control"]);
    expect(said).not.toContain("canary");
    const denied = network.filter(({ data }) => data.verdict === "denied");
    expect(denied.length, JSON.stringify(network.map((event) => event.data))).toBeGreaterThanOrEqual(
      urls.length,
    );
    for (const { data } of denied) expect(data.reason).toMatch(/\w+ \w+/);
    // The redirecting host itself was reached.
    expect(network.some(({ data }) => data.host === "far.example" && data.verdict === "allowed")).toBe(true);
  });

  it("is not fooled by a name that answers differently the second time", async () => {
    const rebinding = `http://rebinding.example:80/`;
    const { said, network } = await visit([rebinding, rebinding, `http://rebinding.example:${nearPort}/`]);
    expect(said).toContain("far away");
    expect(said).not.toContain("canary");
    expect(network.map(({ data }) => data.verdict)).toEqual(["allowed", "denied", "denied"]);
  });

  it("is only what is on the list, when there is one", async () => {
    const { said, network } = await visit(
      [
        "http://far.example/",
        "http://www.far.example/",
        "http://far.example:8080/",
        "http://far.example.evil.example/",
        `http://${far.address}/`,
      ],
      { network: { allow: ["far.example"] } },
    );
    expect(said.match(/far away/g)).toHaveLength(1);
    expect(network.map(({ data }) => [data.host, data.port, data.verdict])).toEqual([
      ["far.example", 80, "allowed"],
      ["www.far.example", 80, "denied"],
      ["far.example", 8080, "denied"],
      ["far.example.evil.example", 80, "denied"],
      [far.address, 80, "denied"],
    ]);
    expect(said).toContain("--network");
  });

  it("is nothing at all with none: no name, no connection, and the agent is told", async () => {
    const { said, network } = await visit(["http://far.example/", `http://${far.address}/`], {
      network: "none",
    });
    expect(said).not.toContain("far away");
    expect(network.every(({ data }) => data.verdict === "denied")).toBe(true);
    expect(said).toContain("network");
  });

  it("is what a list of the account says where the task names one, also as the default", async () => {
    await agency.client.setNetworkList("ours", ["Far.Example."]);
    const urls = ["http://far.example/", "http://www.far.example/"];
    const verdicts = [
      ["far.example", "allowed"],
      ["www.far.example", "denied"],
    ];
    const named = await visit(urls, { network: { allow: ["dev", "ours"] } });
    expect(
      named.network.map(({ data }) => [data.host, data.verdict]),
      named.said,
    ).toEqual(verdicts);
    await agency.client.changeNetwork({ default: { allow: ["ours"] } });
    const silent = await visit(urls);
    expect(
      silent.network.map(({ data }) => [data.host, data.verdict]),
      silent.said,
    ).toEqual(verdicts);
    await agency.client.changeNetwork({ default: null });
    await expect(
      agency.client.createTask({
        prompt: "x",
        engine: "command",
        command: "true",
        network: { allow: ["theirs"] },
      }),
    ).rejects.toMatchObject({ code: "invalid_request", message: 'There is no network list "theirs".' });
  });

  /** Asks for the same until it is refused, and keeps one connection open the whole time. */
  async function untilRefused(network: CreateTaskInput["network"], change: () => Promise<unknown>) {
    const { id } = await agency.client.createTask({
      prompt: "Look around.",
      engine: "command",
      command:
        `(curl -sSN 'http://far.example/?endless=1' > held; echo "held ended with $?") &\n` +
        "while [ ! -s held ]; do :; done; while curl -sS -f -o /dev/null http://far.example/; do :; done; wait; curl -sS http://far.example/",
      ...(network === undefined ? {} : { network }),
    });
    await agency.event(id, "network", ({ verdict }) => verdict === "allowed");
    await change();
    const { task, events } = await agency.finished(id);
    expect(task.state, await agency.story(id)).toBe("completed");
    const seen = events.flatMap((event) => (event.type === "network" ? [event.data] : []));
    const said = events.flatMap((event) => (event.type === "log" ? [event.data.text] : [])).join("\n");
    return { seen, said };
  }

  it("loses in the middle of a run what the account closes, open connections with it", async () => {
    const { seen, said } = await untilRefused("internet", () =>
      agency.client.changeNetwork({ close: ["far.example"] }),
    );
    await agency.client.changeNetwork({ open: ["far.example"] });
    const why = "far.example:80 is closed to every task of this account";
    expect(said).toContain(why);
    expect(said).toContain("held ended with");
    expect(seen.find(({ verdict }) => verdict === "denied")?.reason).toContain(why);
    expect(seen.find(({ verdict, reason = "" }) => verdict === "allowed" && reason !== "")?.reason).toContain(
      `Cut: ${why}`,
    );
    const { entries } = await agency.client.audit();
    expect(entries.find(({ action }) => action === "network.set")).toMatchObject({
      detail: { opened: "far.example" },
    });
  });

  it("reaches no public address as one while names are closed, and names as before", async () => {
    const urls = ["http://far.example/", `http://${far.address}/`];
    expect((await visit(urls)).network.map(({ data }) => data.verdict)).toEqual(["allowed", "allowed"]);
    await agency.client.changeNetwork({ close: ["bad.example"] });
    const { said, network } = await visit(urls);
    await agency.client.changeNetwork({ open: ["bad.example"] });
    expect(network.map(({ data }) => data.verdict)).toEqual(["allowed", "denied"]);
    expect(said).toContain(`${far.address}:80 cannot be reached by its address`);
  });

  it("loses what a list opened when that is removed, and is told its name", async () => {
    const { seen, said } = await untilRefused({ allow: ["ours"] }, () =>
      agency.client.removeNetworkList("ours"),
    );
    expect(said).toContain('The list "ours" was removed from the account');
    expect(seen.find(({ verdict }) => verdict === "denied")?.reason).toContain('The list "ours" was removed');
  });

  it("opens a private network to a task that was given it, and says so in the audit log", async () => {
    const { network } = await visit(
      ["http://inside.example/", "http://127.0.0.1/", "http://169.254.169.254/"],
      {
        allowInternalNetwork: true,
      },
    );
    const verdicts = new Map(network.map(({ data }) => [data.host, data.verdict]));
    expect(verdicts.get("inside.example")).not.toBe("denied");
    expect(verdicts.get("127.0.0.1")).toBe("denied");
    expect(verdicts.get("169.254.169.254")).toBe("denied");
    const { entries } = await agency.client.audit();
    expect(entries.map(({ action }) => action)).toContain("task.internal_network");
  });

  it("carries SOCKS as well, names resolved outside", async () => {
    const { id } = await agency.client.createTask({
      prompt: "x",
      engine: "command",
      command:
        'socks="socks5h://${ALL_PROXY#http://}"; for url in http://far.example/ http://127.0.0.1/; do curl -sS --noproxy "" -x "$socks" $url 2>&1; done; true',
    });
    const { events } = await agency.finished(id);
    const network = events.flatMap((event) => (event.type === "network" ? [event.data] : []));
    expect(network, await agency.story(id)).toHaveLength(2);
    expect(network.map(({ via, verdict }) => [via, verdict])).toEqual([
      ["socks5", "allowed"],
      ["socks5", "denied"],
    ]);
  });
});
