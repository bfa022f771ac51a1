/** The analysis of manifests and an evaluator of single packets agree about every generated cluster. */
import fc from "fast-check";
import { connectivityOf } from "../../../provider/src/manifests/connectivity";
import { portInterval, type Protocol, protocols } from "../../../provider/src/manifests/connection-set";
import { parseManifests } from "../../../provider/src/manifests/parse";
import { workloadPeer } from "../../../provider/src/manifests/peer";
import { includesPoint, type IntervalSet } from "../../../provider/src/policy/intervals";
import { addressNumber, type BruteEnd, type BrutePacket, passes } from "../../support/brute-kubernetes";
import { seed } from "../../support/intent-arbitraries";
import { addresses, clusterArbitrary, manifestsOf, portNumbers } from "../../support/kubernetes-arbitraries";

const includes = (set: IntervalSet<number>, protocol: Protocol, port: number): boolean =>
  includesPoint(set, portInterval(protocol, port, port).first);

test.each(["v1alpha1", "v1alpha2"] as const)("every packet has the same fate, policy API %s", (version) => {
  const seen = { allowed: 0, refused: 0 };
  fc.assert(
    fc.property(clusterArbitrary, (cluster) => {
      const text = manifestsOf(cluster, version);
      const manifests = parseManifests([{ path: "m.yaml", text }]);
      expect(manifests.findings).toEqual([]);
      const connectivity = connectivityOf(manifests.objects);
      const peerOf = ({ namespace, name }: { namespace: string; name: string }) => workloadPeer(namespace, name, "Pod");
      const setBetween = (source: BruteEnd, destination: BruteEnd): IntervalSet<number> => {
        if (typeof source !== "number" && typeof destination !== "number") {
          return connectivity.between(peerOf(source), peerOf(destination));
        }
        const [pod, address, direction] =
          typeof source === "number"
            ? [destination, source, "ingress" as const]
            : [source, destination, "egress" as const];
        if (typeof pod === "number" || typeof address !== "number") throw new Error("one of the two is a pod");
        const found = connectivity
          .outside(peerOf(pod), direction)
          .filter(({ outside: { range } }) => range.first <= BigInt(address) && BigInt(address) <= range.last);
        expect(found).toHaveLength(1);
        return found[0]!.allowed;
      };
      const outside = addresses.map(addressNumber);
      for (const pod of cluster.pods) {
        const others = [...cluster.pods.filter((other) => other !== pod), ...outside];
        for (const [source, destination] of others.flatMap((other) => [[pod, other] as const, [other, pod] as const])) {
          const set = setBetween(source, destination);
          for (const protocol of protocols) {
            for (const port of portNumbers) {
              const packet: BrutePacket = { source, destination, protocol, port };
              const expected = passes(cluster, packet);
              seen[expected ? "allowed" : "refused"] += 1;
              if (includes(set, protocol, port) !== expected)
                throw new Error(JSON.stringify({ expected, packet, text }));
            }
          }
        }
      }
    }),
    { numRuns: 120, seed },
  );
  // Neither of the two opinions is empty.
  expect(seen.allowed).toBeGreaterThan(5_000);
  expect(seen.refused).toBeGreaterThan(5_000);
});
