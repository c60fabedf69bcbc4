import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A documentation range: it is routed nowhere, and to the product it is as public as any. */
const NEAR = "203.0.113.1";
const FAR = "203.0.113.254";

/** What stands on the other side: says who it is, redirects where it is told, never ends an answer that is to be endless. */
const SITE = `
require("node:http").createServer((request, response) => {
  const url = new URL(request.url, "http://far");
  const to = url.searchParams.get("to");
  if (to !== null) return response.writeHead(302, { location: to }).end();
  if (url.searchParams.has("endless")) return response.write("and so on");
  response.end("far away, asked for " + request.headers.host);
}).listen(80, "${FAR}", () => console.log("listening"));`;

export interface FarNetwork extends AsyncDisposable {
  /** An address that is not this machine's and not private: the internet, as far as anybody here can tell. */
  readonly address: string;
  /** This machine's own address on the way there. */
  readonly own: string;
}

/** A network namespace on the other end of a wire, with a web site in it. Needs root and iproute2. */
export async function startFarNetwork(): Promise<FarNetwork> {
  const name = `agency-far-${process.pid}`;
  const wire = `af${process.pid}`;
  ip("netns", "add", name);
  try {
    ip("link", "add", wire, "type", "veth", "peer", "name", "far0", "netns", name);
    ip("address", "add", `${NEAR}/24`, "dev", wire);
    ip("link", "set", wire, "up");
    ip("-n", name, "address", "add", `${FAR}/24`, "dev", "far0");
    ip("-n", name, "link", "set", "far0", "up");
    const site = spawn("ip", ["netns", "exec", name, process.execPath, "-e", SITE], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(createInterface({ input: site.stdout }), "line");
    return {
      address: FAR,
      own: NEAR,
      async [Symbol.asyncDispose]() {
        site.kill("SIGKILL");
        await once(site, "exit");
        remove(name, wire);
      },
    };
  } catch (error) {
    remove(name, wire);
    throw error;
  }
}

function remove(name: string, wire: string): void {
  ip("netns", "delete", name);
  // The wire goes with the namespace, a moment later; a test that follows wants it gone now.
  try {
    ip("link", "delete", wire);
  } catch {
    // It is gone already.
  }
}

function ip(...args: string[]): void {
  try {
    execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    const why = error instanceof Error ? error.message : "";
    throw new Error(
      `This test makes a network of its own and needs root and iproute2 (apt-get install -y iproute2): ${why}`,
      { cause: error },
    );
  }
}
