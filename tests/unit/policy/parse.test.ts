import {
  parseIcmpType,
  parseLogLimit,
  parseMoment,
  parsePorts,
  parseProtocol,
} from "../../../provider/src/policy/parse";

const parsers: Readonly<Record<string, (text: string) => unknown>> = {
  protocol: (text) => parseProtocol(text, "at"),
  ports: (text) => parsePorts(text, "at"),
  icmp: (text) => parseIcmpType(text, 4, "at"),
  icmpv6: (text) => parseIcmpType(text, 6, "at"),
  moment: (text) => parseMoment(text, "at"),
  limit: (text) => parseLogLimit(text, "at"),
};

test.each<readonly [string, string, unknown]>([
  ["protocol", "tcp", 6],
  ["protocol", "icmpv6", 58],
  ["protocol", "gre", 47],
  ["protocol", "0", 0],
  ["protocol", "255", 255],
  ["ports", "80", [{ first: 80, last: 80 }]],
  [
    "ports",
    "22, 8000-8010",
    [
      { first: 22, last: 22 },
      { first: 8000, last: 8010 },
    ],
  ],
  ["ports", "0-65535", [{ first: 0, last: 65_535 }]],
  ["icmp", "echo-request", { type: 8 }],
  ["icmp", "3/4", { type: 3, code: 4 }],
  ["icmp", "destination-unreachable/0", { type: 3, code: 0 }],
  ["icmpv6", "echo-request", { type: 128 }],
  ["moment", "1970-01-01T00:00:00Z", 0],
  ["moment", "2027-01-15T08:00:00Z", 1_800_000_000],
  ["moment", "2027-01-15T09:00:00+01:00", 1_800_000_000],
  ["moment", "2027-01-15T02:30:00-05:30", 1_800_000_000],
  ["limit", "5/minute", { rate: 5, per: "minute", burst: 5 }],
])("%s %j", (kind, text, expected) => {
  expect(parsers[kind]!(text)).toEqual(expected);
});

test.each<readonly [string, string]>([
  ["protocol", "256"],
  ["protocol", "TCP"],
  ["protocol", "06"],
  ["protocol", ""],
  ["protocol", "tcp; drop"],
  ["ports", ""],
  ["ports", "80,"],
  ["ports", "90-80"],
  ["ports", "65536"],
  ["ports", "1-2-3"],
  ["ports", "http"],
  ["ports", "-1"],
  ["icmp", "packet-too-big"],
  ["icmp", "3/4/5"],
  ["icmp", "3/"],
  ["icmp", "256"],
  ["moment", "2027-01-15"],
  ["moment", "2027-01-15T08:00:00"],
  ["moment", "2027-02-30T08:00:00Z"],
  ["moment", "2027-01-15T24:00:00Z"],
  ["moment", "2027-01-15T08:00:00+25:00"],
  ["moment", "tomorrow"],
  ["limit", "0/minute"],
  ["limit", "5"],
  ["limit", "5/week"],
  ["limit", "10001/second"],
])("refused, %s %j: what would be right is said", (kind, text) => {
  expect(() => parsers[kind]!(text)).toThrow(
    /^at: the value is not .*\. Write .*such as|^at: the value is not .*one of/,
  );
});
