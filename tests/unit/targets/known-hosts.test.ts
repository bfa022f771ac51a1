import { createHmac } from "node:crypto";
import fc from "fast-check";
import { entriesFor, knownHostName, parseKnownHosts } from "../../../provider/src/targets/known-hosts";
import { anyKey, key, line } from "./keys";

const KEY = line(key("a"));

describe("which lines of known_hosts are for a host", () => {
  const cases: readonly (readonly [string, string, string, number, boolean])[] = [
    ["the name itself", `h1.example ${KEY}`, "h1.example", 22, true],
    ["the name in other letters", `H1.Example ${KEY}`, "h1.EXAMPLE", 22, true],
    ["another name", `h2.example ${KEY}`, "h1.example", 22, false],
    ["one of several names", `h2.example,192.0.2.1 ${KEY}`, "192.0.2.1", 22, true],
    ["an IPv6 address", `2001:db8::1 ${KEY}`, "2001:db8::1", 22, true],
    ["a name at another port", `[h1.example]:2222 ${KEY}`, "h1.example", 2222, true],
    ["an IPv6 address at another port", `[2001:db8::1]:2222 ${KEY}`, "2001:db8::1", 2222, true],
    ["the bare name is not for another port", `h1.example ${KEY}`, "h1.example", 2222, false],
    ["another port is not for port 22", `[h1.example]:2222 ${KEY}`, "h1.example", 22, false],
    ["a star", `*.example ${KEY}`, "h1.example", 22, true],
    ["a star does not match what stands before the dot only", `*.example ${KEY}`, "example", 22, false],
    ["a star over everything, port included", `* ${KEY}`, "h1.example", 2222, true],
    ["stars within", `h*.ex*le ${KEY}`, "h17.example", 22, true],
    ["a star that must give back", `*ab ${KEY}`, "aab", 22, true],
    ["a question mark for one character", `h?.example ${KEY}`, "h1.example", 22, true],
    ["a question mark for no more than one", `h?.example ${KEY}`, "h17.example", 22, false],
    ["a dot is no wildcard", `h1.example ${KEY}`, "h1xexample", 22, false],
    ["an exclusion after a wildcard", `*.example,!h1.example ${KEY}`, "h1.example", 22, false],
    ["an exclusion before a wildcard", `!h1.example,*.example ${KEY}`, "h1.example", 22, false],
    ["an exclusion of somebody else", `!h2.example,*.example ${KEY}`, "h1.example", 22, true],
    ["an exclusion alone matches nobody", `!h2.example ${KEY}`, "h1.example", 22, false],
    ["a hash of another name", hashed("h2.example"), "h1.example", 22, false],
    ["a hash of the name", hashed("h1.example"), "h1.example", 22, true],
    ["a hash of name and port", hashed("[h1.example]:2222"), "h1.example", 2222, true],
    ["a hash of an unknown kind", hashed("h1.example").replace("|1|", "|2|"), "h1.example", 22, false],
    ["a malformed hash", `|1|x ${KEY}`, "h1.example", 22, false],
  ];
  test.each(cases)("%s", (_name, text, address, port, expected) => {
    expect(entriesFor(parseKnownHosts(text), address, port).length > 0).toBe(expected);
  });
});

describe("which lines are entries at all", () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ["a comment", `# h1 ${KEY}`, 0],
    ["an empty line", "   ", 0],
    ["a line with a comment behind it", `h1 ${KEY} root@h1 and more`, 1],
    ["tabs and leading blanks", `\t h1\t${KEY.replace(" ", "\t")}`, 1],
    ["a line that ends as on Windows", `h1 ${KEY}\r\n`, 1],
    ["a certificate authority", `@cert-authority h1 ${KEY}`, 0],
    ["a revoked key", `@revoked h1 ${KEY}`, 1],
    ["an unknown marker", `@something h1 ${KEY}`, 0],
    ["a key that is not of the type it says", `h1 ssh-rsa ${KEY.split(" ")[1] ?? ""}`, 0],
    ["a key that is not base64", "h1 ssh-ed25519 !!!!", 0],
    ["a line that was cut off", "h1 ssh-ed25519", 0],
  ];
  test.each(cases)("%s", (_name, text, count) => expect(parseKnownHosts(text)).toHaveLength(count));

  test("a revoked key is marked, and lines are counted from one", () => {
    const entries = parseKnownHosts(`# first\nh1 ${KEY}\n@revoked h1 ${KEY}\n`);
    expect(entries.map(({ line: number, revoked }) => [number, revoked])).toEqual([
      [2, false],
      [3, true],
    ]);
  });
});

const hostName = fc.stringMatching(/^[a-z0-9.-]{1,30}$/);
const port = fc.integer({ min: 1, max: 65535 });

test("what is written for a host is found for it, plain and hashed", () => {
  fc.assert(
    fc.property(hostName, port, anyKey, (address, number, known) => {
      const name = knownHostName(address, number);
      const salt = Buffer.from("0123456789abcdefghij");
      const text = `${name} ${line(known)}\n${hashed(name, salt, line(known))}\n`;
      const found = entriesFor(parseKnownHosts(text), address, number);
      expect(found.map((entry) => entry.key)).toEqual([known, known]);
    }),
    { seed: 20240 },
  );
});

test("a pattern of wildcards says the same as a regular expression", () => {
  const pattern = fc.stringMatching(/^[ab*?]{1,8}$/);
  const name = fc.stringMatching(/^[ab]{1,10}$/);
  fc.assert(
    fc.property(pattern, name, (wildcard, address) => {
      const expression = new RegExp(`^${wildcard.replaceAll("*", ".*").replaceAll("?", ".")}$`);
      const found = entriesFor(parseKnownHosts(`${wildcard} ${KEY}`), address, 22).length > 0;
      expect(found).toBe(expression.test(address));
    }),
    { seed: 20241, numRuns: 2000 },
  );
});

test("no text makes the parser throw", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      entriesFor(parseKnownHosts(text), "h1", 22);
    }),
    { seed: 20242 },
  );
});

function hashed(name: string, salt = Buffer.from("a salt of 20 bytes.."), keyText = KEY): string {
  const hash = createHmac("sha1", salt).update(name).digest("base64");
  return `|1|${salt.toString("base64")}|${hash} ${keyText}`;
}
