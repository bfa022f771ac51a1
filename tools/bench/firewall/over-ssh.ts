/** One rule changed on a host over SSH, by the very code that a run of Pulumi calls, and what an empty question takes. */
import { startLab } from "../../../tests/lab/harness/lab";
import type { Intent } from "../../../provider/src/compile/intent";
import type { Connection, SshConnection } from "../../../provider/src/model/connection";
import { connectionUri } from "../../../provider/src/model/connection";
import type { FirewallChange, FirewallHost } from "../../../provider/src/resources/firewall/change";
import { HostLine } from "../../../provider/src/resources/firewall/host-line";
import { hostState, planHost } from "../../../provider/src/resources/firewall/host-plan";
import { FirewallMemory } from "../../../provider/src/resources/firewall/memory";
import { HostSession } from "../../../provider/src/resources/host-session";
import { openTarget } from "../../../provider/src/targets/open-target";
import { endpointAddresses, plainRules, policySpec, routerVni, subnet, vni } from "./policy";
import { timed, timedAsync } from "./timed";

/** Milliseconds. */
export interface OverSsh {
  readonly size: number;
  /** An execution that asks for nothing. */
  readonly empty: readonly number[];
  /** The host's document read and looked at. */
  readonly look: readonly number[];
  /** Old and new compiled, compared, open flows looked through. */
  readonly plan: readonly number[];
  /** The execution that changes the rules. */
  readonly change: readonly number[];
  /** A new connection, and in it the word that the change stays. */
  readonly proof: readonly number[];
}

export interface OverSshOptions {
  readonly sizes: readonly number[];
  readonly rounds: number;
  readonly say: (line: string) => void;
}

export async function overSsh({ sizes, rounds, say }: OverSshOptions): Promise<readonly OverSsh[]> {
  const lab = await startLab({ hosts: 1, form: "light", dockerd: false });
  try {
    const { address, port, user, privateKeyPath, hostKey } = lab.host("h1");
    const connection: SshConnection = {
      kind: "ssh",
      address,
      port,
      user,
      privateKeyPath,
      hostKey,
      agent: false,
      connectTimeout: 10,
    };
    const results: OverSsh[] = [];
    for (const size of sizes) {
      results.push(await measure(connection, size, rounds));
      say(`  over SSH, ${size} rules`);
    }
    return results;
  } finally {
    await lab.down();
  }
}

const never = new AbortController().signal;

async function measure(connection: Connection, size: number, rounds: number): Promise<OverSsh> {
  const host: FirewallHost = { name: "h1", uri: connectionUri(connection), connection };
  const target = openTarget(connection);
  const session = new HostSession(target, "");
  const memory = new FirewallMemory();
  const rows: Step[] = [];
  try {
    for (let round = 0; round <= rounds; round += 1) {
      const line = new HostLine(host, session, () => openTarget(connection), "", memory);
      rows.push(await changeOnce({ line, session, host, memory }, changeTo(size, round % 2 === 1)));
    }
  } finally {
    await target.close();
  }
  // The first round loads the whole.
  const of = (step: keyof Step): readonly number[] => rows.slice(1).map((row) => row[step]);
  return { size, empty: of("empty"), look: of("look"), plan: of("plan"), change: of("change"), proof: of("proof") };
}

type Step = Readonly<Record<Exclude<keyof OverSsh, "size">, number>>;

interface Ends {
  readonly line: HostLine;
  readonly session: HostSession;
  readonly host: FirewallHost;
  readonly memory: FirewallMemory;
}

/** As a rollout on one host does it, step by step. */
async function changeOnce({ line, session, host, memory }: Ends, wanted: FirewallChange): Promise<Step> {
  const [empty] = await timedAsync(() => session.ask([], never));
  const [look, snapshot] = await timedAsync(() => line.look(false, never));
  const [plan, planned] = timed(() =>
    planHost(host, hostState(snapshot, intents), [{ change: wanted, generation: 1 }], {
      now: Math.floor(Date.now() / 1000),
      known: memory.recall(host.uri),
    }),
  );
  if (!planned.rules) throw new Error("the bench changed no rule");
  const [change] = await timedAsync(() => line.apply(planned, never));
  const [proof] = await timedAsync(() => line.disarm(planned, [], never));
  await line.close();
  return { empty, look, plan, change, proof };
}

export function changeTo(size: number, changed: boolean): FirewallChange {
  const spec = policySpec(plainRules(size, changed));
  return {
    kind: "policy",
    key: spec.name,
    owner,
    label: `policy ${spec.name}`,
    repair: false,
    expected: undefined,
    spec,
  };
}

const owner = "bench/dev";
const base = { owner, label: "bench", scope: "", vni, routerVni, mtu: 1450 } as const;

/** What the host's own records would say; the bench makes no bridge there. */
export const intents: readonly Intent[] = [
  {
    ...base,
    kind: "segment",
    underlay: "192.0.2.1",
    port: 4789,
    peers: [],
    ipv4: { cidr: subnet, gateway: "192.168.0.1", router: "192.168.0.128", range: "192.168.0.128/26" },
    ipv6: undefined,
    dockerNetwork: undefined,
  },
  ...endpointAddresses.map((address, at): Intent => ({
    ...base,
    kind: "port",
    name: `e${at}`,
    mac: "02:00:00:00:00:01",
    ipv4: { address: `${address}/24` },
    ipv6: undefined,
    attachment: { kind: "namespace", namespace: `e${at}`, interface: "eth0" },
    guard: undefined,
  })),
];
