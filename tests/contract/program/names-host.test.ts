/** What a host has to offer for names, by the files in which it says so. */
import { execFileSync } from "node:child_process";
import type { DnsFacts } from "../../../provider/src/model/snapshot";
import { renderRequest } from "../../../provider/src/render/instructions";
import { hostProgram } from "../../../provider/src/render/program";
import { parseReport } from "../../../provider/src/render/report";
import { ProgramHost } from "./bench";

let host: ProgramHost;
beforeAll(() => {
  host = ProgramHost.create("resolvers");
});
afterAll(() => host.remove());

const request = renderRequest({
  scope: "",
  fragments: [],
  facts: false,
  report: false,
  queries: [["query_dns_facts"]],
});

/** Files as they are seen in a mount namespace of the program's own. */
function factsWith(files: Readonly<Record<string, string>>, prologue = ""): DnsFacts | undefined {
  const places = Object.entries(files).map(([file, text], at) => {
    const source = `/run/sdnt-files/${at}`;
    const target = file === "/etc/resolv.conf" ? "" : `mkdir -p ${file.replace(/\/[^/]*$/, "")}; : >${file};`;
    return `printf '%s' '${text}' >${source}; ${target} mount --bind ${source} ${file}`;
  });
  const script = `mount -t tmpfs none /run; mkdir /run/sdnt-files; ${places.join("\n")}\n${prologue}\nexec /bin/sh -c "$0"`;
  const words = [`--net=/run/netns/${host.name}`, "unshare", "-m", "/bin/sh", "-ec", script, hostProgram];
  return parseReport(execFileSync("nsenter", words, { input: request, encoding: "utf8" })).snapshot.dns;
}

const resolv = (...addresses: readonly string[]): string => addresses.map((one) => `nameserver ${one}\n`).join("");
const main = "/etc/resolv.conf";
const systemd = "/run/systemd/resolve/resolv.conf";
const manager = "/run/NetworkManager/no-stub-resolv.conf";

test.each<readonly [string, Readonly<Record<string, string>>, readonly string[], boolean]>([
  [
    "servers elsewhere",
    { [main]: `search x\n${resolv("198.51.100.1", "2001:db8::1")}` },
    ["198.51.100.1", "2001:db8::1"],
    false,
  ],
  ["none", { [main]: "" }, [], false],
  [
    "systemd's stub: those behind it, which Docker asks, too",
    { [main]: resolv("127.0.0.53"), [systemd]: resolv("198.51.100.2") },
    ["198.51.100.2"],
    false,
  ],
  [
    "a stub of NetworkManager: those behind it, and Docker passes us by",
    { [main]: resolv("127.0.0.1"), [manager]: resolv("198.51.100.3") },
    ["198.51.100.3"],
    true,
  ],
  ["a resolver on the loopback alone", { [main]: resolv("127.0.0.1") }, [], true],
  [
    "the host's own address and a link-local one",
    { [main]: resolv("192.0.2.11", "fe80::1", "fe80::1%eth0") },
    [],
    false,
  ],
  ["one on the loopback and one elsewhere", { [main]: resolv("127.0.0.1", "198.51.100.1") }, ["198.51.100.1"], true],
])("%s", (_name, files, resolvers, loopback) => {
  expect(factsWith(files)).toEqual({ version: expect.stringMatching(/^\d+\.\d+/) as string, resolvers, loopback });
});

test("a host without unbound says so", () => {
  const hidden = "mount --bind /dev/null /usr/sbin/unbound";
  expect(factsWith({ [main]: "" }, hidden)?.version).toBeUndefined();
});
