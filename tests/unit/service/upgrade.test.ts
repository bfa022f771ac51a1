/** A segment that an older version made, whose record says nothing of services. */
import type { Intent } from "../../../provider/src/compile/intent";
import { driftOf } from "../../../provider/src/compile/plan";
import { parseReport } from "../../../provider/src/render/report";
import { routerIntent, segmentIntent, serviceIntent } from "../../support/intents";
import { ModelHost } from "../../support/model-host";
import { requestOf } from "../../support/requests";
import { perform } from "../../support/surroundings";

const drift = (host: ModelHost, intent: Intent): readonly string[] =>
  driftOf(intent, parseReport(host.run(requestOf("", [], [intent]))).snapshot);

test("is named by the service that comes, and by itself, and mended when it is made again", () => {
  const host = new ModelHost();
  host.addDockerUser();
  const [segment, service] = [segmentIntent(), serviceIntent()];
  perform(host, routerIntent());
  perform(host, segment);
  host.change(({ ledger }) => {
    const record = ledger.get("segment-5001");
    if (record === undefined) throw new Error("no record");
    const words = record.words.filter((line) => !line.startsWith("service_path "));
    ledger.set("segment-5001", { ...record, words });
  });
  expect(drift(host, segment)).toEqual([]);
  perform(host, service);
  const missing = "the way of services' packets by sdn-b-5001 is missing";
  expect(drift(host, segment)).toEqual([missing]);
  expect(drift(host, service)).toEqual([
    `${missing}: an older version made the segment; run \`pulumi refresh\` and \`pulumi up\``,
  ]);
  perform(host, segment, segment);
  expect([...drift(host, segment), ...drift(host, service)]).toEqual([]);
});
