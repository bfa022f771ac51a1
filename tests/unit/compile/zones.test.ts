import { assignZones } from "../../../provider/src/compile/zones";

type Zones = Readonly<Record<string, number>>;

test.each<[string, readonly number[], Zones, Zones, Zones]>([
  ["a zone is the VNI where it fits", [5001, 5002], {}, {}, { 5001: 5001, 5002: 5002 }],
  ["a VNI beyond the zones wraps round", [65_536, 131_071], {}, {}, { 65536: 1, 131071: 1 + 1 }],
  ["two that want the same zone get different ones", [1, 65_536], {}, {}, { 1: 1, 65536: 2 }],
  ["a bridge keeps the zone that it has on the host", [1, 65_536], { 65536: 1 }, {}, { 1: 2, 65536: 1 }],
  ["one of before that is not on the host yet is counted on", [1, 65_536], {}, { 65536: 1 }, { 1: 2, 65536: 1 }],
  ["what the host has goes before what was counted on", [1, 65_536], { 1: 7 }, { 65536: 7 }, { 1: 7, 65536: 1 }],
  ["a zone of a segment that went is free again", [65_536], {}, { 1: 1 }, { 65536: 1 }],
  ["after the last zone comes the first", [65_535, 131_070], {}, {}, { 65535: 65_535, 131070: 1 }],
])("%s", (_what, vnis, found, known, wanted) => {
  const bridges = new Map(Object.entries(found).map(([vni, zone]) => [`sdn-b-${vni}`, zone]));
  expect(assignZones(vnis, bridges, known)).toEqual(wanted);
});
