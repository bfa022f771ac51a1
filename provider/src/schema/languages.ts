import { packageVersion } from "./version";

/** The oldest SDK of Pulumi that programs may use, in the numbers of each language's own packages. */
const oldest = { nodejs: "^3.259.0", python: ">=3.259.0,<4.0.0", java: "1.12.0" } as const;

/** What npm, PyPI and the repositories show of the package. */
const readme = `# sdn

Container networking as reviewed code: virtual networks, a distributed firewall and services over Linux hosts, the Docker
engines on them and Kubernetes clusters, as a Pulumi provider.

The provider itself is a plugin that is installed once, from the archive of a release:

\`\`\`sh
pulumi plugin install resource sdn ${packageVersion} --file pulumi-resource-sdn-v${packageVersion}-linux-amd64.tar.gz
\`\`\`

This package is generated from the provider's schema and has its version. Apache-2.0.
`;

/** Where the Go module is: the address that Pulumi gives to packages without a repository of their own. */
const goModule = "example.com/pulumi-sdn/sdk/go";

/** What the generator of each language is told. `respectSchemaVersion`: an SDK asks for the plugin of its own version. */
export const languages = {
  nodejs: {
    packageName: "pulumi-sdn",
    packageDescription: "Container networking as reviewed code, with Pulumi.",
    readme,
    respectSchemaVersion: true,
    dependencies: { "@pulumi/pulumi": oldest.nodejs },
    typescriptVersion: "^5.0.0",
  },
  python: {
    packageName: "pulumi_sdn",
    readme,
    respectSchemaVersion: true,
    pyproject: { enabled: true },
    pythonRequires: ">=3.10",
    requires: { pulumi: oldest.python },
  },
  go: {
    importBasePath: `${goModule}/sdn`,
    modulePath: goModule,
    respectSchemaVersion: true,
    generateResourceContainerTypes: true,
  },
  csharp: {
    namespaces: { sdn: "Sdn" },
    respectSchemaVersion: true,
  },
  java: {
    basePackage: "com.pulumi.",
    // A pom.xml instead, which tools/sdk writes.
    buildFiles: "none",
    dependencies: { "com.pulumi:pulumi": oldest.java },
  },
} as const;
