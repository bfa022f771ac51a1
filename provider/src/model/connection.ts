/** How a host is reached. Parsed once, at the edge; everything after it can rely on the shape. */

export interface SshConnection {
  readonly kind: "ssh";
  /** IP address or DNS name. */
  readonly address: string;
  /** TCP port, default 22. */
  readonly port: number;
  /** Default `root`. Any other user needs `sudo -n`. */
  readonly user: string;
  /** PEM or OpenSSH private key text. Secret. */
  readonly privateKey?: string;
  /** Passphrase of the key. Secret. */
  readonly passphrase?: string;
  /** Path of a private key on the machine that runs Pulumi; `~/` is expanded. */
  readonly privateKeyPath?: string;
  /** Use the SSH agent of `SSH_AUTH_SOCK`. Default: true where neither key is given. */
  readonly agent: boolean;
  /** The host's public key: `ssh-ed25519 AAAA…` or a fingerprint `SHA256:…`. */
  readonly hostKey?: string;
  /** Path of a known_hosts file; default `~/.ssh/known_hosts` where `hostKey` is not given. */
  readonly knownHosts?: string;
  /** A host to go through. */
  readonly jump?: SshConnection;
  /** Seconds until an attempt to connect is given up. Default 10. */
  readonly connectTimeout: number;
}

/** The machine that runs Pulumi itself. */
export interface LocalConnection {
  readonly kind: "local";
}

/** A named network namespace (`ip netns`) of the machine that runs Pulumi. */
export interface NamespaceConnection {
  readonly kind: "namespace";
  readonly name: string;
}

export type Connection = SshConnection | LocalConnection | NamespaceConnection;

/**
 * The connection as a URI without secrets; the identity of a host: `ssh://root@192.0.2.11:22`, `local:`, `netns:h1`.
 * An IPv6 address stands in brackets.
 */
export function connectionUri(connection: Connection): string {
  switch (connection.kind) {
    case "ssh": {
      const address = connection.address.includes(":") ? `[${connection.address}]` : connection.address;
      return `ssh://${connection.user}@${address}:${connection.port}`;
    }
    case "local":
      return "local:";
    case "namespace":
      return `netns:${connection.name}`;
  }
}
