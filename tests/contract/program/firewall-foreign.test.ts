/** Tables of others beside the firewall's: byte for byte the same, whatever becomes of ours. */
import { existsSync } from "node:fs";
import type { Words } from "../../../provider/src/compile/steps";
import type { Fragment } from "../../../provider/src/render/instructions";
import {
  askFirewall,
  changeWord,
  firewallFragment,
  firewallRemoval,
  impossibleWord,
  tableWord,
} from "../../support/firewall-tables";
import { waitFor } from "../support/wait";
import { ProgramHost } from "./bench";

// As Docker, ufw and an administrator leave them.
const others = `
nft -f /proc/self/fd/0 <<'TABLES'
table ip filter {
	chain FORWARD {
		type filter hook forward priority 0; policy drop;
		counter jump DOCKER-USER
		oifname "docker0" ct state established,related counter accept
		iifname "docker0" oifname != "docker0" counter accept
	}
	chain DOCKER-USER {
		counter return
	}
}
table ip nat {
	chain POSTROUTING {
		type nat hook postrouting priority 100; policy accept;
		ip saddr 172.17.0.0/16 oifname != "docker0" counter masquerade
	}
}
table inet ufw {
	chain ufw-before-forward {
		ct state established,related accept
		ip protocol icmp icmp type { echo-request } accept
	}
	chain forward {
		type filter hook forward priority 0; policy drop;
		jump ufw-before-forward
	}
}
table inet office {
	set blocked {
		type ipv4_addr
		flags interval
		elements = { 192.0.2.128/25, 198.51.100.7 }
	}
	chain sdn_fw {
		type filter hook input priority 10; policy accept;
		ip saddr @blocked counter drop comment "nobody's business; \\$(id)"
	}
}
table bridge sdnx {
	chain forward {
		type filter hook forward priority 0; policy accept;
	}
}
TABLES
nft add element inet office blocked '{ 203.0.113.0/24 }'
`;

let host: ProgramHost;
beforeAll(() => {
  host = ProgramHost.create("foreign");
});
afterAll(() => host.remove());

const machine = {
  get scope(): string {
    return host.name;
  },
  run: async (stdin: string): Promise<string> => (await host.run(stdin)).stdout,
};
/** With counters and handles: made anew, even the same would be seen. */
const tables = (): string =>
  host.in(`nft list tables | grep -v ' sdn_fw' | while read -r t; do nft -a list $t; done; iptables-save 2>/dev/null`);

async function send(fragment: Fragment): Promise<boolean> {
  return (await askFirewall(machine, { fragments: [fragment] })).results.get("firewall")?.ok === true;
}
const whole = (chain: string): Words => ["firewall_table", tableWord(chain)];

test("others' tables stay as they are through load, change, refusal, rollback, a start of the host and removal", async () => {
  host.reset();
  host.in(others);
  const before = tables();
  expect(before).toContain("nobody's business");
  const seen: Record<string, boolean> = {};
  const look = (what: string): void => {
    seen[what] = tables() === before;
  };
  expect(await send(firewallFragment("one", [whole("one")]))).toBe(true);
  look("loaded");
  const change: Words = ["firewall_change", changeWord("one", "two")];
  expect(await send(firewallFragment("two", [["firewall_arm", "n1", "1"], change, whole("two")], 1))).toBe(true);
  look("changed");
  await waitFor("the rollback", () => !existsSync(`${host.ledger}/firewall.armed`));
  look("rolled back");
  expect(await send(firewallFragment("two", [["firewall_table", impossibleWord]], 1))).toBe(false);
  look("refused");
  const next: Words = ["firewall_next", tableWord("two", "sdn_fw_next")];
  expect(await send(firewallFragment("two", [["firewall_arm", "n2", "600"], next], 1, true))).toBe(true);
  look("a second table");
  host.in("nft delete table inet sdn_fw");
  await host.run(`scope ${host.name}\nlock\nagain restore\ndone\n`);
  expect(host.in("nft list tables")).toContain("table inet sdn_fw\n");
  look("a start of the host");
  expect(await send(firewallRemoval())).toBe(true);
  look("removed");
  expect(Object.entries(seen).filter(([, same]) => !same)).toEqual([]);
  expect(Object.keys(seen)).toHaveLength(7);
  expect(host.in("nft list tables")).not.toContain("sdn_fw");
});

test("others' tables are told, ours are not", async () => {
  host.reset();
  host.in(others);
  await send(firewallFragment("one", [whole("one")]));
  const { snapshot } = await askFirewall(machine, { queries: [["query_foreign"]] });
  const told = [...(snapshot.firewall.foreign?.tables ?? "").matchAll(/^table (.*) \{$/gm)].map(([, name]) => name);
  expect(told).toEqual(["ip filter", "ip nat", "inet ufw", "inet office"]);
  await send(firewallRemoval());
});

test("rules of before nftables are told where the kernel has any", async () => {
  host.reset();
  const foreign = async (): Promise<readonly string[] | undefined> =>
    (await askFirewall(machine, { queries: [["query_foreign"]] })).snapshot.firewall.foreign?.legacy;
  expect(await foreign()).toEqual([]);
  host.in("iptables-legacy -A FORWARD -s 198.51.100.7 -j DROP");
  try {
    expect((await foreign())?.join()).toContain("-A FORWARD -s 198.51.100.7/32 -j DROP");
  } finally {
    host.in("iptables-legacy -F FORWARD");
  }
});
