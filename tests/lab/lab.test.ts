/** The laboratory itself: without it nothing that the other lab tests say is worth anything. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { execute, freshName, labLeftovers, startLab, type Lab, type LabForm, type LabHost } from "./harness/lab";
import { waitFor } from "./harness/wait";

async function ssh(host: LabHost, user: string, command: string): Promise<string> {
  const known = `${host.address} ${host.hostKey}`;
  const options = ["-i", host.privateKeyPath, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"];
  const result = await execute("sh", [
    "-c",
    // The key file of known hosts is the inventory's key and nothing else.
    'file=$(mktemp) && printf "%s\\n" "$1" >"$file" && shift && ssh -o UserKnownHostsFile="$file" "$@"; s=$?; rm -f "$file"; exit $s',
    "sh",
    known,
    ...options,
    "-p",
    String(host.port),
    `${user}@${host.address}`,
    command,
  ]);
  return result.code === 0 ? result.stdout.trim() : `exit status ${result.code}: ${result.stderr}`;
}

describe.each<LabForm>(["light", "full"])("a lab of %s hosts", (form) => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ hosts: 2, form, dockerd: true });
  });
  afterAll(async () => {
    await lab.down();
    expect(await labLeftovers(lab.name)).toBe("");
  });

  test("hosts reach each other, the machine and the outside over both families", async () => {
    const h2 = lab.host("h2");
    const targets = [h2.address, h2.address6, lab.machine4, lab.machine6, lab.outside4, lab.outside6];
    const lost: string[] = [];
    for (const target of targets) {
      const ping = await lab.host("h1").exec(["ping", "-c1", "-W3", target]);
      if (ping.code !== 0) lost.push(target);
    }
    expect(lost).toEqual([]);
  });

  test("full frames fit the underlay, bigger ones do not", async () => {
    const ping = (size: number): Promise<{ code: number }> =>
      lab.host("h1").exec(["ping", "-c1", "-W3", "-Mdo", "-s", String(size), lab.host("h2").address]);
    expect((await ping(1472)).code).toBe(0);
    expect((await ping(1473)).code).not.toBe(0);
  });

  test("root and the operator with sudo log in with the lab's key and the pinned host key", async () => {
    const h1 = lab.host("h1");
    expect(await ssh(h1, "root", "id -un; hostname")).toBe("root\nh1");
    expect(await ssh(h1, "operator", "id -un; sudo -n id -un")).toBe("operator\nroot");
  });

  test("every host has a key of its own", async () => {
    const [h1, h2] = [lab.host("h1"), lab.host("h2")];
    expect(h1.hostKey).not.toBe(h2.hostKey);
    expect(await ssh({ ...h1, hostKey: h2.hostKey }, "root", "true")).toContain("exit status 255");
  });

  test("a host sees its own interfaces and processes, not the machine's", async () => {
    const h1 = lab.host("h1");
    expect((await h1.run(["ls", "/sys/class/net"])).split("\n").sort()).toEqual(["docker0", "eth0", "lo"]);
    expect(await h1.run(["ls", "/root"])).toBe("");
    const inside = (await h1.run(["ls", "/proc"])).split("\n");
    expect(inside).not.toContain(String(process.pid));
  });

  test("containers run, with the tools that tests need, and go out through NAT", async () => {
    const h1 = lab.host("h1");
    const applets = "sh ping ping6 nc httpd ip wget traceroute sleep";
    expect(await h1.docker(["run", "--rm", "sdn-lab/box", "sh", "-c", `for a in ${applets}; do which $a; done`])).toBe(
      applets.replace(/(\S+)/g, "/bin/$1").split(" ").join("\n"),
    );
    await h1.docker(["run", "--rm", "sdn-lab/box", "ping", "-c1", "-W3", lab.outside4]);
  });

  test("a command's input, output and exit status pass through", async () => {
    const result = await lab.host("h1").exec("cat; echo problem >&2; exit 7", { stdin: "a line\n" });
    expect(result).toEqual({ code: 7, stdout: "a line\n", stderr: "problem\n" });
  });

  test("a reboot keeps files and images and loses interfaces and rules", async () => {
    const h1 = lab.host("h1");
    const before = await h1.run(["cat", "/proc/sys/kernel/random/boot_id"]);
    await h1.run("echo kept >/var/lib/kept && echo lost >/run/lost && ip link add extra type bridge");
    await h1.run("nft add table inet extra");
    await h1.reboot();
    expect(await h1.run(["cat", "/proc/sys/kernel/random/boot_id"])).not.toBe(before);
    expect(await h1.run(["cat", "/var/lib/kept"])).toBe("kept");
    expect((await h1.exec(["ls", "/run/lost"])).code).not.toBe(0);
    expect((await h1.exec(["ip", "link", "show", "extra"])).code).not.toBe(0);
    expect(await h1.run(["nft", "list", "tables"])).not.toContain("extra");
    await h1.docker(["run", "--rm", "sdn-lab/box", "true"]);
    await lab.host("h2").run(["ping", "-c1", "-W3", h1.address]);
    expect(await ssh(h1, "root", "hostname")).toBe("h1");
  });

  test("a host whose power is cut is unreachable until it is started again", async () => {
    const [h1, h2] = [lab.host("h1"), lab.host("h2")];
    await h2.run("echo kept >/var/lib/kept");
    await h2.stop();
    expect((await h1.exec(["ping", "-c1", "-W1", h2.address])).code).not.toBe(0);
    expect((await h2.exec("true")).code).toBe(125);
    await h2.start();
    await h1.run(["ping", "-c1", "-W3", h2.address]);
    expect(await h2.run(["cat", "/var/lib/kept"])).toBe("kept");
  });
});

describe("a lab whose owner is killed", () => {
  const labProgram = join(__dirname, "..", "..", "lab", "lab");

  /** A process that owns a lab and does nothing else. */
  function startOwner(): { pid: number; kill: () => void } {
    const owner = spawn("sleep", ["600"], { stdio: "ignore" });
    if (owner.pid === undefined) throw new Error("the owner did not start");
    return { pid: owner.pid, kill: () => void owner.kill("SIGKILL") };
  }

  const gone = async (name: string): Promise<void> => {
    const seen = await labLeftovers(name);
    if (seen !== "") throw new Error(seen);
  };
  const waitUntilGone = (name: string): Promise<boolean> =>
    waitFor(() => gone(name).then(() => true), { what: `nothing is left of ${name}`, timeoutMs: 60_000 });

  test.each<LabForm>(["light", "full"])("goes by itself (%s)", async (form) => {
    const owner = startOwner();
    const name = freshName();
    const up = ["up", "--name", name, "--form", form, "--hosts", "1", "--owner-pid", String(owner.pid)];
    const made = await execute(labProgram, up);
    expect(made.stderr).toContain("is up");
    expect(await labLeftovers(name)).toContain("process");
    // What sdn makes for a host that is a namespace stands beside it.
    const router = `sdn-r-4097--sdnlab-${name}-h1`;
    const records = `/var/lib/sdn/netns/sdnlab-${name}-h1`;
    await execute("ip", ["netns", "add", router]);
    await execute("mkdir", ["-p", `${records}/resources`]);
    expect(await labLeftovers(name)).toContain(router);
    expect(await labLeftovers(name)).toContain(records);
    owner.kill();
    await waitUntilGone(name);
  });

  test("goes by itself even when its making was killed half-way", async () => {
    const owner = startOwner();
    const name = freshName();
    const up = spawn(labProgram, ["up", "--name", name, "--hosts", "2", "--owner-pid", String(owner.pid)]);
    const ended = new Promise((resolve) => up.on("exit", resolve));
    await waitFor(async () => (await labLeftovers(name)).includes("network namespace"), { what: "a first trace" });
    up.kill("SIGKILL");
    await ended;
    owner.kill();
    await waitUntilGone(name);
  });

  test("is refused for an owner that does not exist, and leaves nothing", async () => {
    const name = freshName();
    const refused = await execute(labProgram, ["up", "--name", name, "--form", "light", "--owner-pid", "999999999"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("there is no process 999999999");
    expect(await labLeftovers(name)).toBe("");
  });
});

test("a lab gives the machine routes to its hosts' addresses alone, and takes them away again", async () => {
  const routes = async (): Promise<string[]> => {
    const both = await execute("sh", ["-c", "ip -4 route show; ip -6 route show"]);
    return both.stdout.split("\n").filter((line) => line !== "");
  };
  const ofLab = (line: string): boolean => line.includes("dev sdnlab");
  const before = (await routes()).filter((line) => !ofLab(line));
  const lab = await startLab({ hosts: 2, form: "light" });
  try {
    const during = await routes();
    expect(during.filter((line) => !ofLab(line))).toEqual(before);
    // A range would take away whatever else of it the machine reaches by its default route.
    const ranges = during.filter((line) => ofLab(line) && /^\S*\//.test(line) && !line.startsWith("fe80::/64"));
    expect(ranges).toEqual([]);
    expect(during.filter((line) => lab.hosts.some((host) => line.startsWith(`${host.address} `)))).toHaveLength(2);
  } finally {
    await lab.down();
  }
  const after = await routes();
  expect(lab.hosts.filter((host) => after.some((line) => line.startsWith(`${host.address} `)))).toEqual([]);
});

test("two labs at once have different underlays and do not reach each other", async () => {
  const labs = await Promise.all([startLab({ hosts: 1, form: "light" }), startLab({ hosts: 1, form: "light" })]);
  try {
    const [first, second] = labs;
    expect(first.underlay4).not.toBe(second.underlay4);
    expect((await first.host("h1").exec(["ping", "-c1", "-W1", second.host("h1").address])).code).not.toBe(0);
  } finally {
    await Promise.all(labs.map((lab) => lab.down()));
  }
  expect(await Promise.all(labs.map((lab) => labLeftovers(lab.name)))).toEqual(["", ""]);
});
