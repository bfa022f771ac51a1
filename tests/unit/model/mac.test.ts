import { parseAddress } from "../../../provider/src/model/address";
import { formatMac, macFromHash, macFromIpv4, parseMac } from "../../../provider/src/model/mac";
import { refusal } from "./messages";

test.each([
  ["lower case", "02:42:0a:14:01:05", "02:42:0a:14:01:05"],
  ["upper case", "02:42:0A:14:01:05", "02:42:0a:14:01:05"],
  ["hyphens", "02-42-0A-14-01-05", "02:42:0a:14:01:05"],
  ["a leading zero octet", "00:00:5e:00:01:01", "00:00:5e:00:01:01"],
])("a MAC address with %s", (_name, text, canonical) => {
  expect(formatMac(parseMac(text, "mac"))).toBe(canonical);
});

test.each([
  [
    "five octets",
    "02:42:0a:14:01",
    'mac: the value is not a MAC address (got "02:42:0a:14:01"). Write six octets in hexadecimal such as 02:42:0a:14:01:05.',
  ],
  [
    "multicast",
    "01:00:5e:00:00:01",
    'mac: the value is a multicast or broadcast MAC address (got "01:00:5e:00:00:01"). Make the first octet even, for example 02.',
  ],
  [
    "all zero",
    "00:00:00:00:00:00",
    'mac: the value is the all-zero MAC address (got "00:00:00:00:00:00"). Write a unicast address or leave it out.',
  ],
])("refused: %s", (_name, text, message) => {
  expect(refusal(() => parseMac(text, "mac"))).toEqual({ code: "invalid-input", message });
});

test.each([
  "ff:ff:ff:ff:ff:ff",
  "02:42-0a:14:01:05",
  "0242.0a14.0105",
  "02:42:0a:14:01:05:06",
  "02:42:0a:14:01:0g",
  "02:42:0a:14:01:05\n",
])("refused: %j", (text) => {
  expect(refusal(() => parseMac(text, "mac")).code).toBe("invalid-input");
});

test("the MAC address of an IPv4 address is Docker's", () => {
  expect(formatMac(macFromIpv4(parseAddress("172.17.0.2", "address")))).toBe("02:42:ac:11:00:02");
  expect(refusal(() => macFromIpv4(parseAddress("fd00::1", "address"))).code).toBe("internal");
});

test("a hashed MAC address keeps its prefix, differs by seed and is unicast", () => {
  const web = formatMac(macFromHash("web", [0x02, 0x73, 0x64]));
  expect(web).toMatch(/^02:73:64(:[0-9a-f]{2}){3}$/);
  expect(formatMac(macFromHash("web", [0x02, 0x73, 0x64]))).toBe(web);
  expect(formatMac(macFromHash("db", [0x02, 0x73, 0x64]))).not.toBe(web);
  expect(formatMac(parseMac(web, "mac"))).toBe(web);
});

test.each([
  ["global", [0x00]],
  ["multicast", [0x03]],
  ["empty", []],
  ["six octets", [2, 0, 0, 0, 0, 0]],
  ["no octet", [2, 256]],
])("a prefix is a defect: %s", (_name, prefix) => {
  expect(refusal(() => macFromHash("web", prefix)).code).toBe("internal");
});
