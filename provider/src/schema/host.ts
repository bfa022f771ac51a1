import type { ObjectTypeSpec, ResourceSpec } from "./types";
import { boolean, integer, listOf, ofType, string } from "./types";

export const sshType: ObjectTypeSpec = {
  type: "object",
  description:
    "How to reach a host over SSH. The key comes from `privateKey`, `privateKeyPath` or the agent. The host's own key must be known: there is no trust on first use.",
  properties: {
    address: string("IP address or DNS name."),
    port: integer("TCP port. Default 22."),
    user: string("Login name. Default `root`; any other user needs password-less sudo (`sudo -n`)."),
    privateKey: string("Private key, PEM or OpenSSH text.", { secret: true }),
    privateKeyPath: string("Path of a private key on the machine that runs Pulumi; `~/` is expanded."),
    passphrase: string("Passphrase of the private key.", { secret: true }),
    agent: boolean("Whether to use the agent at `SSH_AUTH_SOCK`. Default: true where no key is given."),
    hostKey: string(
      "The host's public key (`ssh-ed25519 AAAA…`) or its fingerprint (`SHA256:…`). Excludes `knownHosts`.",
    ),
    knownHosts: string("Path of a known_hosts file. Default `~/.ssh/known_hosts` where `hostKey` is not given."),
    jump: ofType("sdn:index:Ssh", "A host to go through, with its own key and host key."),
    connectTimeout: integer("Seconds until an attempt to connect is given up. Default 10."),
  },
  required: ["address"],
};

export const factsType: ObjectTypeSpec = {
  type: "object",
  description: "What was found on a host.",
  properties: {
    hostname: string("The host's own name."),
    os: string("Operating system, as /etc/os-release names it."),
    kernel: string("Kernel release."),
    architecture: string("Machine architecture."),
    iproute2: string("Version of iproute2."),
    nftables: string("Version of nftables."),
    dockerVersion: string("Version of the Docker engine; absent where none answers."),
    dockerApiVersion: string("API version of the Docker engine."),
    persistence: string(
      "Whether it makes its networks again by itself when it starts, and repairs them every 5 minutes: `systemd` (it does), `none` (systemd does not run it, or it is a namespace), `read-only` (/etc/systemd/system is), `damaged` (what is needed for it is missing or damaged; `pulumi up` repairs it).",
    ),
  },
};

export const hostEventType: ObjectTypeSpec = {
  type: "object",
  description: "Something that a host did by itself, without Pulumi.",
  properties: {
    time: string("When, UTC, RFC 3339."),
    kind: string(
      "`restored` (after a start of the host), `repaired` (somebody had changed something), `rolled-back` (a change of the firewall that was not proved in time), `failed`, or `damaged` (the saved record was, and nothing of it was made).",
    ),
    resource: string("Which resource, such as `segment-4097`; `-` for all of them."),
    detail: string("What was wrong; of `restored`, how many resources were made again."),
  },
  required: ["time", "kind", "resource", "detail"],
};

export const connectionType: ObjectTypeSpec = {
  type: "object",
  description: "A host's connection with every default filled in, as its per-host resources hold it.",
  properties: {
    ...sshType.properties,
    jump: ofType("sdn:index:Connection", "A host to go through."),
    kind: string("`ssh`, `local` or `namespace`."),
    name: string("Name of the network namespace, where `kind` is `namespace`."),
  },
  required: ["kind"],
};

export const host: ResourceSpec = {
  description:
    "A Linux machine that networks can span, and how to reach it. It is looked at, and what it lacks is one error at preview. The first network on it also brings a program and systemd units that make the networks again when the host starts; they go with the last.\n\n## Import\n\n```sh\npulumi import sdn:index:Host h1 ssh://root@192.0.2.11:22\n```\n\nThe id is `ssh://USER@ADDRESS:PORT`, `netns:NAME` or `local:`. The host is reached with the SSH agent's keys and `~/.ssh/known_hosts`; a key cannot be read from a host, so add `privateKeyPath` and `hostKey` to what is written. See docs/import.md.",
  inputProperties: {
    ssh: ofType("sdn:index:Ssh", "Reach it over SSH. Exactly one of `ssh`, `local` and `namespace` is given."),
    local: boolean("The machine that runs Pulumi itself."),
    namespace: string("A named network namespace (`ip netns`) of the machine that runs Pulumi."),
    retired: boolean(
      "The machine is gone for good: it is never asked again, and what leaves it in the program is forgotten, with a warning that names what stays on it. Take it out of `Fabric.hosts` in the same change. Default false.",
    ),
    underlayAddress: string(
      "The address at which the other hosts reach it (its VTEP). Default: the one at which the SSH session arrived, else the source of the default route.",
    ),
  },
  properties: {
    connection: ofType("sdn:index:Connection", "The connection with every default filled in."),
    uri: string("The connection as a URI without secrets."),
    facts: ofType("sdn:index:HostFacts", "What was found on it."),
    hasDocker: boolean("Whether a Docker engine answers."),
    underlayAddress: string("The address of its VTEP."),
    underlayInterface: string("The interface with that address."),
    underlayMtu: integer("MTU of that interface, bytes."),
    events: listOf(
      "sdn:index:HostEvent",
      "The last 50 things that it did by itself, oldest first. `pulumi refresh` reads them and warns of new ones.",
    ),
  },
  required: [
    "connection",
    "uri",
    "facts",
    "hasDocker",
    "underlayAddress",
    "underlayInterface",
    "underlayMtu",
    "events",
  ],
};
