/** The operations on load balancers that are processes. */
import type { Operation, Step } from "./operations";
import { linkOf } from "./places";
import { Refusal } from "./refusal";
import type { ModelState } from "./state";

const cidrOf = (vip: string): string => `${vip}/${vip.includes(":") ? 128 : 32}`;
const listed = (word: string): readonly string[] => (word === "-" || word === "" ? [] : word.split(","));

/** What the records say of one process, in a constant order. */
function linesOf({ ledger }: ModelState, driver: string, router: string, without?: string): readonly string[] {
  const lines = [...ledger].flatMap(([key, { words }]) => (key === without ? [] : words));
  return lines.filter((line) => line.startsWith(`service_balancer ${driver} ${router} `)).sort();
}

function settle({ state, key }: Step, driver: string, router: string, own?: string): void {
  const lines = [...linesOf(state, driver, router, key), ...(own === undefined ? [] : [own])].sort();
  const name = `${driver} ${router}`;
  const file = lines.join("\n");
  if (lines.length === 0) state.balancers.delete(name);
  else state.balancers.set(name, { file, running: file, unit: true });
}

function dropVips(state: ModelState, where: string, vips: readonly string[]): void {
  const lo = state.namespaces.get(where)?.links.get("lo");
  if (lo !== undefined) lo.addresses = lo.addresses.filter((one) => !vips.map(cidrOf).includes(one));
}

function ensureBalancer(step: Step, ...words: readonly string[]): void {
  const [driver = "", router = "", where = "", name = "", vips = ""] = words;
  const { state } = step;
  const lacks = programLacks(state, driver);
  if (lacks.length > 0) {
    throw new Refusal("remote-failure", `${driver} cannot balance on this host, which lacks: ${lacks.join(",")}`);
  }
  const prefix = `service_balancer ${driver} ${router} ${where} ${name} `;
  const before = state.ledger.get(step.key)?.words.find((line) => line.startsWith(prefix));
  dropVips(state, where, listed(before?.split(" ")[5] ?? "-"));
  const lo = linkOf(state, where, "lo");
  lo.addresses = [...new Set([...lo.addresses, ...listed(vips).map(cidrOf)])];
  settle(step, driver, router, `service_balancer ${words.join(" ")}`);
}

const programLacks = ({ withoutPrograms }: ModelState, driver: string): readonly string[] => [
  ...(withoutPrograms.has(driver) ? ["program"] : []),
  ...(withoutPrograms.has("socat") ? ["socat"] : []),
];

export const balancerOperations: Readonly<Record<string, Operation>> = {
  service_balancer: ensureBalancer,
  remove_service_balancer: (step, driver = "", router = "", where = "", _name = "", vips = "") => {
    dropVips(step.state, where, listed(vips));
    settle(step, driver, router);
  },
};

export function balancerLine(state: ModelState, driver: string, router: string): readonly string[] {
  const found = state.balancers.get(`${driver} ${router}`);
  const wanted = linesOf(state, driver, router).join("\n");
  const lacks = [...programLacks(state, driver)];
  if (lacks.length === 0 && wanted !== "") {
    if (found?.file !== wanted) lacks.push("config");
    if (found?.unit !== true) lacks.push("unit");
    if (found?.running === undefined) lacks.push("process");
    else if (found.running !== wanted) lacks.push("running");
  }
  return lacks.length === 0 ? [] : [`balancer ${driver} ${router} ${lacks.join(",")}`];
}
