import { type Probe, probesOf } from "../../../provider/src/compile/firewall/probes";
import { compileDocument } from "../../../provider/src/compile/firewall/compile";
import { emptyDocument } from "../../../provider/src/compile/firewall/document";
import type { PolicySpec } from "../../../provider/src/compile/firewall/intent";
import type { ReachedAddress } from "../../../provider/src/model/snapshot";

const host = "ssh://root@192.0.2.11:22";
const reached: readonly ReachedAddress[] = [
  { kind: "gateway", address: "192.0.2.1" },
  { kind: "underlay", address: "192.0.2.12" },
];
const egress = (action: "allow" | "deny", cidr: string): PolicySpec["rules"][number] => ({
  name: "icmp",
  direction: "egress",
  action,
  peers: [{ kind: "cidr", cidr }],
  services: [{ protocol: "icmp" }],
});

function probes(more: Partial<PolicySpec>, unsafe: readonly string[] = []): readonly Probe[] {
  const spec: PolicySpec = {
    label: "machine",
    name: "machine",
    tier: "admin",
    priority: 1,
    appliesTo: [{ kind: "host", name: "h1", uri: host }],
    rules: [],
    defaults: { ingress: "continue", egress: "deny" },
    enforcement: "enforced",
    onClose: "cut",
    groups: [],
    ...more,
  };
  const policies = { machine: { owner: "shop/dev", generation: 1, spec } };
  const document = { ...emptyDocument, policies, ownAddresses: ["192.0.2.11"] };
  return probesOf(compileDocument(document, host).plan, reached, { time: 0, unsafe: new Set(unsafe) });
}
const allowed = reached.map((one) => ({ ...one, deniedBy: undefined }));
const [gateway, other] = reached.map((one) => ({ ...one, deniedBy: "machine/default" }));

test.each<[string, readonly Probe[], readonly (Probe | undefined)[]]>([
  ["what policies leave open", probes({ defaults: { ingress: "deny", egress: "continue" } }), allowed],
  ["what only a default denies", probes({}), [gateway, other]],
  ["not what a rule denies", probes({ rules: [egress("deny", "192.0.2.1/32")] }), [other]],
  ["what a rule allows", probes({ rules: [egress("allow", "192.0.2.0/24")] }), allowed],
  ["not what a policy denies that may cut off anybody", probes({}, ["machine"]), []],
  ["nothing where no policy is about the host", probes({ appliesTo: [{ kind: "host", name: "h2", uri: "x:" }] }), []],
])("who must answer after a change: %s", (_what, found, wanted) => {
  expect(found).toEqual(wanted);
});
