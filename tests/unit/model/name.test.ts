import { parseDnsName, parseDockerName, parseInterfaceName, parseName } from "../../../provider/src/model/name";
import { parseVni, parseVniRange } from "../../../provider/src/model/vni";
import { refusal } from "./messages";

const hostile = [
  "",
  " ",
  "a b",
  "a;b",
  "a$b",
  "a`b`",
  "a'b",
  'a"b',
  "a/b",
  "a\nb",
  "web\n",
  "a\u0000b",
  "ä",
  "a{b}",
  "--all",
  "a%b",
  "a*",
];

describe.each([
  ["resource name", parseName],
  ["DNS name", parseDnsName],
  ["Docker name", parseDockerName],
  ["interface name", parseInterfaceName],
])("%s", (_grammar, parse) => {
  test.each(hostile)("refuses %j", (text) => {
    expect(refusal(() => parse(text, "name")).code).toBe("invalid-input");
  });
});

test.each([
  ["resource name", parseName, "Web-1.front_end", "Web-1.front_end"],
  ["resource name of 63 characters", parseName, `a${"b".repeat(62)}`, `a${"b".repeat(62)}`],
  ["DNS name in capitals with a final dot", parseDnsName, "DB.Example.internal.", "db.example.internal"],
  ["DNS label with digits first", parseDnsName, "3com", "3com"],
  ["DNS label of 63 characters", parseDnsName, "x".repeat(63), "x".repeat(63)],
  ["Docker name", parseDockerName, "0_web.net-1", "0_web.net-1"],
  ["interface name", parseInterfaceName, "eth0.100", "eth0.100"],
  ["interface name of 15 characters", parseInterfaceName, "a".repeat(15), "a".repeat(15)],
  ["interface name of three dots", parseInterfaceName, "...", "..."],
])("accepts a %s", (_name, parse, text, parsed) => {
  expect(parse(text, "name")).toBe(parsed);
});

test.each([
  ["resource name with a digit first", parseName, "1web"],
  ["resource name of 64 characters", parseName, "a".repeat(64)],
  ["DNS label of 64 characters", parseDnsName, "x".repeat(64)],
  ["DNS name of more than 253 characters", parseDnsName, Array.from({ length: 64 }, () => "abc").join(".")],
  ["DNS label with a hyphen last", parseDnsName, "web-.internal"],
  ["empty DNS label", parseDnsName, "web..internal"],
  ["DNS name that ends in digits", parseDnsName, "web.123"],
  ["DNS underscore", parseDnsName, "_sip.internal"],
  ["Docker name with a hyphen first", parseDockerName, "-web"],
  ["Docker name of 129 characters", parseDockerName, "a".repeat(129)],
  ["interface name of 16 characters", parseInterfaceName, "a".repeat(16)],
  ["interface name .", parseInterfaceName, "."],
  ["interface name ..", parseInterfaceName, ".."],
  ["interface name with a hyphen first", parseInterfaceName, "-eth0"],
  ["interface alias", parseInterfaceName, "eth0:1"],
])("refuses a %s", (_name, parse, text) => {
  expect(refusal(() => parse(text, "name")).code).toBe("invalid-input");
});

test.each([
  [
    () => parseName("1web", "name"),
    'name: the value is not a valid name (got "1web"). Write 1 to 63 letters, digits, dots, underscores or hyphens, beginning with a letter.',
  ],
  [
    () => parseDnsName("192.0.2.1", "names[0]"),
    'names[0]: the value is an IP address, not a DNS name (got "192.0.2.1"). Write a name such as db.internal.',
  ],
  [
    () => parseInterfaceName("eth0; reboot", "interface"),
    'interface: the value is not a valid interface name (got "eth0; reboot"). Write 1 to 15 letters, digits, underscores, dots or hyphens, not beginning with a hyphen, such as eth0.',
  ],
  [
    () => parseVni(0, "vni"),
    "vni: the value is not a VXLAN network identifier (got 0). Write a whole number from 1 to 16777215.",
  ],
  [
    () => parseVniRange("12287-4096", "vniRange"),
    'vniRange: the value is a VNI range that ends before it starts (got "12287-4096"). Write 4096-12287.',
  ],
  [
    () => parseVniRange({ start: 1, end: 16_777_216 }, "vniRange"),
    "vniRange.end: the value is not a VXLAN network identifier (got 16777216). Write a whole number from 1 to 16777215.",
  ],
  [
    () => parseVniRange("4096", "vniRange"),
    'vniRange: the value is not a range of VXLAN network identifiers (got "4096"). Write the first and the last one with a hyphen between them, such as 4096-12287.',
  ],
])("message %#", (parse, message) => {
  expect(refusal(parse)).toEqual({ code: "invalid-input", message });
});

test("VNIs and their ranges", () => {
  expect([parseVni(1, "vni"), parseVni("16777215", "vni")]).toEqual([1, 16_777_215]);
  expect(parseVniRange("4096-12287", "vniRange")).toEqual({ start: 4096, end: 12_287 });
  expect(parseVniRange({ start: 7, end: 7 }, "vniRange")).toEqual({ start: 7, end: 7 });
});

test.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, -1, 16_777_216, "0x10", "1e3", "", "-1", "007"])(
  "VNI %j is refused",
  (vni) => {
    expect(refusal(() => parseVni(vni, "vni")).code).toBe("invalid-input");
  },
);
