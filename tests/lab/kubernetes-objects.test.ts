/** Objects that we make of policies, given to a real kube-apiserver: it takes every one as it is, and drops no field. */
import { objectsFor } from "../support/kubernetes/clusters";
import { expressible } from "../support/kubernetes/policies";
import { Apiserver } from "./harness/apiserver";

let server: Apiserver;

beforeAll(async () => {
  server = await Apiserver.start();
  await server.define("sigs.k8s.io/network-policy-api@v0.3.0");
  await server.define("sigs.k8s.io/network-policy-api@v0.1.7");
  for (const name of ["shop", "bank"]) {
    await server.client.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } }, { manager: "test" });
  }
}, 120_000);
afterAll(async () => {
  await server.stop();
});

test.each(Object.entries(expressible))("%s", async (_, { policy, policyApi }) => {
  const objects = objectsFor(policy, policyApi);
  expect(objects.length).toBeGreaterThan(0);
  for (const object of objects) {
    const kept = await server.client.apply({ ...object }, { manager: "sdn" });
    expect(kept["spec"]).toEqual(object.spec);
    expect(kept.metadata).toMatchObject(object.metadata);
  }
});
