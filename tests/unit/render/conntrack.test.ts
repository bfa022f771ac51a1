import { formatAddress } from "../../../provider/src/model/address";
import { parseFlow, parseFlows, type SeenFlow } from "../../../provider/src/render/conntrack";

type Written = Omit<SeenFlow, "source" | "destination"> & { readonly source: string; readonly destination: string };

const written = (flow: SeenFlow | undefined): Written | undefined =>
  flow && { ...flow, source: formatAddress(flow.source), destination: formatAddress(flow.destination) };

const loopback = "0000:0000:0000:0000:0000:0000:0000:0001";

// Lines as Linux 6 and conntrack-tools 1.4.7 wrote them.
const flows: readonly (readonly [string, string, Written])[] = [
  [
    "TCP over IPv4",
    "ipv4     2 tcp      6 431999 ESTABLISHED src=10.20.1.5 dst=10.20.2.7 sport=47704 dport=80 src=10.20.2.7 dst=10.20.1.5 sport=80 dport=47704 [ASSURED] mark=0 zone=5001 use=2",
    { zone: 5001, source: "10.20.1.5", destination: "10.20.2.7", protocol: 6, port: 80, sourcePort: 47704 },
  ],
  [
    "UDP over IPv6 that nobody answered, addresses written in full",
    `ipv6     10 udp      17 29 src=${loopback} dst=${loopback} sport=54548 dport=5353 [UNREPLIED] src=${loopback} dst=${loopback} sport=5353 dport=54548 mark=0 zone=5001 use=2`,
    { zone: 5001, source: "::1", destination: "::1", protocol: 17, port: 5353, sourcePort: 54548 },
  ],
  [
    "UDP whose zone is one of its first direction",
    "ipv4     2 udp      17 29 src=10.1.0.1 dst=10.1.0.1 sport=60611 dport=5353 zone-orig=9 [UNREPLIED] src=10.1.0.1 dst=10.1.0.1 sport=5353 dport=60611 mark=0 use=2",
    { zone: 9, source: "10.1.0.1", destination: "10.1.0.1", protocol: 17, port: 5353, sourcePort: 60611 },
  ],
  [
    "ICMP: the type of the question, not of the answer",
    "ipv4     2 icmp     1 29 src=10.20.1.5 dst=10.20.2.7 type=8 code=0 id=27788 src=10.20.2.7 dst=10.20.1.5 type=0 code=0 id=27788 mark=0 zone=7 use=2",
    {
      zone: 7,
      source: "10.20.1.5",
      destination: "10.20.2.7",
      protocol: 1,
      icmp: { type: 8, code: 0 },
      icmpId: 27788,
    },
  ],
  [
    "ICMPv6",
    "ipv6     10 icmpv6   58 29 src=fd00::5 dst=fd00::7 type=128 code=0 id=1 src=fd00::7 dst=fd00::5 type=129 code=0 id=1 mark=0 zone=5001 use=1",
    { zone: 5001, source: "fd00::5", destination: "fd00::7", protocol: 58, icmp: { type: 128, code: 0 }, icmpId: 1 },
  ],
  [
    "as `conntrack -L` writes it without its extended form",
    "tcp      6 9 CLOSE src=10.20.1.5 dst=10.20.2.7 sport=1 dport=2 src=10.20.2.7 dst=10.20.1.5 sport=2 dport=1 mark=0 zone=7 use=1",
    { zone: 7, source: "10.20.1.5", destination: "10.20.2.7", protocol: 6, port: 2, sourcePort: 1 },
  ],
  [
    "a destination that is translated: the one that was asked for",
    "ipv4     2 tcp      6 9 CLOSE src=10.20.1.5 dst=192.0.2.11 sport=1 dport=8080 src=10.20.2.7 dst=10.20.1.5 sport=80 dport=1 mark=0 zone=7 use=1",
    { zone: 7, source: "10.20.1.5", destination: "192.0.2.11", protocol: 6, port: 8080, sourcePort: 1 },
  ],
  [
    "a flow of the host itself, which has no zone",
    "ipv4     2 tcp      6 9 CLOSE src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 mark=0 use=1",
    { zone: 0, source: "10.0.0.1", destination: "10.0.0.2", protocol: 6, port: 2, sourcePort: 1 },
  ],
  [
    "a protocol without ports",
    "ipv4     2 unknown  89 599 src=10.20.1.5 dst=224.0.0.5 [UNREPLIED] src=224.0.0.5 dst=10.20.1.5 mark=0 zone=7 use=1",
    { zone: 7, source: "10.20.1.5", destination: "224.0.0.5", protocol: 89 },
  ],
];

test.each(flows)("%s", (_name, line, flow) => {
  expect(written(parseFlow(line))).toEqual(flow);
});

test.each([
  ["a line of another kind", "ipv4     2 tcp      6 zone=7"],
  ["an empty line", ""],
  ["an address that is none", "ipv4     2 tcp      6 9 src=10.0.0.x dst=10.0.0.2 sport=1 dport=2 zone=7"],
])("%s is passed over", (_name, line) => {
  expect(parseFlows([line])).toEqual([]);
});
