/** What the host's program fills in is what the compiler says, whatever containers, labels, answers and maps there are. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { dynamicLines } from "../../../provider/src/compile/firewall/dynamic-lines";
import {
  combinations,
  type DynamicElement,
  dynamicElements,
  type DynamicPeers,
  type Dynamics,
  type DynamicSubjects,
} from "../../../provider/src/compile/firewall/dynamics";
import { type Address, familyBits, formatAddress, parseAddress } from "../../../provider/src/model/address";
import type { DynamicContainer, DynamicList, DynamicSource } from "../../../provider/src/policy/dynamic";
import type { Selector } from "../../../provider/src/policy/selector";
import follow from "../../../provider/src/render/program/follow.sh";
import { renderLine } from "../../../provider/src/render/words";

const folder = mkdtempSync(join(tmpdir(), "sdnt-follow-"));
const file = (name: string): string => join(folder, name);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The engine, the resolver and nft, which say what stands in files. */
const commands = {
  docker: `case $* in
  network*) cat ${file("networks")} ;;
  ps*) if [ -e ${file("engine-down")} ]; then exit 1; fi; echo 0123 ;;
  *) cat ${file("containers")} ;;
esac`,
  getent: `for last; do :; done; [ "$1" != -A ] || shift; cat "${file("answers-")}$last" 2>/dev/null`,
  nft: `case $* in *-j*) cat >${file("transaction")} ;; *) cat ${file("listing-")}$5 ;; esac`,
} as const;

beforeAll(() => {
  mkdirSync(file("bin"));
  mkdirSync(file("resources"));
  for (const [name, text] of Object.entries(commands)) {
    writeFileSync(file(`bin/${name}`), `#!/bin/sh\n${text}\n`);
    chmodSync(file(`bin/${name}`), 0o755);
  }
});

interface Situation {
  readonly dynamics: Dynamics;
  readonly names: Readonly<Record<string, readonly Address[]>>;
  readonly containers: readonly DynamicContainer[];
  readonly live: readonly DynamicElement[];
}

const json = (value: unknown): string => JSON.stringify(value);
const addressWords = ({ family, value }: Address): string => {
  const text = formatAddress({ family, value });
  return family === 4 ? `"${text}" ""` : `"" "${text}"`;
};
const containerLines = ({ segment, address, labels }: DynamicContainer, index: number): string =>
  [
    `container ${process.pid} "/c${index}"`,
    ...Object.entries(labels).map(([key, value]) => `has ${json(key)}=${json(value)}`),
    `at "id-of-${segment}" ${addressWords(address)}`,
    "",
  ].join("\n");

function listing(map: string, live: readonly DynamicElement[]): string {
  const elements = live
    .filter((one) => one.map === map)
    .map(({ key, chain }) => {
      const [first = "", second] = key;
      return `${second === undefined ? first : `"${first}" . ${second}`} counter packets 0 bytes 0 : goto ${chain}`;
    });
  const body = elements.length === 0 ? "" : `\t\telements = { ${elements.join(",\n\t\t\t     ")} }\n`;
  return `table inet sdn_fw {\n\tmap ${map} {\n\t\ttype ipv4_addr : verdict\n\t\tcounter\n${body}\t}\n}\n`;
}

interface Command {
  readonly add?: { readonly element: Element };
  readonly delete?: { readonly element: Element };
}
interface Element {
  readonly name: string;
  readonly elem: readonly (readonly [
    string | { readonly concat: readonly string[] },
    { readonly goto: { readonly target: string } },
  ])[];
}

const place = ({ map, key, chain }: DynamicElement): string => `${map} ${key.join(" ")} ${chain}`;
const elementsIn = (element: Element | undefined): readonly string[] =>
  (element?.elem ?? []).map(([key, verdict]) =>
    place({ map: element?.name ?? "", key: typeof key === "string" ? [key] : key.concat, chain: verdict.goto.target }),
  );

/** The functions of the program, with what they need of its other parts. */
const program = (work: string): string => `
set -uf
LC_ALL=C PATH=${file("bin")}:$PATH
export LC_ALL PATH
state=${folder} mode='' without_docker='' newline='
'
say() { printf '%s\\n' "$*"; }
docker_runs() { return 0; }
${follow}
found=${folder}/found
${work}`;
const run = (work: string): string =>
  execFileSync("/bin/sh", ["-c", program(work)], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

/** What the maps hold after one look. */
function after({ dynamics, names, containers, live }: Situation): readonly string[] {
  for (const name of ["transaction", "found.names", "found.containers"]) rmSync(file(name), { force: true });
  writeFileSync(
    file("firewall.dynamics"),
    dynamicLines(dynamics)
      .map((line) => `${renderLine(line)}\n`)
      .join(""),
  );
  writeFileSync(file("networks"), bridges.map(([name, bridge]) => `network "id-of-${name}" "${bridge}"\n`).join(""));
  writeFileSync(file("containers"), containers.map(containerLines).join("\n"));
  for (const [name, addresses] of Object.entries(names)) {
    const lines = addresses.flatMap((one) => ["STREAM", "DGRAM"].map((kind) => `${formatAddress(one)}  ${kind}\n`));
    writeFileSync(file(`answers-${name}`), lines.join(""));
  }
  for (const { map } of [...dynamics.subjects, ...dynamics.peers]) {
    writeFileSync(file(`listing-${map}`), listing(map, live));
  }
  run("fill_once");
  const held = new Set(live.map(place));
  if (!existsSync(file("transaction"))) return [...held].sort();
  const { nftables } = JSON.parse(readFileSync(file("transaction"), "utf8")) as { readonly nftables: Command[] };
  for (const command of nftables) {
    for (const one of elementsIn(command.delete?.element)) if (!held.delete(one)) throw new Error(`no element ${one}`);
    for (const one of elementsIn(command.add?.element)) held.add(one);
  }
  return [...held].sort();
}

const bridges = [
  ["web", "sdn-b-5001"],
  ["db", "sdn-b-5002"],
  ["elsewhere", "docker0"],
] as const;
const bridgeOf = (segment: string): string | undefined => bridges.find(([name]) => name === segment)?.[1];
const wanted = ({ dynamics, names, containers }: Situation): readonly string[] =>
  dynamicElements(dynamics, { names, containers }, bridgeOf).map(place).sort();

// ---- arbitrary ones ----

const ip = (text: string): Address => parseAddress(text, "test");
const addresses = ["10.20.1.2", "10.20.1.3", "10.20.1.200", "fd00:20:1::2", "fd00:20:1::abcd:0", "2001:db8::1"].map(ip);
const address = fc.constantFrom(...addresses);
const keys = ["app", "example.com/tier", "app.kubernetes.io/name"] as const;
const values = ["web", "db", "", "1.0", "1e1", "10"] as const;
const hostile = ['a" "b', "x\ny", "= web", "$(reboot)", "\\", "has", "é", "container 1 x"];

const labels = fc.dictionary(
  fc.oneof(fc.constantFrom<string>(...keys), fc.constantFrom('app"="web', ...hostile)),
  fc.oneof(fc.constantFrom<string>(...values), fc.constantFrom(...hostile), fc.string()),
  { maxKeys: 4 },
);
const selector: fc.Arbitrary<Selector> = fc.record({
  matchLabels: fc.dictionary(fc.constantFrom(...keys), fc.constantFrom(...values), { maxKeys: 2 }),
  matchExpressions: fc.array(
    fc.oneof(
      fc.record({
        key: fc.constantFrom(...keys),
        operator: fc.constantFrom("In" as const, "NotIn" as const),
        values: fc.subarray([...values]),
      }),
      fc.record({
        key: fc.constantFrom(...keys),
        operator: fc.constantFrom("Exists" as const, "DoesNotExist" as const),
      }),
    ),
    { maxLength: 2 },
  ),
});
const containersSource = fc.record({ kind: fc.constant("containers" as const), selector });
const nameSource = fc.record({ kind: fc.constant("name" as const), name: fc.constantFrom("a.example", "b.example") });
const listsOf = (source: fc.Arbitrary<DynamicSource>): fc.Arbitrary<readonly DynamicList[]> =>
  fc.uniqueArray(fc.uniqueArray(source, { minLength: 1, maxLength: 3, selector: json }), {
    minLength: 1,
    maxLength: 3,
    selector: json,
  });
const chainsOf = (lists: readonly DynamicList[]): readonly string[] =>
  combinations(lists).map((_, index) => `c_v${index + 1}`);

const family = fc.constantFrom(4 as const, 6 as const);
const subjects: fc.Arbitrary<DynamicSubjects> = fc
  .record({ family, lists: listsOf(containersSource), bridge: fc.constantFrom("sdn-b-5001", "sdn-b-5002") })
  .chain((one) => {
    const all = 2n ** BigInt(familyBits(one.family)) - 1n;
    const bounds = [0n, all, ...addresses.filter((known) => known.family === one.family).map(({ value }) => value)];
    return fc.tuple(fc.constantFrom(...bounds), fc.constantFrom(...bounds)).map(([a, b]) => ({
      ...one,
      map: "",
      first: a < b ? a : b,
      last: a < b ? b : a,
      chains: chainsOf(one.lists),
    }));
  });
const peers: fc.Arbitrary<DynamicPeers> = fc
  .record({
    family,
    lists: listsOf(fc.oneof(containersSource, nameSource)),
    bridges: fc.subarray(["sdn-b-5001", "sdn-b-5002"]),
  })
  .map((one) => ({ ...one, map: "", chains: chainsOf(one.lists) }));

const situation: fc.Arbitrary<Situation> = fc
  .record({
    subjects: fc.array(subjects, { maxLength: 3 }),
    peers: fc.array(peers, { maxLength: 3 }),
    names: fc.record({
      "a.example": fc.uniqueArray(address, { maxLength: 4, selector: formatAddress }),
      "b.example": fc.uniqueArray(address, { maxLength: 2, selector: formatAddress }),
    }),
    containers: fc.array(
      fc.record({ segment: fc.constantFrom("web", "db", "elsewhere", "unknown"), address, labels }),
      { maxLength: 5 },
    ),
    before: fc.array(fc.record({ address, chain: fc.constantFrom("c_v1", "c_v3"), at: fc.nat(), bridge: fc.nat(1) })),
  })
  .map(({ subjects: some, peers: others, names, containers, before }) => {
    const dynamics = {
      subjects: some.map((one, index) => ({ ...one, map: `dyn_s${index}` })),
      peers: others.map((one, index) => ({ ...one, map: `dyn_p${index}` })),
    };
    const templates = [...dynamics.subjects, ...dynamics.peers];
    const live = before.flatMap(({ address: one, chain, at, bridge }): readonly DynamicElement[] => {
      const template = templates[at % (templates.length || 1)];
      if (template?.family !== one.family) return [];
      const key = [...("bridge" in template ? [bridges[bridge]?.[1] ?? ""] : []), formatAddress(one)];
      return [{ map: template.map, key, chain }];
    });
    const each = new Map(live.map((one) => [`${one.map} ${one.key.join(" ")}`, one]));
    return { dynamics, names, containers, live: [...each.values()] };
  });

test("the host's elements are those of the compiler, from whatever the maps held before", () => {
  fc.assert(
    fc.property(situation, (one) => {
      expect(after(one)).toEqual(wanted(one));
    }),
    { seed: 60, numRuns: 120 },
  );
});

// ---- cases ----

const jobs: DynamicSource = {
  kind: "containers",
  selector: { matchLabels: { job: "yes" }, matchExpressions: [] },
};
const dynamicsOf = (...lists: readonly DynamicList[]): Dynamics => ({
  subjects: [],
  peers: [{ map: "dyn_p0", family: 4, bridges: ["sdn-b-5001"], lists, chains: chainsOf(lists) }],
});
const nothing = { names: { "a.example": [], "b.example": [] }, containers: [], live: [] };
const job = { segment: "web", address: ip("10.20.1.2"), labels: { job: "yes" } };

test("where nothing has to be changed, nothing is sent", () => {
  const same = { ...nothing, dynamics: dynamicsOf([jobs]), containers: [job] };
  const held = [{ map: "dyn_p0", key: ["10.20.1.2"], chain: "c_v1" }];
  expect(after({ ...same, live: held })).toEqual(["dyn_p0 10.20.1.2 c_v1"]);
  expect(existsSync(file("transaction"))).toBe(false);
});

test("of an engine that does not answer, who lives stays in his groups, and who ended is in none", () => {
  const alive = { ...nothing, dynamics: dynamicsOf([jobs]), containers: [job] };
  after(alive);
  writeFileSync(file("engine-down"), "");
  const filled = (): unknown => {
    rmSync(file("transaction"), { force: true });
    run("fill_once");
    return existsSync(file("transaction"));
  };
  expect(filled()).toBe(true);
  const ended = readFileSync(file("found.containers"), "utf8").replace(`container ${process.pid}`, "container 4194305");
  writeFileSync(file("found.containers"), ended);
  expect(filled()).toBe(false);
  rmSync(file("engine-down"));
});

test("an address of a name stays for five minutes after it was seen last, and a name without answers fails nothing", () => {
  const name: DynamicSource = { kind: "name", name: "a.example" };
  after({ ...nothing, dynamics: dynamicsOf([name]), names: { "a.example": [ip("192.0.2.1")] } });
  const known = (): readonly string[] =>
    readFileSync(file("found.names"), "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[1] ?? "");
  writeFileSync(file("answers-a.example"), "192.0.2.2 STREAM\n");
  run("resolve a.example");
  expect(known()).toEqual(["192.0.2.2", "192.0.2.1"]);
  rmSync(file("answers-a.example"));
  run("resolve a.example");
  expect(known()).toEqual(["192.0.2.2", "192.0.2.1"]);
  const older = readFileSync(file("found.names"), "utf8").replace(
    /(192\.0\.2\.1) (\d+)/,
    (_, one: string, at: string) => `${one} ${Number(at) - 300}`,
  );
  writeFileSync(file("found.names"), older);
  run("resolve a.example");
  expect(known()).toEqual(["192.0.2.2"]);
});

test("containers that we plug in ourselves are known by the host's own records", () => {
  const dynamics = dynamicsOf([jobs]);
  writeFileSync(
    file("resources/port-5001-box"),
    "veth sdn-e-1 container:c0 eth0 1450 02:42:0a:14:01:05 sdn-b-5001 sdn:shop/dev:port\naddresses container:c0 eth0 10.20.1.5/24,fd00::5/64\n",
  );
  const found = after({ ...nothing, dynamics, containers: [{ ...job, segment: "unknown" }] });
  rmSync(file("resources/port-5001-box"));
  expect(found).toEqual(["dyn_p0 10.20.1.5 c_v1"]);
});

test("an event that arrives in pieces is a reason to look again, and the end of all events ends the process", () => {
  // Who writes goes on when what was written before has been looked at.
  const work = `
looks=${file("looks")}
: >$looks
looked() { until [ "$(wc -l <$looks)" -ge $1 ]; do sleep 0.01; done; }
happenings() { printf start; looked 1; echo; looked 2; echo connect; looked 3; }
follow_once() { echo look >>$looks; }
echo list >$state/firewall.dynamics
run_follow`;
  const { signal } = spawnSync("/bin/sh", ["-c", program(work)]);
  expect([signal, readFileSync(file("looks"), "utf8")]).toEqual(["SIGKILL", "look\nlook\nlook\n"]);
});
