/** Nobody behind a port is somebody else: real frames with other people's addresses, with and without the guard. */
import { execute, freshName, startLab } from "./harness/lab";
import type { Lab } from "./harness/lab";
import { Stack } from "./harness/stack";
import type { Program, YamlResource } from "./harness/stack";
import { waitFor } from "./harness/wait";

const ref = (name: string): string => `\${${name}}`;
const tag = freshName().slice(0, 6);
/** `evil` and `peer` are on h1, `victim` on h2. */
const names = ["evil", "peer", "victim"] as const;
type Name = (typeof names)[number];
const space = (name: Name): string => `${tag}-${name}`;
const hostOf: Readonly<Record<Name, string>> = { evil: "h1", peer: "h1", victim: "h2" };

const addresses = {
  evil: { ipv4: "10.9.1.10", ipv6: "fd00:9:1::10", mac: "02:00:5e:10:00:10" },
  peer: { ipv4: "10.9.1.11", ipv6: "fd00:9:1::11", mac: "02:00:5e:10:00:11" },
  victim: { ipv4: "10.9.1.12", ipv6: "fd00:9:1::12", mac: "02:00:5e:10:00:12" },
} as const;
const gateway = { ipv4: "10.9.1.1", ipv6: "fd00:9:1::1" };
/** What `evil` may say besides, once it is allowed to. */
const shared = { ipv4: "10.9.1.20", ipv6: "fd00:9:1::20", block: "192.0.2.0/28", inBlock: "192.0.2.5" };

let lab: Lab;
let stack: Stack;

function program(evil: Readonly<Record<string, unknown>> = {}): Program {
  const hosts = lab.hosts.map(({ name, netns, address }): [string, YamlResource] => [
    name,
    { type: "sdn:Host", properties: { namespace: netns, underlayAddress: address } },
  ]);
  const endpoints = names.map((name): [string, YamlResource] => [
    name,
    {
      type: "sdn:Endpoint",
      properties: {
        host: ref(hostOf[name]),
        subnet: ref("seg"),
        namespace: { name: space(name) },
        ipv4Address: addresses[name].ipv4,
        ipv6Address: addresses[name].ipv6,
        macAddress: addresses[name].mac,
        ...(name === "evil" ? evil : {}),
      },
    },
  ]);
  return {
    resources: {
      ...Object.fromEntries(hosts),
      fabric: { type: "sdn:Fabric", properties: { hosts: lab.hosts.map(({ name }) => ref(name)) } },
      net: {
        type: "sdn:VirtualNetwork",
        properties: { fabric: ref("fabric"), cidr: "10.9.0.0/16", ipv6Cidr: "fd00:9::/32" },
      },
      seg: { type: "sdn:Subnet", properties: { network: ref("net"), cidr: "10.9.1.0/24", ipv6Cidr: "fd00:9:1::/64" } },
      ...Object.fromEntries(endpoints),
    },
  };
}

const inside = async (name: Name, script: string): Promise<{ code: number; stdout: string }> =>
  execute("ip", ["netns", "exec", space(name), "sh", "-c", script]);
const pings = async (from: Name, to: string, source?: string): Promise<boolean> => {
  const { code } = await inside(from, `ping -c1 -W1 ${source === undefined ? "" : `-I ${source}`} ${to}`);
  return code === 0;
};
const comesToReach = (from: Name, to: string, source?: string): Promise<boolean> =>
  waitFor(() => pings(from, to, source), { what: `${from} reaches ${to}`, timeoutMs: 15_000 });

/** Echo requests that arrived, in both families. */
async function echoes(name: Name): Promise<number> {
  const { stdout } = await inside(
    name,
    "awk '/^Icmp:/ && $2 ~ /[0-9]/ { print $10 }' /proc/net/snmp; awk '$1 == \"Icmp6InEchos\" { print $2 }' /proc/net/snmp6",
  );
  return stdout
    .trim()
    .split("\n")
    .reduce((sum, line) => sum + Number(line), 0);
}

/** The MAC address by which `peer` would reach the address, asked anew. */
async function macSeenByPeer(address: string): Promise<string | undefined> {
  const { stdout } = await inside(
    "peer",
    `ip neigh flush dev eth0; ping -c2 -i0.3 -W1 ${address} >/dev/null; ip neigh show ${address} dev eth0`,
  );
  return /lladdr (\S+)/.exec(stdout)?.[1];
}

/** Sends a frame as it is, written in hexadecimal. */
const sends = (name: Name, frame: string): Promise<{ code: number; stdout: string }> =>
  inside(
    name,
    `perl -e 'socket(my $s, 17, 3, 0) or die; my $i = \`cat /sys/class/net/eth0/ifindex\`;` +
      ` send($s, pack("H*", "${frame}"), 0, pack("SnlSCCa8", 17, 0, $i, 0, 0, 6, "")) or die $!'`,
  );

const hex = (mac: string): string => mac.replaceAll(":", "");
const hex6 = (address: string): string => {
  const [head = "", tail = ""] = address.split("::");
  const words = (text: string): string[] => text.split(":").map((word) => word.padStart(4, "0"));
  const [first, last] = [words(head), words(tail)];
  return [...first, ...Array<string>(8 - first.length - last.length).fill("0000"), ...last].join("");
};

/** A neighbour advertisement that overrides: `target` is at `mac`. */
function advertisement(source: string, target: string, mac: string): string {
  const body = `20000000${hex6(target)}0201${hex(mac)}`;
  const pseudo = `${hex6(source)}${hex6(addresses.peer.ipv6)}000000200000003a88000000${body}`;
  let sum = 0;
  for (let at = 0; at < pseudo.length; at += 4) sum += Number.parseInt(pseudo.slice(at, at + 4), 16);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  const checksum = (~sum & 0xffff).toString(16).padStart(4, "0");
  const ethernet = `${hex(addresses.peer.mac)}${hex(addresses.evil.mac)}86dd`;
  return `${ethernet}6000000000203aff${hex6(source)}${hex6(addresses.peer.ipv6)}8800${checksum}${body}`;
}

/** A broadcast frame in VLAN 7 with a question of `evil`'s own inside, and how many such ones `peer` has had. */
const tagged = `ffffffffffff${hex(addresses.evil.mac)}81000007080600010800060400010200`.padEnd(128, "0");
async function taggedFrames(): Promise<number> {
  const { stdout } = await inside("peer", "nft list table netdev seen");
  return Number(/packets (\d+)/.exec(stdout)?.[1]);
}

/** What `peer` believes after `evil` told it by an advertisement that `victim` has evil's MAC address. */
async function believedAfterAdvertisement(): Promise<string | undefined> {
  await macSeenByPeer(addresses.victim.ipv6);
  await sends("evil", advertisement(addresses.evil.ipv6, addresses.victim.ipv6, addresses.evil.mac));
  // A frame behind it in the same queues: when this has arrived, so has the other, or it never will.
  await comesToReach("evil", addresses.peer.ipv4);
  const { stdout } = await inside("peer", `ip neigh show ${addresses.victim.ipv6} dev eth0`);
  return /lladdr (\S+)/.exec(stdout)?.[1];
}

/** Gives `evil` addresses of others for the time of the check. */
async function claiming<T>(claimed: readonly string[], check: () => Promise<T>): Promise<T> {
  for (const one of claimed) await inside("evil", `ip addr add ${one} dev eth0 ${one.includes(":") ? "nodad" : ""}`);
  try {
    return await check();
  } finally {
    for (const one of claimed) await inside("evil", `ip addr del ${one} dev eth0`);
  }
}

async function withMac<T>(mac: string, check: () => Promise<T>): Promise<T> {
  await inside("evil", `ip link set eth0 address ${mac}`);
  try {
    return await check();
  } finally {
    await inside(
      "evil",
      `ip link set eth0 address ${addresses.evil.mac}; ip route replace default via ${gateway.ipv4}`,
    );
  }
}

const change = async (evil: Readonly<Record<string, unknown>>): Promise<void> => {
  await stack.write(program(evil));
  await stack.up();
};

beforeAll(async () => {
  lab = await startLab({ hosts: 2, form: "light", dockerd: false });
  for (const name of names) await execute("ip", ["netns", "add", space(name)]);
  stack = await Stack.create(program());
  await stack.up();
  for (const to of ["peer", "victim"] as const) {
    await comesToReach("evil", addresses[to].ipv4);
    await comesToReach("evil", addresses[to].ipv6);
  }
  await inside(
    "peer",
    "nft add table netdev seen; nft 'add chain netdev seen in { type filter hook ingress device eth0 priority 0 ; }';" +
      " nft add rule netdev seen in ether type 8021q counter",
  );
}, 180_000);

afterAll(async () => {
  for (const name of names) await execute("ip", ["netns", "del", space(name)]);
  await stack.remove();
  await lab.down();
});

describe("a guarded port", () => {
  test("carries its own addresses, and asks for and answers neighbours", async () => {
    await comesToReach("evil", gateway.ipv4);
    await comesToReach("evil", gateway.ipv6);
    await comesToReach("peer", addresses.evil.ipv4);
    await comesToReach("victim", addresses.evil.ipv6);
    const { stdout } = await inside("peer", "ip -6 -o addr show dev eth0 scope link | awk '{ print $4 }'");
    const linkLocal = stdout.trim().replace("/64", "%eth0");
    await comesToReach("evil", linkLocal);
  });

  test.each([
    ["IPv4", `${addresses.victim.ipv4}/32`, addresses.peer.ipv4],
    ["IPv6", `${addresses.victim.ipv6}/128`, addresses.peer.ipv6],
    ["an IPv4 address outside of the subnet", "198.51.100.7/32", addresses.peer.ipv4],
  ])("does not carry packets from another's address: %s", async (_case, claimed, to) => {
    const before = await echoes("peer");
    await claiming([claimed], () => pings("evil", to, claimed.split("/")[0]));
    expect(await echoes("peer")).toBe(before);
  });

  test("does not answer for another by ARP or neighbour discovery", async () => {
    await claiming([`${addresses.victim.ipv4}/32`, `${addresses.victim.ipv6}/128`], async () => {
      expect(await macSeenByPeer(addresses.victim.ipv4)).toBe(addresses.victim.mac);
      expect(await macSeenByPeer(addresses.victim.ipv6)).toBe(addresses.victim.mac);
    });
    expect(await believedAfterAdvertisement()).toBe(addresses.victim.mac);
  });

  test("does not carry frames from another's MAC address, nor with a VLAN tag", async () => {
    const before = await echoes("peer");
    await withMac(addresses.victim.mac, () => pings("evil", addresses.peer.ipv4));
    expect(await echoes("peer")).toBe(before);
    await comesToReach("victim", addresses.peer.ipv4);
    await sends("evil", tagged);
    await comesToReach("evil", addresses.peer.ipv4);
    expect(await taggedFrames()).toBe(0);
  });

  test("does not claim the gateway's address or MAC", async () => {
    const real = await macSeenByPeer(gateway.ipv4);
    expect(real).toMatch(/^0a:5d:/);
    await claiming([`${gateway.ipv4}/32`, `${gateway.ipv6}/128`], async () => {
      expect(await macSeenByPeer(gateway.ipv4)).toBe(real);
      expect(await macSeenByPeer(gateway.ipv6)).toBe(real);
    });
    await withMac(real ?? "", () => pings("evil", addresses.peer.ipv4));
    await comesToReach("peer", gateway.ipv4);
  });

  test("is guarded again by up when somebody takes an element away, which refresh says", async () => {
    const { netns } = lab.host("h1");
    const rules = (command: string): Promise<{ stdout: string }> =>
      execute("ip", ["netns", "exec", netns, "sh", "-c", command]);
    const { stdout } = await rules("nft list set bridge sdn guarded");
    const port = /"(sdn-e-[^"]+)"/.exec(stdout)?.[1] ?? "";
    await rules(`nft delete element bridge sdn guarded '{ ${port} }'`);
    expect(await stack.refresh()).toContain(`nftables set guarded lacks ${port}`);
    await stack.up();
    expect((await rules("nft list set bridge sdn guarded")).stdout).toContain(port);
  });
});

describe("allowed address pairs", () => {
  test("let just these through, and are taken back", async () => {
    const claimed = [`${shared.ipv4}/32`, `${shared.ipv6}/128`, `${shared.inBlock}/32`];
    await inside("peer", `ip route replace ${shared.block} dev eth0`);
    await claiming(claimed, () =>
      Promise.all([shared.ipv4, shared.ipv6, shared.inBlock].map((to) => pings("peer", to))),
    ).then((answered) => {
      expect(answered).toEqual([false, false, false]);
    });
    await change({
      allowedAddressPairs: [{ address: shared.ipv4 }, { address: shared.ipv6 }, { address: shared.block }],
    });
    await claiming(claimed, async () => {
      for (const to of [shared.ipv4, shared.ipv6, shared.inBlock]) await comesToReach("peer", to);
    });
    await claiming([`${addresses.victim.ipv4}/32`], async () => {
      expect(await macSeenByPeer(addresses.victim.ipv4)).toBe(addresses.victim.mac);
    });
    await change({});
    await claiming([`${shared.ipv4}/32`], async () => {
      expect(await macSeenByPeer(shared.ipv4)).toBeUndefined();
    });
  });

  test("with a MAC address let that one through, too", async () => {
    const mac = "00:00:5e:00:01:01";
    await change({ allowedAddressPairs: [{ address: shared.ipv4, macAddress: mac }] });
    await withMac(mac, () =>
      claiming([`${shared.ipv4}/32`], async () => {
        await comesToReach("peer", shared.ipv4);
        expect(await macSeenByPeer(shared.ipv4)).toBe(mac);
      }),
    );
  });

  test("never hold the gateway", async () => {
    await stack.write(program({ allowedAddressPairs: [{ address: "10.9.1.0/25" }] }));
    const { code, stdout } = await stack.preview();
    expect(code).not.toBe(0);
    expect(stdout).toContain("allowedAddressPairs[0].address");
    expect(stdout).toContain("has the subnet's gateway in it");
  });
});

describe("a port without the guard", () => {
  test("says anything (so the tests above could fail), except that it is the gateway", async () => {
    await change({ antiSpoofing: false });
    const before = await echoes("peer");
    await claiming(["198.51.100.7/32"], () => pings("evil", addresses.peer.ipv4, "198.51.100.7"));
    expect(await echoes("peer")).toBeGreaterThan(before);
    expect(await believedAfterAdvertisement()).toBe(addresses.evil.mac);
    await sends("evil", tagged);
    await waitFor(async () => (await taggedFrames()) === 1, { what: "the tagged frame arrives" });
    const real = await macSeenByPeer(gateway.ipv4);
    expect(real).toMatch(/^0a:5d:/);
    await claiming([`${gateway.ipv4}/32`, `${gateway.ipv6}/128`], async () => {
      expect(await macSeenByPeer(gateway.ipv4)).toBe(real);
      expect(await macSeenByPeer(gateway.ipv6)).toBe(real);
    });
    await withMac(real ?? "", () => pings("evil", addresses.peer.ipv4));
    await comesToReach("peer", gateway.ipv4);
  });
});
