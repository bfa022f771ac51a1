/** The firewall's table on the model: loaded, changed, armed and rolled back as the program does it. */
import { hitLines, lookAtHits, settleHits } from "./firewall-hits";
import { patchedRecord } from "./firewall-patch";
import { fillCommands, followLine, setDynamics } from "./follow";
import { listingOf, type NftCommand, parseTransaction, tableOf } from "./firewall-table";
import type { Operation } from "./operations";
import { Refusal } from "./refusal";
import { ensureSysctl } from "./settings";
import type { ModelFirewall, ModelPicture, ModelRecord, ModelState } from "./state";

export const firewallKey = "firewall";
const table = "sdn_fw";
const nextTable = "sdn_fw_next";
const heldSets = ["held_bridges", "held4", "held6"] as const;

/** What one run leaves out of the record: it is for this time only. */
export const isPassing = (operation: string): boolean =>
  ["firewall_patch", "firewall_arm", "firewall_next", "firewall_change", "firewall_hold", "firewall_settle"].includes(
    operation,
  );

// ---- the live table ----

function transact({ tables }: ModelFirewall, text: string): void {
  // Wholly or not at all: what is refused has thrown before anything is written.
  const now = [...Map.groupBy(parseTransaction(text), tableOf)].map(([name, commands]) => {
    const all = [...(tables.get(name) ?? []), ...commands];
    const exists = listingOf(all) !== undefined;
    const since = all.findLastIndex((command) => command.delete?.table !== undefined) + 1;
    // Frozen, so that copies of the host share it.
    return { name, commands: exists ? Object.freeze(all.slice(since)) : undefined };
  });
  for (const { name, commands } of now) {
    if (commands === undefined) tables.delete(name);
    else tables.set(name, commands);
  }
}

/** What runs fill by themselves is no part of it. */
function pictureOf({ tables }: ModelFirewall): string {
  const { chains = new Map<string, string[]>(), sets = new Map<string, Set<string>>() } =
    listingOf(tables.get(table) ?? []) ?? {};
  const own = [...sets].filter(([name]) => !/^(held|dyn_)/.test(name)).map(([name, all]) => [name, [...all].sort()]);
  return JSON.stringify([[...chains], own]);
}

export function isAsRecorded(firewall: ModelFirewall, json: string | undefined): boolean {
  const { picture, tables } = firewall;
  if (!tables.has(table) || picture === undefined || picture.json !== json) return false;
  const isSame = isPictured(firewall, picture);
  if (isSame && picture.pending !== undefined) takePicture(firewall, picture.json);
  if (!isSame) picture.distrusted = true;
  return isSame;
}

function isPictured(firewall: ModelFirewall, { table: known, pending }: ModelPicture): boolean {
  if (pending === undefined) return known === pictureOf(firewall);
  const [before, after] = [linesIn(known), linesIn(pictureOf(firewall))];
  return (
    [...before].filter((line) => !after.has(line)).length === pending.gone &&
    [...after].filter((line) => !before.has(line)).length === pending.come
  );
}

function linesIn(picture: string): ReadonlySet<string> {
  const parts = JSON.parse(picture) as readonly (readonly [string, readonly string[]])[][];
  const [chains = [], sets = []] = parts;
  return new Set([
    ...chains.flatMap(([name, rules]) => [name, ...rules.map((rule, at) => `${name} ${at} ${rule}`)]),
    ...sets.flatMap(([name, elements]) => [name, ...elements.map((element) => `${name} ${element}`)]),
  ]);
}

function takePicture(firewall: ModelFirewall, json: string): void {
  const guarded = [...(listingOf(firewall.tables.get(table) ?? [])?.sets.get("guarded") ?? [])];
  const bridges = guarded.map((one) => JSON.parse(one) as string);
  firewall.picture = { json, table: pictureOf(firewall), guarded: bridges, pending: undefined };
}

const recordedWord = (record: ModelRecord | undefined, operation: string): string | undefined =>
  record?.words.find((line) => line.startsWith(`${operation} `))?.split(" ")[1];
const recordedJson = (record: ModelRecord | undefined): string | undefined => recordedWord(record, "firewall_table");
const recordedDynamics = (record: ModelRecord): string | undefined => recordedWord(record, "firewall_dynamics");

function fill(firewall: ModelFirewall, into = table): void {
  transact(firewall, JSON.stringify({ nftables: fillCommands(firewall, into) }));
}

function load(firewall: ModelFirewall, word: string): void {
  transact(firewall, atob(word));
  settleHits(firewall);
  fill(firewall);
  if (firewall.held.length > 0) showHeld(firewall);
  takePicture(firewall, word);
}

const settings = [
  ["net.bridge.bridge-nf-call-iptables", "1"],
  ["net.bridge.bridge-nf-call-ip6tables", "1"],
  ["net.netfilter.nf_conntrack_tcp_loose", "0"],
] as const;

function giveSettingsBack({ namespaces, savedSysctls, ledger }: ModelState): void {
  const services = [...ledger.values()].some(({ words }) => words.some((line) => line.startsWith("bridged_packets ")));
  for (const [key] of settings) {
    if (services && key.startsWith("net.bridge.")) continue;
    const before = savedSysctls.get(key);
    if (before !== undefined) namespaces.get("-")?.sysctls.set(key, before);
    savedSysctls.delete(key);
  }
}

/** Makes the table what the record says. What cannot be known is closed. */
function reload(state: ModelState): void {
  const { firewall, ledger } = state;
  const record = ledger.get(firewallKey);
  const json = recordedJson(record);
  if (record === undefined) giveSettingsBack(state);
  else if (record.record === "whole" && record.words.includes("firewall_settings")) {
    for (const [key, value] of settings)
      ensureSysctl({ state, key: firewallKey, warn: () => undefined }, "-", key, value);
  }
  setDynamics(state, (record?.record === "whole" && recordedDynamics(record)) || "-");
  if (record?.record === "damaged") closeGuarded(firewall, ledger);
  else if (json === undefined) firewall.tables.delete(table);
  else if (!isAsRecorded(firewall, json)) load(firewall, json);
  else fill(firewall);
  if (record === undefined) {
    firewall.picture = undefined;
    firewall.hits.clear();
  }
  firewall.tables.delete(nextTable);
}

function closeGuarded(firewall: ModelFirewall, ledger: ModelState["ledger"]): void {
  const segments = [...ledger.keys()].filter((key) => key.startsWith("segment-"));
  const guarded = firewall.picture?.guarded ?? [];
  const closed = guarded.length > 0 ? guarded : segments.map((key) => key.replace("segment-", "sdn-b-"));
  const at = { family: "inet", table };
  const set = (name: string): NftCommand => ({ add: { set: { ...at, name, type: "ifname" } } });
  firewall.tables.set(table, [
    { add: { table: { family: "inet", name: table } } },
    ...["closed", ...heldSets].map(set),
    { add: { element: { ...at, name: "closed", elem: closed } } },
    ...["input", "forward", "output"].map((name) => ({ add: { chain: { ...at, name } } })),
  ]);
}

/** What is said of a damaged record. */
export function damageOf({ firewall, ledger }: ModelState, key: string): string {
  const damage = "the saved record is damaged (wrong checksum)";
  if (key !== firewallKey) return damage;
  if (!firewall.tables.has(table)) closeGuarded(firewall, ledger);
  return isClosed(firewall) ? `${damage}, and nothing passes the bridges that it guarded` : damage;
}

const isClosed = ({ tables }: ModelFirewall): boolean =>
  listingOf(tables.get(table) ?? [])?.sets.has("closed") === true;

// ---- what is closed until a program knows it ----

function showHeld(firewall: ModelFirewall): void {
  const at = { family: "inet", table };
  const commands: NftCommand[] = heldSets.map((name) => ({ flush: { set: { ...at, name } } }));
  for (const line of firewall.held) {
    const [bridge = "", address = ""] = line.split(" ");
    const name = address === "-" ? "held_bridges" : address.includes(":") ? "held6" : "held4";
    const elem = [address === "-" ? bridge : { concat: [bridge, address] }];
    commands.push({ add: { element: { ...at, name, elem } } });
  }
  transact(firewall, JSON.stringify({ nftables: commands }));
}

const linesOf = (bridge: string, addresses: string): readonly string[] =>
  addresses.split(",").map((address) => `${bridge} ${address}`);

// ---- armed ----

export function rollBack(state: ModelState, reason: string | undefined): void {
  const { firewall, ledger } = state;
  const { armed } = firewall;
  if (armed === undefined) return;
  firewall.held = [...new Set([...armed.held, ...firewall.held])].sort();
  if (armed.before === undefined) ledger.delete(firewallKey);
  else ledger.set(firewallKey, armed.before);
  reload(state);
  if (firewall.held.length > 0 && firewall.tables.has(table)) showHeld(firewall);
  firewall.armed = undefined;
  if (reason === undefined) return;
  const closed = isClosed(firewall) ? "; its record is damaged, so nothing passes the bridges that it guarded" : "";
  state.events.push({ kind: "rolled-back", resource: firewallKey, detail: `${reason}${closed}` });
}

export function rollBackOverdue(state: ModelState): void {
  const { armed, clock } = state.firewall;
  if (armed !== undefined && clock >= armed.deadline) rollBack(state, "no new connection proved the change in time");
}

export function rollBackUnproved(state: ModelState): void {
  rollBack(state, "the host was started before the change was proved");
}

/** With the last resource. */
export function forgetFirewall({ firewall }: ModelState): void {
  firewall.tables.clear();
  firewall.picture = undefined;
  firewall.held = [];
  firewall.hits.clear();
  firewall.dynamics = "";
  firewall.following = false;
}

// ---- operations ----

function refusing(what: string, work: () => void): void {
  try {
    work();
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    throw new Refusal("remote-failure", `${what}: ${thrown.message}`);
  }
}

const operationsOf: Record<string, Operation> = {
  firewall_settings: (step) => {
    for (const [key, value] of settings) ensureSysctl(step, "-", key, value);
  },
  firewall_own_settings: ({ state }) => {
    giveSettingsBack(state);
  },
  firewall_arm: ({ state, diskFull }, nonce = "", seconds = "") => {
    const { firewall, ledger } = state;
    const { armed, clock, held } = firewall;
    if (armed !== undefined && armed.nonce !== nonce) {
      const until = new Date(armed.deadline * 1000).toISOString().slice(11, 19);
      throw new Refusal("conflict", `another change of the firewall waits for its proof until ${until}Z`);
    }
    if (diskFull === true) {
      throw new Refusal("remote-failure", "/var/lib/sdn/firewall.armed cannot be written (disk full?)");
    }
    const kept = armed ?? { before: ledger.get(firewallKey), held: [...held] };
    firewall.armed = { ...kept, nonce, deadline: clock + Number(seconds) };
  },
  firewall_next: ({ state }, word = "", dynamics = "-") => {
    const { firewall } = state;
    refusing("nft refuses the firewall", () => {
      transact(firewall, atob(word));
      if (dynamics !== "-") fill({ ...firewall, dynamics: atob(dynamics) }, nextTable);
    });
  },
  firewall_dynamics: ({ state }, word = "-") => {
    setDynamics(state, word);
  },
  firewall_patch: ({ state, say, hash = "" }, ...words) => {
    const { firewall, ledger } = state;
    const record = ledger.get(firewallKey);
    try {
      firewall.patched = patchedRecord(record, recordedJson(record), hash, words);
    } catch (thrown) {
      say?.("firewall-unpatched");
      throw thrown;
    }
  },
  firewall_change: ({ state, warn }, word = "", gone = "", come = "") => {
    const { firewall, ledger } = state;
    const { picture } = firewall;
    const json = recordedJson(ledger.get(firewallKey));
    firewall.changed = false;
    firewall.pending = undefined;
    if (json === undefined) return;
    // Looked at since it was changed last: it is not looked at again.
    const isTrusted = come !== "" && picture?.json === json && picture.pending === undefined && !picture.distrusted;
    if (!isTrusted && !isAsRecorded(firewall, json)) return;
    try {
      transact(firewall, atob(word));
      settleHits(firewall);
      fill(firewall);
      firewall.changed = true;
      if (isTrusted) firewall.pending = { gone: Number(gone), come: Number(come) };
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      warn(`nft refuses the change of the firewall, so its table is loaded anew: ${thrown.message}`);
    }
  },
  firewall_table: ({ state }, given = "") => {
    const { firewall } = state;
    const word = given === "=" ? (firewall.patched?.table ?? "") : given;
    const { picture, pending } = firewall;
    if (firewall.changed && pending !== undefined && picture !== undefined) {
      firewall.picture = { ...picture, json: word, pending };
    } else if (firewall.changed) takePicture(firewall, word);
    else if (!isAsRecorded(firewall, word)) {
      refusing("nft refuses the firewall", () => {
        load(firewall, word);
      });
    } else fill(firewall);
    firewall.changed = false;
    firewall.pending = undefined;
    firewall.tables.delete(nextTable);
  },
  remove_firewall: ({ state }) => {
    giveSettingsBack(state);
    forgetFirewall(state);
  },
  firewall_hold: ({ state, isNew }, bridge = "", addresses = "-") => {
    const { firewall, ledger } = state;
    if (isNew !== true || !ledger.has(firewallKey)) return;
    firewall.held = [...new Set([...firewall.held, ...linesOf(bridge, addresses)])].sort();
    if (!firewall.tables.has(table)) reload(state);
    showHeld(firewall);
  },
  firewall_settle: ({ state }, bridge = "", addresses = "-") => {
    const { firewall } = state;
    const settled = linesOf(bridge, addresses);
    firewall.held = firewall.held.filter((line) => !settled.includes(line));
    if (firewall.tables.has(table)) showHeld(firewall);
  },
};
export const firewallOperations: Readonly<Record<string, Operation>> = operationsOf;

// ---- what it says ----

export function recordLines({ ledger }: ModelState, withIntent: boolean): readonly string[] {
  const entry = ledger.get(firewallKey);
  if (entry === undefined) return [];
  if (entry.record === "damaged") return [`damaged ${firewallKey}`];
  const { generation, hash, mark, intent, record } = entry;
  return [`ledger ${firewallKey} ${generation} ${hash} ${mark} ${withIntent ? intent : "-"} ${record}`];
}

export const heldLines = ({ firewall }: ModelState): readonly string[] =>
  firewall.held.map((line) => `firewall-held ${line}`);

function tableState({ firewall, ledger }: ModelState): string {
  const record = ledger.get(firewallKey);
  if (!firewall.tables.has(table)) return record === undefined ? "none" : "missing";
  const json = record?.record === "whole" ? recordedJson(record) : undefined;
  return json !== undefined && isAsRecorded(firewall, json) ? "same" : "changed";
}

/** @param known hash of the document that the asker has */
export function firewallLines(state: ModelState, known: string): readonly string[] {
  const { tables, armed, session } = state.firewall;
  const record = state.ledger.get(firewallKey);
  if (record !== undefined) lookAtHits(state.firewall);
  return [
    ...recordLines(state, record?.hash !== known),
    `firewall-table ${tableState(state)}`,
    followLine(state),
    ...(tables.has(nextTable) ? ["firewall-next"] : []),
    ...(armed === undefined ? [] : [`firewall-armed ${armed.nonce} ${armed.deadline}`]),
    ...heldLines(state),
    ...(session === undefined ? [] : [`firewall-session ${session}`]),
    flowsLine(state),
  ];
}

export const flowsLine = ({ firewall }: ModelState): string =>
  `section flows - ${btoa(firewall.flows.map((line) => `${line}\n`).join(""))}`;

export function hitsText({ firewall, ledger }: ModelState): string {
  if (!ledger.has(firewallKey)) return "";
  return hitLines(firewall)
    .map((line) => `${line}\n`)
    .join("");
}

export function tableJson({ firewall }: ModelState): string {
  const listing = listingOf(firewall.tables.get(table) ?? []);
  if (listing === undefined) return "";
  const at = { family: "inet", table };
  return JSON.stringify({
    nftables: [
      { metainfo: { version: "1.0.6", release_name: "Lester Gooch #5", json_schema_version: 1 } },
      { table: { family: "inet", name: table, handle: 1 } },
      ...[...listing.sets].map(([name, elements]) => ({
        set: { ...at, name, elem: [...elements].map((one) => JSON.parse(one) as unknown) },
      })),
      ...[...listing.chains.keys()].map((name) => ({ chain: { ...at, name } })),
    ],
  });
}

export function reachLines({ firewall }: ModelState, wanted: readonly string[]): readonly string[] {
  if (wanted.length === 0) return firewall.answering.map(({ kind, address }) => `reach ${kind} ${address}`);
  const answering = new Set(firewall.answering.map(({ address }) => address));
  return wanted.filter((address) => answering.has(address)).map((address) => `reach - ${address}`);
}

/** Who has to answer before a change stands; without an answer it is taken back. */
export function disarmLines(state: ModelState, nonce: string, wanted: readonly string[]): readonly string[] {
  const reached = wanted.length === 0 || state.firewall.armed?.nonce !== nonce ? [] : reachLines(state, wanted);
  if (reached.length < wanted.length && state.firewall.armed?.nonce === nonce) {
    rollBack(state, undefined);
    return [...reached, `firewall-disarmed ${nonce} no`];
  }
  return [...reached, firewallAnswer(state, "firewall_disarm", nonce, "")];
}

/** What is asked and done outside of a fragment. */
export function firewallAnswer(state: ModelState, operation: string, first: string, second: string): string {
  const { armed } = state.firewall;
  switch (operation) {
    case "firewall_check":
      return `firewall-checked ${first} ${checked(state, second)}`;
    case "firewall_disarm":
      if (armed?.nonce !== first) return `firewall-disarmed ${first} no`;
      state.firewall.armed = undefined;
      return `firewall-disarmed ${first} yes`;
    default:
      if (armed?.nonce !== first) return `firewall-rolled-back ${first} no`;
      rollBack(state, undefined);
      return `firewall-rolled-back ${first} yes`;
  }
}

function checked({ firewall }: ModelState, word: string): string {
  try {
    transact({ ...firewall, tables: new Map(firewall.tables) }, atob(word));
    return "ok";
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    return `refused ${btoa(thrown.message)}`;
  }
}
