/** Things of a host that somebody else made, as they were found. */

export interface AdoptedBridge {
  readonly name: string;
  readonly mtu: number;
}

export interface AdoptedVxlan {
  readonly name: string;
  readonly mtu: number;
  readonly vni: number;
  /** Its VTEP; `undefined` where the kernel chooses. */
  readonly local: string | undefined;
  readonly port: number;
  /** The VTEPs that broadcast, unknown and multicast frames go to. */
  readonly remotes: readonly string[];
}

export interface AdoptedDockerNetwork {
  readonly name: string;
  /** The engine's identifier: a network of the same name that was made later is another. */
  readonly networkId: string;
  readonly cidrs: readonly string[];
}
