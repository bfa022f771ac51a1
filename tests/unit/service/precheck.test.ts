/** What a preview says of names before anything is changed. */
import type { ServiceIntent } from "../../../provider/src/compile/service/intent";
import type { DnsFacts } from "../../../provider/src/model/snapshot";
import { namesFit, namesWarnings } from "../../../provider/src/resources/precheck-names";
import { entryOf, serviceIntent } from "../../support/services";

const healthy: DnsFacts = { version: "1.17.1", resolvers: ["192.0.2.53"], loopback: false };
const { dns } = serviceIntent();
const asking = (upstreams: ServiceIntent["dns"]["upstreams"]): ServiceIntent =>
  serviceIntent({ dns: { ...dns, upstreams } });

function said(
  intent: ServiceIntent,
  facts: DnsFacts | undefined,
  others: readonly ServiceIntent[] = [],
): readonly string[] {
  const problems: string[] = [];
  namesFit(intent, { dns: facts }, others, ({ cause }) => void problems.push(cause));
  return problems;
}

test.each<readonly [string, ServiceIntent, DnsFacts | undefined, readonly ServiceIntent[], readonly string[]]>([
  ["a host that has everything", asking("host"), healthy, [], []],
  ["a host that was not asked", serviceIntent(), undefined, [], []],
  [
    "a host without unbound",
    serviceIntent(),
    { ...healthy, version: undefined },
    [],
    ["unbound, which answers for the names of a network, is not installed"],
  ],
  ["the host's resolvers, of which none can be asked", asking("host"), { ...healthy, resolvers: [] }, [], []],
  ["servers that were named, whatever the host asks", asking(["192.0.2.1"]), { ...healthy, resolvers: [] }, [], []],
  ["other names in the same network", serviceIntent(), healthy, [entryOf("api")], []],
  [
    "the same name in the same network",
    serviceIntent(),
    healthy,
    [entryOf("api", { dns })],
    ["the entry api of the same network has this name"],
  ],
  ["the same name in another network", serviceIntent(), healthy, [entryOf("api", { dns, routerVni: 5005 })], []],
  ["itself, as it was", serviceIntent(), healthy, [asking(["192.0.2.1"])], []],
  [
    "another zone and other upstreams in the same network",
    serviceIntent(),
    healthy,
    [entryOf("api", { dns: { ...dns, names: ["api.shop"], zone: "shop", upstreams: "host" } })],
    [
      "the entry api of the same network has shop, and one server answers for both",
      "the entry api of the same network has host, and one server answers for both",
    ],
  ],
])("%s", (_name, intent, facts, others, problems) => {
  expect(said(intent, facts, others)).toEqual(problems);
});

test("a host without a resolver that a network could ask is warned of, where entries ask the host's", () => {
  const host = { dns: { ...healthy, resolvers: [] }, facts: undefined };
  expect(namesWarnings(asking("host"), host)).toEqual([expect.stringContaining("name servers in Fabric.nameservers")]);
  expect(namesWarnings(asking(["192.0.2.1"]), host)).toEqual([]);
  expect(namesWarnings(asking("host"), { dns: healthy, facts: undefined })).toEqual([]);
});

test("a resolver on the host's loopback is warned of where there is an engine", () => {
  const docker = { version: "20.10.24", apiVersion: "1.41", addressPools: [] };
  const facts = { docker } as unknown as NonNullable<Parameters<typeof namesWarnings>[1]["facts"]>;
  expect(namesWarnings(serviceIntent(), { dns: healthy, facts })).toEqual([]);
  expect(namesWarnings(serviceIntent(), { dns: { ...healthy, loopback: true }, facts: undefined })).toEqual([]);
  expect(namesWarnings(serviceIntent(), { dns: { ...healthy, loopback: true }, facts })).toEqual([
    expect.stringContaining("containers do not learn the network's names"),
  ]);
});
