/** What everybody in the race must make, host by host: the steps that our own run left in the hosts' records. */
import type { Intent } from "../../../provider/src/compile/intent";
import { stepsOf } from "../../../provider/src/compile/plan";
import type { Step } from "../../../provider/src/compile/step";
import { identityOf } from "../../../provider/src/compile/steps";
import { renderRequest } from "../../../provider/src/render/instructions";
import { hostProgram } from "../../../provider/src/render/program";
import { parseReport } from "../../../provider/src/render/report";
import { openTarget } from "../../../provider/src/targets/open-target";
import type { LabHost } from "../../../tests/lab/harness/lab";

export interface HostJob {
  readonly host: LabHost;
  readonly steps: readonly Step[];
}

/** Reads the records of all hosts. */
export async function recordedJob(hosts: readonly LabHost[]): Promise<readonly HostJob[]> {
  return Promise.all(hosts.map(async (host) => ({ host, steps: distinct((await intentsOn(host)).flatMap(stepsOf)) })));
}

/** What `larger` has more than `smaller`. */
export function difference(larger: readonly HostJob[], smaller: readonly HostJob[]): readonly HostJob[] {
  return larger.map(({ host, steps }, at) => {
    const present = new Set(smaller[at]?.steps.map((step) => JSON.stringify(step)));
    return { host, steps: steps.filter((step) => !present.has(JSON.stringify(step))) };
  });
}

async function intentsOn(host: LabHost): Promise<readonly Intent[]> {
  const { address, port, user, privateKeyPath, hostKey } = host;
  const target = openTarget({
    kind: "ssh",
    address,
    port,
    user,
    privateKeyPath,
    hostKey,
    agent: false,
    connectTimeout: 10,
  });
  try {
    const request = renderRequest({ scope: "", fragments: [], facts: false, report: true, queries: [] });
    const signal = new AbortController().signal;
    const { stdout } = await target.run(hostProgram, request, { signal, timeoutMs: 60_000 });
    const intents = [...parseReport(stdout).snapshot.ledger.values()].map(({ intent }) => JSON.parse(intent) as Intent);
    // Routers first: the rest stands in them.
    return [...intents].sort((one, other) => rank(one) - rank(other) || vniOf(one) - vniOf(other));
  } finally {
    await target.close();
  }
}

const rank = (intent: Intent): number => (intent.kind === "router" ? 0 : 1);
const vniOf = (intent: Intent): number => ("vni" in intent ? intent.vni : 0);

function distinct(steps: readonly Step[]): readonly Step[] {
  const seen = new Map<string, Step>();
  for (const step of steps) if (!seen.has(identityOf(step))) seen.set(identityOf(step), step);
  return [...seen.values()];
}
