/** A host that starts again without Pulumi: what is there before Docker starts its containers, and what is said of it. */
import { startLab } from "./harness/lab";
import type { Lab, LabHost } from "./harness/lab";
import { hostResource, Stack } from "./harness/stack";
import type { Program, YamlResource } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;
const names = ["h1", "h2"] as const;

function program(lab: Lab): Program {
  const endpoint = (host: string, more: Readonly<Record<string, unknown>>): YamlResource => ({
    type: "sdn:Endpoint",
    properties: { host: ref(host), subnet: ref("web"), ...more },
  });
  return {
    resources: {
      ...Object.fromEntries(lab.hosts.map((host) => [host.name, hostResource(host)])),
      fabric: { type: "sdn:Fabric", properties: { hosts: names.map(ref) } },
      shop: { type: "sdn:VirtualNetwork", properties: { fabric: ref("fabric"), cidr: "10.20.0.0/16", egress: "nat" } },
      web: { type: "sdn:Subnet", properties: { network: ref("shop"), cidr: "10.20.1.0/24" } },
      web1: endpoint("h1", {}),
      web2: endpoint("h2", {}),
      // Its container has no network of Docker's: we plug it in, which only works after Docker has started it.
      plugged: endpoint("h1", { container: { name: "plugged", networkMode: "none" } }),
    },
    outputs: {
      vni: ref("web.vni"),
      network: ref("web.dockerNetworkName"),
      web1: ref("web1.ipv4Address"),
      web2: ref("web2.ipv4Address"),
      plugged: ref("plugged.ipv4Address"),
      ...Object.fromEntries(names.map((name) => [`${name}Facts`, ref(`${name}.facts`)])),
      ...Object.fromEntries(names.map((name) => [`${name}Events`, ref(`${name}.events`)])),
    },
  };
}

interface Event {
  readonly kind: string;
  readonly resource: string;
  readonly detail: string;
}

interface Exported {
  readonly deployment: {
    readonly resources: readonly { readonly urn: string; readonly outputs: { readonly events?: readonly Event[] } }[];
  };
}

/** What a host shows that could be ours. */
const traces = (host: LabHost): Promise<string> =>
  host.run(
    "ip -o link | awk '{ print $2 }' | sed 's/[@:].*//' | sort; ip netns list | sort; nft list tables | grep -w sdn; " +
      "docker network ls --format '{{.Name}}' | sort; iptables -S DOCKER-USER; " +
      "ls -d /var/lib/sdn /run/sdn* 2>/dev/null; find /etc/systemd /run/systemd/system -name '*sdn-*' | sort; " +
      "find /etc/systemd/system/docker.service.wants 2>/dev/null; " +
      "systemctl list-units --all --plain --no-legend 'sdn-*'; true",
  );

let lab: Lab;
let stack: Stack;
let h1: LabHost;
let h2: LabHost;
let before: readonly string[];
let out: Readonly<Record<string, string>>;
let events: (host: string) => Promise<readonly Event[]>;

const box = (host: LabHost, name: string, ...network: readonly string[]): Promise<string> =>
  host.docker(["run", "-d", "--name", name, "--restart=always", ...network, "sdn-lab/box", "sleep", "100000"]);

const comesToReach = (host: LabHost, from: string, to: string): Promise<boolean> =>
  waitFor(async () => (await host.exec(["docker", "exec", from, "ping", "-c1", "-W1", to])).code === 0, {
    what: `${from} on ${host.name} reaches ${to}`,
    timeoutMs: 20_000,
  });

beforeAll(async () => {
  lab = await startLab({ hosts: 2 });
  [h1, h2] = [lab.host("h1"), lab.host("h2")];
  // What was there before Docker started is written down by a unit of the test's own.
  for (const host of lab.hosts) {
    await host.run(
      `mkdir -p /etc/systemd/system/docker.service.d && printf '[Service]\\nExecStartPre=/bin/sh -c "ip -o link show >/run/before-docker"\\n' >/etc/systemd/system/docker.service.d/witness.conf && systemctl daemon-reload`,
    );
  }
  before = await Promise.all(lab.hosts.map(traces));
  await box(h1, "plugged", "--network", "none");
  stack = await Stack.create(program(lab));
  await stack.up();
  out = (await stack.outputs()) as Record<string, string>;
  // From the state: a refresh does not write a stack's own outputs.
  events = async (host) => {
    const { deployment } = JSON.parse(await stack.exported()) as Exported;
    return deployment.resources.find(({ urn }) => urn.endsWith(`::sdn:index:Host::${host}`))?.outputs.events ?? [];
  };
  for (const [name, host] of [
    ["web1", h1],
    ["web2", h2],
  ] as const) {
    await box(host, name, "--network", out["network"]!, "--ip", out[name]!);
  }
  await comesToReach(h1, "web1", out["web2"]!);
}, 180_000);

afterAll(async () => {
  await stack.remove();
  await lab.down();
});

describe("what is kept on a host", () => {
  test("the units are there, the timer runs, and the host says so", async () => {
    for (const host of lab.hosts) {
      expect(await host.run("systemctl is-enabled sdn-restore.service sdn-assert.timer")).toBe("enabled\nenabled");
      expect(await host.run("systemctl is-active sdn-assert.timer")).toBe("active");
      expect(await host.run("stat -c '%a %U' /var/lib/sdn /var/lib/sdn/program")).toBe("700 root\n700 root");
    }
    expect(out["h1Facts"]).toMatchObject({ persistence: "systemd" });
    expect(out["h1Events"]).toEqual([]);
  });

  test("systemd finds nothing to complain of in the units", async () => {
    const said = await h1.exec("cd /etc/systemd/system && systemd-analyze verify sdn-restore.service sdn-assert.timer");
    expect(`${said.stdout}${said.stderr}`.split("\n").filter((line) => line.includes("sdn-"))).toEqual([]);
  });
});

describe("a reboot", () => {
  test("everything is back before Docker starts its containers, without Pulumi", async () => {
    await h1.reboot();
    await comesToReach(h1, "web1", out["web2"]!);
    await comesToReach(h2, "web2", out["web1"]!);
    await comesToReach(h1, "web1", "10.20.1.1");
    await comesToReach(h1, "web1", lab.outside4);
    const witnessed = await h1.run("cat /run/before-docker");
    for (const link of ["sdn-b", "sdn-v"]) {
      const line = witnessed.split("\n").find((one) => one.includes(` ${link}-${out["vni"]!}`));
      expect(line).toContain(`alias sdn:lab/dev:segment-${out["vni"]!}`);
    }
    const [restored, started] = (
      await h1.run(
        "systemctl show -P ExecMainExitTimestampMonotonic sdn-restore.service; systemctl show -P ExecMainStartTimestampMonotonic docker.service",
      )
    ).split("\n");
    expect(Number(restored)).toBeGreaterThan(0);
    expect(Number(restored)).toBeLessThan(Number(started));
  });

  test("a container that we plugged in is plugged in again after Docker's start", async () => {
    await comesToReach(h1, "plugged", out["web2"]!);
  });

  test("refresh reports it, and nothing is left to be done", async () => {
    const said = await stack.refresh();
    expect(said).toMatch(/host h1: was started; sdn-restore made \d+ resources again before Docker, at 20\d\d-/);
    expect(said).not.toContain("host h2: was started");
    expect((await events("h1")).map(({ kind }) => kind)).toContain("restored");
    expect(await stack.up("--expect-no-changes")).toContain("unchanged");
    expect(await stack.refresh()).not.toContain("was started");
  });
});

describe("the timer", () => {
  const assert = (host: LabHost): Promise<string> => host.run("systemctl start sdn-assert.service");

  test("does nothing where nothing is wrong", async () => {
    const known = await events("h1");
    await assert(h1);
    await assert(h1);
    await stack.refresh();
    expect(await events("h1")).toEqual(known);
  });

  test("repairs what was deleted by hand, and refresh reports it", async () => {
    const device = `sdn-v-${out["vni"]!}`;
    await h1.run(`ip link del ${device}`);
    await assert(h1);
    await comesToReach(h1, "web1", out["web2"]!);
    const said = await stack.refresh();
    expect(said).toMatch(
      new RegExp(`host h1: sdn-assert repaired segment-${out["vni"]!} at 20[^ ]*: interface ${device} was missing`),
    );
    expect(await stack.up("--expect-no-changes")).toContain("unchanged");
  });

  test("comes by itself", async () => {
    expect(await h1.run("cat /etc/systemd/system/sdn-assert.timer")).toContain("OnUnitInactiveSec=5min");
    // The lab sets a day, so that tests can break things in peace.
    const setting = "/etc/systemd/system/sdn-assert.timer.d/lab.conf";
    await h1.run(`sed -i 's/1d/1s\\nAccuracySec=1s/' ${setting} && systemctl daemon-reload`);
    await h1.run(`ip link del sdn-v-${out["vni"]!} && systemctl restart sdn-assert.timer`);
    await comesToReach(h1, "web1", out["web2"]!);
    await h1.run(`printf '[Timer]\\nOnActiveSec=\\nOnActiveSec=1d\\n' >${setting} && systemctl daemon-reload`);
    await h1.run("systemctl restart sdn-assert.timer");
  });

  test("does not start an engine that was stopped", async () => {
    await h1.run("systemctl stop docker.service");
    await assert(h1);
    expect((await h1.exec("systemctl is-active docker.service")).stdout.trim()).toBe("inactive");
    await h1.run("systemctl start docker.service");
    await comesToReach(h1, "web1", out["web2"]!);
  });
});

describe("what was saved is damaged", () => {
  const record = (): string => `/var/lib/sdn/resources/segment-${out["vni"]!}`;

  test("a boot makes nothing of that resource, says so, and the rest comes back", async () => {
    await h2.run(`sed -i '$s/^./X/' ${record()}`);
    await h2.reboot();
    expect(await h2.run("ip -o link show")).not.toContain(`sdn-v-${out["vni"]!}`);
    expect(await h2.run("ip netns list")).toContain("sdn-r-");
    // Docker has made a bridge of its own: nothing passes between it and the host.
    expect(await h2.run("nft list set inet sdn bridges")).toContain(`sdn-b-${out["vni"]!}`);
    expect(await h2.run("journalctl -b -u sdn-restore.service --no-pager")).toContain(
      `segment-${out["vni"]!}: the saved record is damaged (wrong checksum)`,
    );
    const said = await stack.refresh();
    expect(said).toContain(`host h2: segment-${out["vni"]!} was not made again at 20`);
    expect(said).toContain("the host's record of this resource is damaged (wrong checksum)");
  });

  test("up heals it, and the next boot brings everything back", async () => {
    await stack.up();
    await comesToReach(h2, "web2", out["web1"]!);
    await h2.reboot();
    await comesToReach(h2, "web2", out["web1"]!);
    await stack.refresh();
    expect(await stack.up("--expect-no-changes")).toContain("unchanged");
  });

  test("where all records are damaged, nothing passes between the engine's bridges and the host; up heals that too", async () => {
    await h2.run("for one in /var/lib/sdn/resources/*; do sed -i '$s/^./X/' $one; done");
    await h2.reboot();
    const bridge = `sdn-b-${out["vni"]!}`;
    expect(await h2.run("ip -o link show")).toContain(bridge);
    expect(await h2.run("nft list set inet sdn bridges")).toContain(bridge);
    // What an engine that keeps no secret of its bridge could be asked: an address of the host on it.
    await h2.run(`ip addr add 10.20.1.250/24 dev ${bridge}`);
    expect((await h2.exec(["docker", "exec", "web2", "ping", "-c1", "-W1", "10.20.1.250"])).code).not.toBe(0);
    await h2.run("nft flush chain inet sdn input");
    await comesToReach(h2, "web2", "10.20.1.250");
    await h2.run(`ip addr del 10.20.1.250/24 dev ${bridge}`);
    await stack.refresh();
    await stack.up();
    await comesToReach(h2, "web2", out["web1"]!);
    await stack.refresh();
    expect(await stack.up("--expect-no-changes")).toContain("unchanged");
  });

  test("a timer that somebody stopped is found by refresh, and up starts it", async () => {
    await h2.run("systemctl stop sdn-assert.timer");
    expect(await stack.refresh()).toContain("host h2: what restores the networks when the host starts");
    await stack.up();
    expect(await h2.run("systemctl is-active sdn-assert.timer")).toBe("active");
    expect(await stack.up("--expect-no-changes")).toContain("unchanged");
  });

  test("a damaged program does not run; refresh says so, and up mends it", async () => {
    await h2.run("echo 'touch /run/damaged' >>/var/lib/sdn/program");
    const { code } = await h2.exec("systemctl start sdn-assert.service");
    expect(code).not.toBe(0);
    expect(await h2.run("ls /run")).not.toContain("damaged");
    expect(await stack.refresh()).toContain("host h2: what restores the networks when the host starts");
    await stack.up();
    await h2.run("systemctl start sdn-assert.service");
    expect(await stack.refresh()).not.toContain("what restores the networks");
    expect(await stack.up("--expect-no-changes")).toContain("unchanged");
  });
});

test("destroy takes the units and the program away too", async () => {
  for (const [host, name] of [
    [h1, "web1"],
    [h1, "plugged"],
    [h2, "web2"],
  ] as const) {
    await host.docker(["rm", "-f", name]);
  }
  await stack.destroy();
  expect(await Promise.all(lab.hosts.map(traces))).toEqual(before);
});
