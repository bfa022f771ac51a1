/**
 * The firewall on one host: a policy of many rules compiled, loaded, and changed by one rule; beside it the same policy as
 * linear rules of nftables. In a network namespace of its own; needs root.
 */
import { execFileSync } from "node:child_process";
import { firewallPlan } from "../../../provider/src/compile/firewall/plan";
import { firewallProgram } from "../../../provider/src/compile/firewall/program";
import { changeCommands, type NftCommand, replaceCommands } from "../../../provider/src/compile/nft/program";
import { parseAddress } from "../../../provider/src/model/address";
import { formatCidr, parseCidr } from "../../../provider/src/model/cidr";
import type { Policy, Rule } from "../../../provider/src/policy/rule";
import type { World } from "../../../provider/src/policy/world";
import { markdownTable, median } from "../numbers";

const rounds = 5;
const port = 8080;

const world: World = {
  networks: [{ name: "net", peers: [] }],
  segments: [
    {
      name: "seg",
      network: "net",
      bridge: "sdn-b-1",
      zone: 1,
      hosts: ["host"],
      cidrs: [parseCidr("192.168.0.0/24", "cidr")],
    },
  ],
  endpoints: Array.from({ length: 50 }, (_, index) => ({
    name: `e${index}`,
    segment: "seg",
    host: "host",
    addresses: [parseAddress(`192.168.0.${index + 2}`, "address")],
    labels: {},
  })),
  groups: [],
  hostRanges: [],
};

/** Every tenth rule has a block of peers, every fifth a range of ports, every seventh denies. */
function ruleAt(index: number, changed: boolean): Rule {
  const [high, middle, low] = [index >> 16, (index >> 8) & 255, index & 255];
  const text =
    index % 10 === 9
      ? `172.${16 + (index >> 12)}.${(index >> 4) & 255}.${(index & 15) << 4}/28`
      : `10.${high}.${middle}.${low}/32`;
  const first = changed ? port : 1000 + (index % 50);
  return {
    name: `r${index}`,
    direction: "ingress",
    action: index % 7 === 0 ? "deny" : "allow",
    enabled: true,
    peers: [{ kind: "cidr", cidr: parseCidr(text, "cidr"), except: [] }],
    services: [{ kind: "ports", protocol: 6, ports: [{ first, last: index % 5 === 0 ? first + 10 : first }] }],
  };
}

function policyOf(count: number, changed?: number): Policy {
  return {
    name: "big",
    tier: "application",
    priority: 1,
    appliesTo: [{ kind: "network", name: "net" }],
    rules: Array.from({ length: count }, (_, index) => ruleAt(index, index === changed)),
    defaults: { ingress: "deny", egress: "continue" },
    enforcement: { mode: "enforced" },
    onClose: "cut",
  };
}

/** The same policy, a rule a rule. */
function linearCommands(policy: Policy): readonly NftCommand[] {
  const at = { family: "inet", table: "linear" };
  const is = (field: readonly [string, string], right: unknown): NftCommand => ({
    match: { op: "==", left: { payload: { protocol: field[0], field: field[1] } }, right },
  });
  const chain = { ...at, name: "forward", type: "filter", hook: "forward", prio: -5, policy: "drop" };
  return [
    { add: { table: { family: "inet", name: "linear" } } },
    { add: { chain } },
    ...policy.rules.flatMap((rule) => {
      const [peer] = rule.peers;
      const [service] = rule.services === "any" ? [] : rule.services;
      if (peer?.kind !== "cidr" || service?.kind !== "ports") return [];
      const [addr = "", len] = formatCidr(peer.cidr).split("/");
      const { first = 0, last = 0 } = service.ports[0] ?? {};
      const expr = [
        is(["ip", "saddr"], { prefix: { addr, len: Number(len) } }),
        is(["tcp", "dport"], first === last ? first : { range: [first, last] }),
        { counter: null },
        rule.action === "allow" ? { accept: null } : { drop: null },
      ];
      return [{ add: { rule: { ...at, chain: "forward", comment: rule.name, expr } } }];
    }),
  ];
}

interface Figures {
  readonly rules: number;
  readonly compile: number;
  readonly kilobytes: number;
  readonly load: number;
  readonly change: number;
  readonly linearLoad: number;
}

function timed<T>(work: () => T): readonly [number, T] {
  const begun = performance.now();
  const result = work();
  return [performance.now() - begun, result];
}

function measure(rules: number, space: string): Figures {
  const nft = (commands: readonly NftCommand[]): number => {
    const input = JSON.stringify({ nftables: commands });
    return timed(() => execFileSync("sh", ["-c", `cat | ip netns exec ${space} nft -j -f -`], { input }))[0];
  };
  const compile = (policy: Policy): ReturnType<typeof firewallProgram> =>
    firewallProgram(firewallPlan([policy], world, { host: "host", now: 0 }));
  const samples = Array.from({ length: rounds }, () => {
    const [time, program] = timed(() => compile(policyOf(rules)));
    const commands = replaceCommands(program);
    const load = nft(commands);
    const change = nft(changeCommands(program, compile(policyOf(rules, rules >> 1))));
    nft([{ delete: { table: { family: "inet", name: program.table } } }]);
    const linearLoad = nft(linearCommands(policyOf(rules)));
    nft([{ delete: { table: { family: "inet", name: "linear" } } }]);
    return { compile: time, bytes: JSON.stringify(commands).length, load, change, linearLoad };
  });
  const middle = (of: (sample: (typeof samples)[number]) => number): number => median(samples.map(of));
  return {
    rules,
    compile: middle((sample) => sample.compile),
    kilobytes: middle((sample) => sample.bytes) / 1000,
    load: middle((sample) => sample.load),
    change: middle((sample) => sample.change),
    linearLoad: middle((sample) => sample.linearLoad),
  };
}

export function firewall(): string {
  const space = `sdn-bench-${process.pid}`;
  execFileSync("ip", ["netns", "add", space]);
  try {
    const milliseconds = (value: number): string => `${value.toFixed(0)} ms`;
    const rows = [100, 1000, 10_000].map((rules) => {
      const figures = measure(rules, space);
      return [
        String(rules),
        milliseconds(figures.compile),
        `${figures.kilobytes.toFixed(0)} kB`,
        milliseconds(figures.load),
        milliseconds(figures.change),
        milliseconds(figures.linearLoad),
      ];
    });
    const head = ["rules", "compile", "sent", "nft loads it", "nft changes one rule", "nft loads linear rules"];
    return `Medians of ${rounds}.\n\n${markdownTable(head, rows)}`;
  } finally {
    execFileSync("ip", ["netns", "del", space]);
  }
}
