/** Hosts as they are in life: other users, hops, wrong keys, missing programs, containers in every network mode. */
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";

import { startLab } from "./harness/lab";
import type { Lab } from "./harness/lab";
import { hostResource, Stack } from "./harness/stack";
import type { Program, YamlResource } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;
const otherKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHGQ4mLhbyDb2e4kCYDPGkz4LtWlXqJTy2f0oR1MxUPh";

let lab: Lab;
let stack: Stack;

type Resources = Readonly<Record<string, YamlResource>>;

function network(more: Resources = {}, hosts?: Resources): Program {
  const machines = hosts ?? Object.fromEntries(lab.hosts.map((host) => [host.name, hostResource(host)]));
  return {
    resources: {
      ...machines,
      fabric: { type: "sdn:Fabric", properties: { hosts: Object.keys(machines).map(ref) } },
      shop: { type: "sdn:VirtualNetwork", properties: { fabric: ref("fabric"), cidr: "10.30.0.0/16" } },
      web: { type: "sdn:Subnet", properties: { network: ref("shop"), cidr: "10.30.1.0/24" } },
      ...more,
    },
  };
}

const box = (host: string, name: string, ...options: readonly string[]): Promise<string> =>
  lab.host(host).docker(["run", "-d", "--name", name, ...options, "sdn-lab/box", "sleep", "100000"]);

const reaches = async (from: string, host: string, to: string): Promise<boolean> =>
  (await lab.host(host).exec(["docker", "exec", from, "ping", "-c1", "-W2", to])).code === 0;

beforeAll(async () => {
  lab = await startLab({ hosts: 2 });
  stack = await Stack.create(network());
}, 120_000);

afterAll(async () => {
  await stack.remove();
  await lab.down();
});

describe("a preview refuses", () => {
  test("a host that answers with another key, and shows both fingerprints", async () => {
    const h1 = lab.host("h1");
    await stack.write(network({}, { h1: hostResource(h1, { hostKey: otherKey }) }));
    const { code, stdout } = await stack.preview();
    expect(code).not.toBe(0);
    expect(stdout.match(/SHA256:[A-Za-z0-9+/]{43}/g)?.length).toBeGreaterThanOrEqual(2);
    expect(stdout).toContain("host h1");
  });

  test("a host that lacks nftables, and says what to install", async () => {
    await lab.host("h2").run("mv /usr/sbin/nft /usr/sbin/nft.away");
    await stack.write(network());
    const { code, stdout } = await stack.preview();
    await lab.host("h2").run("mv /usr/sbin/nft.away /usr/sbin/nft");
    expect(code).not.toBe(0);
    expect(stdout).toContain("host h2: the host lacks nftables. Install the package nftables.");
  });

  test("a user who may not become root, and says what to add", async () => {
    await lab
      .host("h2")
      .run(
        "useradd -m guest && mkdir -p /home/guest/.ssh && cp /root/.ssh/authorized_keys /home/guest/.ssh/ && chown -R guest: /home/guest/.ssh && chmod 700 /home/guest/.ssh",
      );
    await stack.write(
      network({}, { h1: hostResource(lab.host("h1")), h2: hostResource(lab.host("h2"), { user: "guest" }) }),
    );
    const { code, stdout } = await stack.preview();
    expect(code).not.toBe(0);
    expect(stdout).toMatch(/host h2 .*sudo/);
  });

  test("a pool that an engine has already", async () => {
    await lab.host("h1").docker(["network", "create", "--subnet", "10.30.0.0/20", "older"]);
    await stack.write(network());
    const { code, stdout } = await stack.preview();
    await lab.host("h1").docker(["network", "rm", "older"]);
    expect(code).not.toBe(0);
    expect(stdout).toContain("Docker network older has 10.30.0.0/20 on this engine");
    expect(stdout).toContain("docker: false");
  });

  test("wrong inputs, all of one resource at once, each with its property and what would be right", async () => {
    await stack.write(
      network({
        bad: { type: "sdn:Subnet", properties: { network: ref("shop"), cidr: "10.30.2.7/24", ipv6PrefixLength: 200 } },
      }),
    );
    const { code, stdout } = await stack.preview();
    expect(code).not.toBe(0);
    expect(stdout).toContain("10.30.2.0/24");
    expect(stdout).toMatch(/ipv6PrefixLength.*1 to 124/s);
  });

  test("a subnet that overlaps another one, naming it and the free space", async () => {
    await stack.write(
      network({ twin: { type: "sdn:Subnet", properties: { network: ref("shop"), cidr: "10.30.1.128/25" } } }),
    );
    const { code, stdout } = await stack.preview();
    expect(code).not.toBe(0);
    expect(stdout).toContain("10.30.1.0/24");
    expect(stdout).toContain("subnet web");
  });

  test("and nothing was changed on any host", async () => {
    for (const host of lab.hosts) {
      expect(await host.run("ip -o link | grep -c sdn- || true; ls /var/lib/sdn 2>/dev/null || true")).toBe("0");
    }
  });
});

describe("a host is reached", () => {
  test("by a user with password-less sudo, and through another host", async () => {
    const [h1, h2] = [lab.host("h1"), lab.host("h2")];
    const jump = { address: h1.address, hostKey: h1.hostKey, privateKeyPath: h1.privateKeyPath, user: "operator" };
    const hosts = {
      h1: hostResource(h1, { user: "operator" }),
      h2: hostResource(h2, { jump }),
    };
    await stack.write(network({}, hosts));
    await stack.up();
    expect(await h1.docker(["network", "ls", "--format", "{{.Name}}"])).toContain("shop-web");
    expect(await h2.docker(["network", "ls", "--format", "{{.Name}}"])).toContain("shop-web");
    // Reached otherwise, it is the same host: nothing is made anew.
    await stack.write(network());
    expect(await stack.up()).not.toMatch(/replaced|created|deleted/);
    await stack.destroy();
  });
});

describe("endpoints", () => {
  const container = (host: string, name: string, networkMode: string, more: object = {}): YamlResource => ({
    type: "sdn:Endpoint",
    properties: { host: ref(host), container: { name, networkMode }, ...more },
  });
  const subnet = { subnet: ref("web") };

  test("a container in each network mode gets what that mode can have", async () => {
    await box("h1", "bridged");
    await box("h2", "bare", "--network", "none");
    await box("h1", "hosted", "--network", "host");
    await box("h1", "guest", "--network", "container:bridged");
    const resources = {
      bridged: container("h1", "bridged", "bridge", subnet),
      bare: container("h2", "bare", "none", { ...subnet, macAddress: "02:11:22:33:44:55" }),
      hosted: container("h1", "hosted", "host"),
      guest: {
        ...container("h1", "guest", "container:bridged"),
        options: { dependsOn: [ref("bridged")] },
      },
    };
    const outputs = Object.fromEntries(Object.keys(resources).map((name) => [name, ref(`${name}.ipv4Address`)]));
    await stack.write({ ...network(resources), outputs });
    await stack.up();
    const at = await stack.outputs();
    expect(at["hosted"]).toBe(lab.host("h1").address);
    await waitFor(() => reaches("bridged", "h1", String(at["bare"])), { what: "bridged reaches bare" });
    await waitFor(() => reaches("bare", "h2", String(at["bridged"])), { what: "bare reaches bridged" });
    expect(await lab.host("h2").docker(["exec", "bare", "cat", "/sys/class/net/eth0/address"])).toBe(
      "02:11:22:33:44:55",
    );
    expect(await stack.up("--expect-no-changes")).toContain("unchanged");
  });

  test("a restart of a plugged container is drift, which up repairs; a bridged one keeps its place", async () => {
    await lab.host("h2").docker(["restart", "-t0", "bare"]);
    await lab.host("h1").docker(["restart", "-t0", "bridged"]);
    expect(await stack.refresh()).toMatch(/host h2: interface \S+ .*missing/);
    await stack.up();
    const at = await stack.outputs();
    await waitFor(() => reaches("bare", "h2", String(at["bridged"])), { what: "bare reaches bridged again" });
  });

  test.each([
    ["a subnet in host mode", "hosted", "host", subnet, "networkMode host has no network of its own"],
    ["a MAC address in bridge mode", "bridged", "bridge", { ...subnet, macAddress: "02:00:00:00:00:01" }, "macAddress"],
    ["bridge mode of a container that runs without a network", "bare", "bridge", subnet, "network mode none"],
    ["no subnet in none mode", "bare", "none", {}, "Give the Subnet"],
    ["a mode that does not exist", "bare", "overlay", subnet, "bridge, none, host or container:NAME"],
  ])("%s is refused at preview", async (_case, name, mode, more, said) => {
    const host = name === "bare" ? "h2" : "h1";
    await stack.write(network({ wrong: container(host, name, mode, more) }));
    const { code, stdout } = await stack.preview();
    expect(code).not.toBe(0);
    expect(stdout).toContain(said);
  });

  test("destroy disconnects the containers and lets them run", async () => {
    await stack.destroy();
    expect(await lab.host("h1").docker(["ps", "--format", "{{.Names}}"])).toContain("bridged");
    expect(await lab.host("h1").run("ip -o link | grep -c sdn- || true")).toBe("0");
    expect(await lab.host("h2").run("ip -o link | grep -c sdn- || true; ip netns list")).toBe("0");
  });
});

describe("an interrupted run", () => {
  /** The plugin that this CLI process started. */
  async function pluginOf(cli: number): Promise<number | undefined> {
    for (const entry of await readdir("/proc")) {
      if (!/^\d+$/.test(entry)) continue;
      const status = await readFile(`/proc/${entry}/status`, "utf8").catch(() => "");
      if (!new RegExp(`^PPid:\\s+${String(cli)}$`, "m").test(status)) continue;
      const command = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
      if (command.includes("provider.js")) return Number(entry);
    }
    return undefined;
  }

  test("of which the plugin was killed while hosts were changed is healed by the next one", async () => {
    // An engine that takes its time, so that the moment is a certain one: half of the segment is made.
    const slow =
      '#!/bin/sh\n[ "$2" = create ] && while [ -e /run/hold ]; do touch /run/held; sleep 0.1; done\nexec /usr/bin/docker "$@"\n';
    const h1 = lab.host("h1");
    await h1.run("touch /run/hold; cat >/usr/local/bin/docker; chmod +x /usr/local/bin/docker", { stdin: slow });
    await stack.write(network());
    const run = stack.start(["up", "--yes", "--skip-preview"]);
    const ended = once(run, "exit");
    run.stdout.resume();
    await waitFor(async () => (await h1.exec("test -e /run/held")).code === 0, { what: "the segment is half made" });
    const plugin = await waitFor(() => pluginOf(run.pid ?? -1), { what: "the plugin's process" });
    process.kill(plugin, "SIGKILL");
    // The CLI waits for a plugin that is gone until it is told to stop.
    run.kill("SIGTERM");
    const [code] = (await ended) as [number];
    expect(code).not.toBe(0);
    await h1.run("rm /run/hold /usr/local/bin/docker");
    await stack.refresh();
    await stack.up();
    expect(await stack.up("--expect-no-changes")).toContain("unchanged");
    await stack.destroy();
    for (const host of lab.hosts) {
      expect(
        await host.run("ip -o link | grep -c sdn- || true; ip netns list; ls /var/lib/sdn 2>/dev/null || true"),
      ).toBe("0");
    }
  });
});
