/** The kube-apiserver that other tests speak to: that it validates, and knows the kinds of others that we make. */
import { Apiserver } from "./harness/apiserver";

let server: Apiserver;

beforeAll(async () => {
  server = await Apiserver.start();
}, 120_000);
afterAll(async () => {
  await server.stop();
});

const policy = (port: number) => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "web", namespace: "default" },
  spec: { podSelector: {}, policyTypes: ["Ingress"], ingress: [{ ports: [{ protocol: "TCP", port }] }] },
});

test("takes a valid object by server-side apply, and refuses one that is not", async () => {
  const made = await server.client.apply(policy(80), { manager: "test" });
  expect(made["spec"]).toEqual(policy(80).spec);
  await expect(server.client.apply(policy(70_000), { manager: "test" })).rejects.toThrow("must be between 1 and 65535");
});

test.each([
  ["sigs.k8s.io/network-policy-api@v0.3.0", "policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy"],
  ["sigs.k8s.io/network-policy-api@v0.1.7", "policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy"],
  ["istio.io/api@v1.32.0", "networking.istio.io/v1", "ServiceEntry"],
] as const)("serves what %s defines", async (definitions, apiVersion, kind) => {
  expect(await server.client.collection(apiVersion, kind)).toBeUndefined();
  await server.define(definitions);
  expect(await server.client.collection(apiVersion, kind)).toContain(`/apis/${apiVersion}/`);
});
