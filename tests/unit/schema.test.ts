/** The package schema: what is committed, what Pulumi's own binder says to it, and what every part of it must have. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHandlers } from "../../provider/src/provider";
import { packageSchema } from "../../provider/src/schema/package";
import type {
  EnumTypeSpec,
  FunctionSpec,
  ObjectTypeSpec,
  Properties,
  ResourceSpec,
} from "../../provider/src/schema/types";
import { schemaText } from "../../tools/schema-text";

const root = join(__dirname, "..", "..");
const tool = (name: string): string => join(root, "tools", "sdk", name);

const resources: Readonly<Record<string, ResourceSpec>> = packageSchema.resources;
const functions: Readonly<Record<string, FunctionSpec>> = packageSchema.functions;
const types: Readonly<Record<string, ObjectTypeSpec | EnumTypeSpec>> = packageSchema.types;
const objectTypes = Object.entries(types).filter(
  (entry): entry is [string, ObjectTypeSpec] => "properties" in entry[1],
);

/** Every map of properties in the schema, by where it is. */
const propertyMaps: readonly (readonly [place: string, Properties])[] = [
  ...Object.entries(resources).flatMap(([token, { inputProperties, properties }]) => [
    [`${token} inputs`, inputProperties] as const,
    [`${token} outputs`, properties] as const,
  ]),
  ...Object.entries(functions).flatMap(([token, { inputs, outputs }]) => [
    [`${token} arguments`, inputs.properties] as const,
    [`${token} result`, outputs.properties] as const,
  ]),
  ...objectTypes.map(([token, { properties }]) => [token, properties] as const),
];
const everyProperty = propertyMaps.flatMap(([place, properties]) =>
  Object.entries(properties).map(([name, property]) => ({ where: `${place}: ${name}`, name, place, property })),
);

const missingFrom = (all: Properties, names: readonly string[] | undefined): readonly string[] =>
  (names ?? []).filter((name) => !(name in all));

describe("schema.json", () => {
  test("is what provider/src/schema says", () => {
    expect(readFileSync(join(root, "schema.json"), "utf8")).toBe(schemaText());
  });

  test("is what the plugin answers with", () => {
    expect(JSON.parse(createHandlers().schema())).toEqual(JSON.parse(schemaText()));
  });
});

describe("Pulumi's binder and generator", () => {
  // The first run on a machine compiles them.
  const timeout = 600_000;
  const folder = mkdtempSync(join(tmpdir(), "sdn-schema-"));
  const bind = (text: string): { status: number | null; stderr: string } => {
    const file = join(folder, "schema.json");
    writeFileSync(file, text);
    const built = spawnSync(tool("build"), { encoding: "utf8" });
    expect(built.stderr).toBe("");
    return spawnSync(built.stdout.trim(), ["bind", file], { encoding: "utf8" });
  };
  const spoilt = (from: string, to: string): string => {
    expect(schemaText()).toContain(from);
    return schemaText().replace(from, to);
  };
  afterAll(() => rmSync(folder, { recursive: true }));

  test(
    "bind the schema without a complaint",
    () => expect(bind(schemaText())).toMatchObject({ status: 0, stderr: "" }),
    timeout,
  );

  test.each([
    ["a reference to a type that is not there", '"#/types/sdn:index:Ssh"', '"#/types/sdn:index:Rsh"', "sdn:index:Rsh"],
    ["a required property that is not there", '"required": [\n        "kind"', '"required": [\n        "sort"', "sort"],
    ["a type that is none", '"type": "integer"', '"type": "int"', "int"],
  ])(
    "refuse %s",
    (_case, from, to, named) => {
      const { status, stderr } = bind(spoilt(from, to));
      expect(status).toBe(1);
      expect(stderr).toContain(named);
    },
    timeout,
  );

  test(
    "give the SDKs that are committed, of every language",
    () => expect(spawnSync(tool("check"), { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" }),
    timeout,
  );

  test.each([
    ["Node", "nodejs/package.json"],
    ["Python", "python/pulumi_sdn/pulumi-plugin.json"],
    ["Go", "go/sdn/pulumi-plugin.json"],
    ["C#", "dotnet/pulumi-plugin.json"],
    ["Java", "java/src/main/resources/com/pulumi/sdn/plugin.json"],
  ])("give an SDK for %s that asks for the plugin of its own version", (_language, file) => {
    const manifest = JSON.parse(readFileSync(join(root, "sdk", file), "utf8")) as Record<string, unknown>;
    const { version } = packageSchema;
    expect(manifest["pulumi"] ?? manifest).toEqual({ resource: true, name: "sdn", version });
  });

  test.each([
    ["the provider", "package.json", '"@pulumi/pulumi": "3.259.0"'],
    ["the CLI of tests", "tools/pulumi/go.mod", "github.com/pulumi/pulumi/pkg/v3 v3.259.0"],
    ["the generator", "tools/sdk/go.mod", "github.com/pulumi/pulumi/pkg/v3 v3.259.0"],
    ["the Go SDK", "sdk/go/go.mod", "github.com/pulumi/pulumi/sdk/v3 v3.259.0"],
    ["what checks the Python SDK", "tools/sdk/python/requirements.txt", "pulumi==3.259.0"],
  ])("are of the version of Pulumi that %s has", (_what, file, line) => {
    expect(readFileSync(join(root, file), "utf8")).toContain(line);
  });
});

describe("every token", () => {
  const handlers = createHandlers();

  test.each(Object.keys(resources))("%s has one handler, of its kind, that knows its name", (token) => {
    const isComponent = resources[token]?.isComponent === true;
    const own = (isComponent ? handlers.components : handlers.resources).get(token);
    const other = (isComponent ? handlers.resources : handlers.components).get(token);
    expect(own?.().token).toBe(token);
    expect(other).toBeUndefined();
  });

  test.each(Object.keys(functions))("%s has a handler that knows its name", (token) => {
    expect(handlers.functions.get(token)?.().token).toBe(token);
  });

  test("that is handled is in the schema", () => {
    const handled = [...handlers.components.keys(), ...handlers.resources.keys()];
    expect(handled.sort()).toEqual(Object.keys(resources).sort());
    expect([...handlers.functions.keys()].sort()).toEqual(Object.keys(functions).sort());
  });

  test.each([...Object.keys(resources), ...Object.keys(types)])(
    "%s is package, module in small letters, name in PascalCase",
    (token) => expect(token).toMatch(/^sdn:(firewall|index|ipam|linux):[A-Z][A-Za-z0-9]*$/),
  );

  test("names either a resource or a type", () => {
    expect(Object.keys(types).filter((token) => token in resources)).toEqual([]);
  });

  test("has a description that ends as a sentence does", () => {
    const all = [...Object.entries(resources), ...Object.entries(functions), ...Object.entries(types)];
    expect(all.filter(([, { description }]) => !/\S\.$/.test(description)).map(([token]) => token)).toEqual([]);
  });

  /** Nothing of it is on any host. */
  const assertions = ["sdn:index:ReachabilityTest"];

  test.each(assertions)("%s says that it cannot be imported", (token) => {
    expect(resources[token]?.description).toContain("cannot be imported");
  });

  test.each(
    Object.keys(resources).filter((token) => resources[token]?.isComponent !== true && !assertions.includes(token)),
  )("%s says by which id it is imported", (token) => {
    expect(resources[token]?.description).toContain(`\n\n## Import\n\n\`\`\`sh\npulumi import ${token} `);
  });
});

describe("every property", () => {
  test("has a description that ends as a sentence does", () => {
    expect(
      everyProperty.filter(({ property }) => !/\S\.$/.test(property.description)).map(({ where }) => where),
    ).toEqual([]);
  });

  test("is named in camelCase", () => {
    expect(everyProperty.filter(({ name }) => !/^[a-z][A-Za-z0-9]*$/.test(name)).map(({ where }) => where)).toEqual([]);
  });

  test("avoids the names that Pulumi keeps for itself", () => {
    const kept = ["id", "urn", "pulumi", "provider", "version"];
    expect(everyProperty.filter(({ name }) => kept.includes(name)).map(({ where }) => where)).toEqual([]);
  });

  test("avoids the name of what it belongs to, which C# cannot express", () => {
    const className = (place: string): string => (place.split(" ")[0] ?? "").split(":")[2] ?? "";
    expect(
      everyProperty
        .filter(({ name, place }) => name.toLowerCase() === className(place).toLowerCase())
        .map(({ where }) => where),
    ).toEqual([]);
  });

  test("that is required is declared", () => {
    const undeclared = Object.entries(resources).flatMap(([token, one]) =>
      [...missingFrom(one.inputProperties, one.requiredInputs), ...missingFrom(one.properties, one.required)].map(
        (name) => `${token}: ${name}`,
      ),
    );
    expect(undeclared).toEqual([]);
    expect(objectTypes.flatMap(([, { properties, required }]) => missingFrom(properties, required))).toEqual([]);
  });

  test("that holds key material is secret, wherever it is", () => {
    const keys = everyProperty.filter(({ name }) => name === "privateKey" || name === "passphrase");
    expect(keys.length).toBeGreaterThanOrEqual(2);
    expect(keys.filter(({ property }) => property.secret !== true).map(({ where }) => where)).toEqual([]);
  });
});
