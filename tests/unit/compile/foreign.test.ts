import { foreignChains, foreignSentence } from "../../../provider/src/compile/firewall/foreign";

/** As `nft -s -y list table` prints it on a host with Docker, a firewall of the distribution and a user's own table. */
const docker = `table ip filter {
	chain DOCKER {
	}

	chain DOCKER-ISOLATION-STAGE-1 {
		iifname "docker0" oifname != "docker0" counter jump DOCKER-ISOLATION-STAGE-2
		counter return
	}

	chain DOCKER-ISOLATION-STAGE-2 {
		oifname "docker0" counter drop
		counter return
	}

	chain FORWARD {
		type filter hook forward priority 0; policy drop;
		counter jump DOCKER-USER
		counter jump DOCKER-ISOLATION-STAGE-1
		oifname "docker0" ct state related,established counter accept
	}

	chain DOCKER-USER {
		counter return
	}
}`;

describe("what others drop", () => {
  test.each<[string, string, readonly string[]]>([
    ["nothing at all", "", []],
    [
      "Docker's own chains: the policy, and a rule two jumps away",
      docker,
      [
        'table ip filter, chain FORWARD (forward, priority 0, after ours): drops what it does not accept; DOCKER-ISOLATION-STAGE-2: oifname "docker0" counter drop',
      ],
    ],
    [
      "a chain that only counts and accepts is no obstacle",
      'table inet mine {\n\tchain c {\n\t\ttype filter hook input priority 0; policy accept;\n\t\ttcp dport 22 accept comment "never drop"\n\t}\n}',
      [],
    ],
    [
      "a word in a comment or a log line is no rule",
      'table inet mine {\n\tchain c {\n\t\ttype filter hook input priority 0; policy accept;\n\t\tlog prefix "will drop: " accept\n\t}\n}',
      [],
    ],
    [
      "a set's elements and a map are passed over",
      "table inet mine {\n\tset s {\n\t\ttype ipv4_addr\n\t\telements = { 192.0.2.1,\n\t\t\t     192.0.2.2 }\n\t}\n\n\tchain c {\n\t\ttype filter hook forward priority -300; policy accept;\n\t\tip saddr @s drop\n\t}\n}",
      ["table inet mine, chain c (forward, priority -300, before ours): ip saddr @s drop"],
    ],
    [
      "many rules are three and a number",
      `table inet mine {\n\tchain c {\n\t\ttype filter hook forward priority 10; policy accept;\n${[1, 2, 3, 4, 5].map((n) => `\t\ttcp dport ${n} drop\n`).join("")}\t}\n}`,
      [
        "table inet mine, chain c (forward, priority 10, after ours): tcp dport 1 drop; tcp dport 2 drop; tcp dport 3 drop; and 2 more",
      ],
    ],
    [
      "chains that jump in a circle, which nft refuses, do not hang us",
      "table inet mine {\n\tchain a {\n\t\ttype filter hook forward priority 0; policy accept;\n\t\tjump b\n\t}\n\tchain b {\n\t\tjump a\n\t\tudp dport 1 reject\n\t}\n}",
      ["table inet mine, chain a (forward, priority 0, after ours): b: udp dport 1 reject"],
    ],
    [
      "the one that is asked first comes first, a device's own chain included",
      'table netdev early {\n\tchain in {\n\t\ttype filter hook ingress device "eth0" priority -500; policy accept;\n\t\tudp dport 9 drop\n\t}\n}\ntable inet late {\n\tchain f {\n\t\ttype filter hook forward priority 100; policy drop;\n\t}\n}',
      [
        "table netdev early, chain in (ingress, priority -500, before ours): udp dport 9 drop",
        "table inet late, chain f (forward, priority 100, after ours): drops what it does not accept",
      ],
    ],
  ])("%s", (_what, listing, sentences) => {
    expect(foreignChains(listing).map(foreignSentence)).toEqual(sentences);
  });
});
