/** Modelled hosts with labelled endpoints and policies: what is said to each of them, and what each of them then has. */
import { hash64 } from "../../provider/src/model/hash";
import type { ResourceReference, ValueMap } from "../../provider/src/rpc/value";
import type { Script } from "../../provider/src/targets/fake-target";
import { listingOf } from "./model-host/firewall-table";
import type { ModelHost } from "./model-host";
import type { Program } from "./engine";
import { endpointOn, shop, subnetOf } from "./programs";
import { World } from "./world";

/** What an execution is about. */
export type Phase =
  | "look"
  | "check"
  | "stage"
  | "change"
  | "write"
  | "prove"
  | "disarm"
  | "roll back"
  /** Not about the firewall. */
  | "other";

/** What a host says instead, given what it would say. */
export type Instead = (play: () => string) => string;

function phaseOf(stdin: string): Phase {
  if (stdin.includes("\nfirewall_rollback ")) return "roll back";
  if (stdin.includes("\nfirewall_disarm ")) return "disarm";
  if (stdin.includes("\nfirewall_check ")) return "check";
  if (stdin.includes("\nfirewall_next ")) return "stage";
  if (stdin.includes("\nbegin firewall ")) return stdin.includes("\nfirewall_arm ") ? "change" : "write";
  if (/\nquery_firewall( \S+)?\n/.test(stdin) && !stdin.includes("\nfacts\n")) return "look";
  return /^scope \S+\nreport\ndone\n$/.test(stdin) ? "prove" : "other";
}

export class GuardedFleet {
  readonly world: World;
  private readonly meddling = new Map<string, Instead>();
  private seen: Phase[][];

  constructor(count: number) {
    this.seen = Array.from({ length: count }, () => []);
    const options = Array.from({ length: count }, () => ({ docker: false }));
    this.world = new World(options, (model, index) => this.script(model, index));
  }

  get models(): readonly ModelHost[] {
    return this.world.hosts.map(({ model }) => model);
  }

  /** In that phase the host says something else; in `any` whatever it is asked. */
  meddle(host: string, phase: Phase | "any", instead: Instead): void {
    this.meddling.set(`${host} ${phase}`, instead);
  }

  leaveAlone(): void {
    this.meddling.clear();
  }

  /** The phases on each host since it was asked last. */
  takePhases(): readonly (readonly Phase[])[] {
    const seen = this.seen;
    this.seen = seen.map(() => []);
    return seen;
  }

  private script(model: ModelHost, index: number): Script {
    return (_program, stdin) => {
      const phase = phaseOf(stdin);
      this.seen[index]?.push(phase);
      const play = (): string => model.run(stdin);
      const host = `h${index + 1}`;
      const instead = this.meddling.get(`${host} ${phase}`) ?? this.meddling.get(`${host} any`);
      return { exitCode: 0, stdout: instead === undefined ? play() : instead(play), stderr: "" };
    };
  }
}

/** What a host has of the firewall, however it came there. Equal tables have equal sums. */
export function firewallOf(model: ModelHost): unknown {
  const { firewall, ledger } = model.contents;
  const tables = [...firewall.tables].map(([name, commands]) => {
    const { chains = [], sets = [] } = listingOf(commands) ?? {};
    const elements = [...sets].map(([set, all]): [string, readonly string[]] => [set, [...all].sort()]);
    const text = JSON.stringify([[...chains].sort(byName), elements.sort(byName)]);
    return `${name} ${hash64(text).toString(16)}`;
  });
  const { generation, hash, words = [] } = ledger.get("firewall") ?? {};
  const record = [generation, hash, hash64(words.join()).toString(16), ...entriesOn(model)];
  return { tables: tables.sort(), record, held: firewall.held, armed: firewall.armed?.nonce };
}

const byName = ([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number =>
  one < other ? -1 : 1;

interface Document {
  readonly policies: Readonly<Record<string, unknown>>;
  readonly members: Readonly<Record<string, unknown>>;
}

/** What a host's record says: the names of its policies and members. */
export function entriesOn(model: ModelHost): readonly string[] {
  const record = model.contents.ledger.get("firewall");
  if (record === undefined) return [];
  const { policies, members } = JSON.parse(atob(record.intent)) as Document;
  return [...Object.keys(policies), ...Object.keys(members)].sort();
}

export interface GuardedArgs {
  /** How many of the hosts are in the fabric; left out: all. */
  readonly hosts?: number;
  /** Names of endpoints with the label `app: web`, one after another on the hosts. */
  readonly members?: readonly string[];
  /** By name: the TCP port that it opens. */
  readonly policies?: Readonly<Record<string, number>>;
  /** What becomes of what the policies do not speak of on the way out. */
  readonly egress?: "continue" | "deny";
  /** A DNS name that the policies let what they apply to reach. */
  readonly mirror?: string;
  /** A namespace on the first host that is attached, with the label. */
  readonly box?: string;
}

/** A network with one subnet, labelled endpoints in it, and policies on it. */
export const guarded =
  (world: Pick<World, "hosts">, args: GuardedArgs): Program =>
  async (run) => {
    const { hosts = world.hosts.length, members = [], policies = {}, egress = "continue", mirror, box } = args;
    const made = await shop(run, { hosts: world.hosts.slice(0, hosts) });
    const web = await subnetOf(run, made, "web", { cidr: "10.20.1.0/24", vni: 5001, docker: false });
    const labels = { app: "web" };
    const labelled = members.map((name, index) =>
      endpointOn(run, made.hosts[index % hosts], name, { subnet: web, labels }),
    );
    const attached =
      box === undefined ? [] : [endpointOn(run, made.hosts[0], box, { subnet: web, labels, namespace: { name: box } })];
    const group = await run.add("sdn:index:SecurityGroup", "webs", { members: [{ labels: { matchLabels: labels } }] });
    const guards = Object.entries(policies).map(([name, port], index) =>
      run.add(
        "sdn:index:FirewallPolicy",
        name,
        policyOn(made.fabric, web, group, { port, priority: index, egress, mirror }),
      ),
    );
    await Promise.all([...labelled, ...attached, ...guards]);
  };

interface PolicyArgs {
  readonly port: number;
  readonly priority: number;
  readonly egress: string;
  readonly mirror: string | undefined;
}

function policyOn(
  fabric: ResourceReference,
  subnet: ResourceReference,
  group: ResourceReference,
  { port, priority, egress, mirror }: PolicyArgs,
): ValueMap {
  return {
    fabric,
    priority,
    appliesTo: [{ subnet }],
    defaults: { ingress: "isolate", egress },
    rules: [
      {
        name: "in",
        direction: "ingress",
        action: "allow",
        from: [{ group }],
        services: [{ protocol: "tcp", ports: port }],
      },
      ...(mirror === undefined
        ? []
        : [{ name: "out", direction: "egress", action: "allow", to: [{ dnsName: mirror }] }]),
    ],
  };
}
