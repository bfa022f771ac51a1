/** Service entries as examples, and requests to the host's program that are made of steps. */
import { routerNamespace } from "../../provider/src/compile/names";
import type { ServiceIntent } from "../../provider/src/compile/service/intent";
import { nameSteps } from "../../provider/src/compile/service/names";
import type { Step } from "../../provider/src/compile/step";
import { ensureWords, identityOf, queryWords, removeWords } from "../../provider/src/compile/steps";
import type { Words } from "../../provider/src/compile/steps";
import { hash64 } from "../../provider/src/model/hash";
import type { Fragment, Request } from "../../provider/src/render/instructions";
import { place } from "./intents";

export function serviceIntent(changes: Partial<ServiceIntent> = {}): ServiceIntent {
  return {
    ...place,
    kind: "service",
    name: "web",
    routerVni: 5000,
    pools: [],
    balancing: "round-robin",
    ipv4: "10.20.200.1",
    ipv6: "fd00:20:ff::1",
    dns: { zone: "shop.sdn.internal", names: ["web.shop.sdn.internal"], ttl: 5, upstreams: [] },
    ports: [{ name: "http", protocol: "tcp", port: 80, targetPort: 8080 }],
    backends: [{ kind: "address", address: "10.20.1.5", weight: 1 }],
    ...changes,
  };
}

/** The entry of another name. */
export function entryOf(name: string, changes: Partial<ServiceIntent> = {}): ServiceIntent {
  const dns = { ...serviceIntent().dns, names: [`${name}.shop.sdn.internal`], ...changes.dns };
  return serviceIntent({ name, label: name, ...changes, dns });
}

const keyOf = ({ routerVni, name }: ServiceIntent): string => `service-${routerVni}-${name}`;
const markOf = (intent: ServiceIntent): string => `sdn:${intent.owner}:${keyOf(intent)}`;

/** The names of an entry as a resource of its own: made, changed, or taken away. */
export function namesFragment(to: ServiceIntent, from?: ServiceIntent): Fragment {
  const steps = nameSteps(to);
  const kept = new Set(steps.map(identityOf));
  const gone = from === undefined ? [] : nameSteps(from).filter((step) => !kept.has(identityOf(step)));
  const intent = JSON.stringify(to);
  return {
    key: keyOf(to),
    mark: markOf(to),
    hash: hash64(intent).toString(16),
    expectedGeneration: undefined,
    words: [...removals(gone), ...steps.map(ensureWords)],
    intent,
  };
}

export const noNamesFragment = (intent: ServiceIntent): Fragment => ({
  key: keyOf(intent),
  mark: markOf(intent),
  hash: "",
  expectedGeneration: undefined,
  words: removals(nameSteps(intent)),
  intent: undefined,
});

function removals(steps: readonly Step[]): readonly Words[] {
  return [...steps].reverse().flatMap((step) => {
    const words = removeWords(step);
    return words === undefined ? [] : [words];
  });
}

/** A request with a report that tells all that the steps of these entries need to be compared. */
export function namesRequest(scope: string, fragments: readonly Fragment[], about: readonly ServiceIntent[]): Request {
  const asked = about.flatMap(nameSteps).flatMap((step) => {
    const words = queryWords(step);
    return words === undefined ? [] : [words];
  });
  const queries = [...new Map(asked.map((words) => [words.join(" "), words])).values()];
  return { scope, fragments, facts: false, report: true, queries };
}

export const routerOf = ({ routerVni, scope }: ServiceIntent): string => routerNamespace(routerVni, scope);
