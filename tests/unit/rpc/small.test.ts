import { parsePath, pathContains } from "../../../provider/src/rpc/property-path";
import { Redactor } from "../../../provider/src/rpc/redactor";
import { engineAddressOf } from "../../../provider/src/rpc/run";
import { nameOfUrn, typeOfUrn } from "../../../provider/src/rpc/tokens";
import { OutputValue, Secret } from "../../../provider/src/rpc/value";

describe("property paths, examples of Pulumi's documentation", () => {
  test.each([
    ["root", ["root"]],
    ["root.nested", ["root", "nested"]],
    ['root["nested"]', ["root", "nested"]],
    ['root["double"]["nest"]', ["root", "double", "nest"]],
    ["root.array[100]", ["root", "array", 100]],
    ["root.array[0][1].nested", ["root", "array", 0, 1, "nested"]],
    ['root["key with \\"escaped\\" quotes"]', ["root", 'key with "escaped" quotes']],
    ['["root key with a ."][100]', ["root key with a .", 100]],
    ["root.array[*].field", ["root", "array", "*", "field"]],
    ['root.array["*"].field', ["root", "array", "*", "field"]],
    ["foo-bar", ["foo-bar"]],
    ["a.[0]", ["a", 0]],
  ])("%s", (text, path) => expect(parsePath(text)).toEqual(path));

  test.each(["", ".a", "a[", "a[x]", 'a["b"', "a..b"])("%s is none", (text) => expect(parsePath(text)).toBeUndefined());

  test.each([
    ["a", "a.b", true],
    ["a.b", "a", false],
    ["a[*].b", "a[3].b.c", true],
    ["*", "x.y", true],
    ["a[0]", 'a["0"]', false],
  ])("%s contains %s: %s", (path, other, contained) => {
    expect(pathContains(parsePath(path) ?? [], parsePath(other) ?? [])).toBe(contained);
  });
});

describe("URNs", () => {
  test.each([
    ["urn:pulumi:dev::shop::sdn:index:Subnet::web", "sdn:index:Subnet", "web"],
    ["urn:pulumi:dev::shop::a:b:C$d:e:F$sdn:linux:Segment::web-h1", "sdn:linux:Segment", "web-h1"],
    ["urn:pulumi:dev::shop::sdn:index:Subnet::a::b", "sdn:index:Subnet", "a::b"],
  ])("%s", (urn, type, name) => {
    expect([typeOfUrn(urn), nameOfUrn(urn)]).toEqual([type, name]);
  });
});

describe("the engine's address", () => {
  test.each([
    { args: ["127.0.0.1:4000"], address: "127.0.0.1:4000" },
    { args: ["--logtostderr", "-v=9", "127.0.0.1:4000"], address: "127.0.0.1:4000" },
    { args: ["--tracing", "http://127.0.0.1:9/", "127.0.0.1:4000"], address: "127.0.0.1:4000" },
    { args: [], address: undefined },
  ])("in $args", ({ args, address }) => expect(engineAddressOf(args)).toBe(address));
});

describe("redaction", () => {
  const key = "-----BEGIN KEY-----\nQUJDREVG\n-----END KEY-----";
  const redactor = new Redactor();
  redactor.learn({
    plain: "visible",
    a: new Secret({ password: "hunter2", short: "ab" }),
    b: new OutputValue("hunter2-long", true, []),
    c: [new Secret(key)],
  });

  test.each([
    ["the password is hunter2!", "the password is [secret]!"],
    ["a longer secret wins: hunter2-long", "a longer secret wins: [secret]"],
    [`whole: ${key}`, "whole: [secret]"],
    ["one line of a key: QUJDREVG", "one line of a key: [secret]"],
    ["visible ab", "visible ab"],
  ])("%s", (text, redacted) => expect(redactor.redact(text)).toBe(redacted));

  test("secrets of the configuration are hidden in every call", () => {
    expect(new Redactor(redactor).redact("hunter2")).toBe("[secret]");
  });
});
