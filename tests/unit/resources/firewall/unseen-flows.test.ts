import type { Snapshot } from "../../../../provider/src/model/snapshot";
import { parseReport } from "../../../../provider/src/render/report";
import { unseenQuery, unseenSentences } from "../../../../provider/src/resources/firewall/unseen-flows";
import { routerIntent, segmentIntent } from "../../../support/intents";
import { ModelHost } from "../../../support/model-host";
import { applyFragment, requestOf } from "../../../support/requests";

const key = "net.bridge.bridge-nf-call-iptables";
const end = "TCP connections that are open there end when the first policy comes";

function snapshotOf(damage: (host: ModelHost) => void): Snapshot {
  const host = new ModelHost();
  const intents = [routerIntent(), segmentIntent()];
  host.run(
    requestOf(
      "-",
      intents.map((one) => applyFragment(one)),
    ),
  );
  host.setSysctl(key, "1");
  damage(host);
  return parseReport(host.run(["scope -", unseenQuery.join(" "), "report", "done", ""].join("\n"))).snapshot;
}

const forgetZones = (host: ModelHost): void =>
  host.change(({ namespaces }) => namespaces.get("-")?.tables.get("inet sdn")?.maps.get("zones")?.clear());

test.each<[string, (host: ModelHost) => void, readonly string[], readonly string[]]>([
  ["nothing of bridges with zones that conntrack sees", () => undefined, ["sdn-b-5001"], []],
  [
    "where bridged packets are not shown to conntrack",
    (host) => host.setSysctl(key, "0"),
    ["sdn-b-5001"],
    [`what passes its bridges is not shown to conntrack (${key} is not 1): ${end}`],
  ],
  [
    "a bridge that an older version made",
    forgetZones,
    ["sdn-b-5001"],
    [`sdn-b-5001 of an older version without a conntrack zone: ${end}, unless \`pulumi refresh\` and \`up\` go before`],
  ],
  ["nothing of a bridge that this run makes", forgetZones, ["sdn-b-5002"], []],
  ["nothing where no bridge is guarded", forgetZones, [], []],
])("a preview says: %s", (_what, damage, guarded, sentences) => {
  expect(unseenSentences({ guarded }, snapshotOf(damage))).toEqual(sentences);
});
