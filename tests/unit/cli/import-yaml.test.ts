/** The YAML of an imported program says what was meant, to whichever version of YAML its reader is of. */
import { parse } from "yaml";

import type { Declaration, Property } from "../../../provider/src/cli/import/program";
import { Reference } from "../../../provider/src/cli/import/program";
import { yamlProgram, yamlProject } from "../../../provider/src/cli/import/yaml";

const host: Declaration = { type: "Host", name: "h1", properties: {} };

async function lineOf(value: Property): Promise<string> {
  const declarations = [host, { type: "Thing", name: "thing", properties: { value } }];
  const text = await yamlProgram({ project: "p", stack: "s", declarations }, undefined);
  return /^ {6}value: (.*)$/m.exec(text)?.[1] ?? text;
}

test.each<[string, string, string]>([
  ["a name", "web-1", "web-1"],
  ["an address", "10.20.1.9", "10.20.1.9"],
  ["an IPv6 address that ends like a key", "fd00::", '"fd00::"'],
  ["a MAC address", "0a:5d:00:00:00:01", "0a:5d:00:00:00:01"],
  ["a MAC address that is a number of base 60", "10:20:30:40:50:10", '"10:20:30:40:50:10"'],
  ["a number", "17", '"17"'],
  ["an octal number of YAML 1.1", "017", '"017"'],
  ["an octal number of YAML 1.2", "0o17", '"0o17"'],
  ["a number with an exponent", "1e3", '"1e3"'],
  ["a truth of YAML 1.1", "no", '"no"'],
  ["a truth of YAML 1.2", "true", '"true"'],
  ["nothing", "~", '"~"'],
  ["a date", "2020-01-01", '"2020-01-01"'],
  ["an empty text", "", '""'],
  ["a comment", "a # b", '"a # b"'],
  ["a key", "a: b", '"a: b"'],
  ["two lines", "a\nb", String.raw`"a\nb"`],
])("%s is written so that it stays a text", async (_, text, expected) => {
  const line = await lineOf(text);
  expect(line).toBe(expected);
  for (const version of ["1.1", "1.2"] as const) {
    expect(parse(`value: ${line}`, { version })).toEqual({ value: text });
    expect(parse(`value: ${await lineOf({ inner: [text] })}`, { version })).toEqual({ value: { inner: [text] } });
  }
});

test("a reference is an interpolation, and a text that looks like one is none", async () => {
  expect(await lineOf(new Reference(host))).toBe('"${h1}"');
  expect(await lineOf("${h1}")).toBe('"$${h1}"');
});

test("a value stands on one line, however long it is", async () => {
  const ranges = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`host-${index}`, `10.20.${index}.0/24`]));
  expect(parse(await lineOf(ranges))).toEqual(ranges);
});

test("a comment stands above its resource", async () => {
  const declarations = [host, { type: "Host", name: "h2", properties: {}, comment: "needs a key: see above" }];
  const text = await yamlProgram({ project: "p", stack: "s", declarations }, undefined);
  expect(text).toContain("\n  # needs a key: see above\n  h2:\n    type: sdn:Host\n    properties: {}\n");
});

test("a project names where its plugin is", async () => {
  expect(await yamlProject("shop", "nodejs", "/opt/sdn/bin")).toBe(
    "name: shop\nruntime: nodejs\nplugins:\n  providers:\n    - { name: sdn, path: /opt/sdn/bin }\n",
  );
});
