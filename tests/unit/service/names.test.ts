/** Names on a modelled host: made, compared, damaged, mended, and gone with the last entry of their network. */
import type { ServiceIntent } from "../../../provider/src/compile/service/intent";
import { nameSteps } from "../../../provider/src/compile/service/names";
import type { StepKind } from "../../../provider/src/compile/step";
import { differencesOf, identityOf } from "../../../provider/src/compile/steps";
import type { Fragment } from "../../../provider/src/render/instructions";
import { renderRequest } from "../../../provider/src/render/instructions";
import type { Report } from "../../../provider/src/render/report";
import { parseReport } from "../../../provider/src/render/report";
import type { Damage } from "../../support/damage";
import { damages } from "../../support/damage";
import { routerIntent } from "../../support/intents";
import { ModelHost } from "../../support/model-host";
import { applyFragment, requestOf } from "../../support/requests";
import { entryOf, namesFragment, namesRequest, noNamesFragment, serviceIntent } from "../../support/services";

const where = "sdn-r-5000";
const web = serviceIntent();
const api = entryOf("api", { ipv4: "10.20.200.2", ipv6: undefined });

let host: ModelHost;
beforeEach(() => {
  host = new ModelHost();
  host.run(requestOf("", [applyFragment(routerIntent())]));
});

function run(fragments: readonly Fragment[], about: readonly ServiceIntent[] = []): Report {
  const report = parseReport(host.run(renderRequest(namesRequest("", fragments, about))));
  expect([...report.results.values()].filter(({ ok }) => !ok)).toEqual([]);
  return report;
}

const drift = (intent: ServiceIntent): readonly string[] => {
  const { snapshot } = run([], [intent]);
  return nameSteps(intent).flatMap((step) => differencesOf(step, snapshot));
};

test("an entry's names are made, and show no difference", () => {
  run([namesFragment(web)]);
  expect(drift(web)).toEqual([]);
});

test("a changed entry leaves nothing of what it had", () => {
  run([namesFragment(web)]);
  const moved = { ...web, ipv4: "10.20.200.9" };
  expect(drift(moved)).toEqual([
    `names of web in ${where} lack web.shop.sdn.internal. 5 A 10.20.200.9, web. 5 A 10.20.200.9, ` +
      "9.200.20.10.in-addr.arpa. 5 PTR web.shop.sdn.internal.",
    `names of web in ${where} have web.shop.sdn.internal. 5 A 10.20.200.1, web. 5 A 10.20.200.1, ` +
      "1.200.20.10.in-addr.arpa. 5 PTR web.shop.sdn.internal., which is not ours",
  ]);
  run([namesFragment(moved, web)]);
  expect(drift(moved)).toEqual([]);
});

test("server and redirect go with the last entry of the network, not before", () => {
  const before = host.contents;
  run([namesFragment(web), namesFragment(api)]);
  run([noNamesFragment(web)]);
  expect(drift(api)).toEqual([]);
  run([noNamesFragment(api)]);
  expect(host.contents.dns.size).toBe(0);
  expect(host.contents).toEqual(before);
});

test("both entries removed at once leave nothing", () => {
  const before = host.contents;
  run([namesFragment(web), namesFragment(api)]);
  run([noNamesFragment(web), noNamesFragment(api)]);
  expect(host.contents).toEqual(before);
});

test("a host without unbound refuses, and keeps nothing", () => {
  host.change((state) => (state.dnsVersion = ""));
  const before = host.contents;
  const { results } = parseReport(host.run(renderRequest(namesRequest("", [namesFragment(web)], []))));
  expect([...results.values()]).toEqual([
    { ok: false, code: "remote-failure", message: "unbound, which answers for names, is not installed" },
  ]);
  expect(host.contents).toEqual(before);
});

const struck = nameSteps(web).flatMap((step) =>
  (damages[step.kind] as readonly Damage<StepKind>[]).map((damage) => ({
    title: `${identityOf(step)}: ${damage.name}`,
    step,
    damage: damage,
  })),
);

test.each(struck)("$title: said by a refresh, mended by an up", ({ step, damage }) => {
  run([namesFragment(web)]);
  const healthy = host.contents;
  host.change((state) => {
    damage.strike(state, step);
  });
  expect(drift(web).join("\n")).toContain(damage.says(step));
  run([namesFragment(web, web)]);
  expect(drift(web)).toEqual([]);
  expect(host.contents).toEqual(healthy);
});
