/** What an Ingress, a Route or an HTTPRoute lets in. */
import { deployment, networkPolicy, said } from "../../support/manifests";

const web = deployment("web", { ports: ["http:8080", "https:8443", "dns:53/UDP"] });
const service = (ports: string, selector = "selector: { app: web }", name = "web", namespace = "shop"): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: { ports: [${ports}], ${selector} }`;
const two = service("{ name: plain, port: 80, targetPort: http }, { name: tls, port: 443, targetPort: 8443 }");

const ingress = (backend: string): string =>
  `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: i, namespace: shop }\nspec: { rules: [{ http: { paths: [{ backend: ${backend} }] } }] }`;
const ofService = (port: string): string => ingress(`{ service: { name: web, port: { ${port} } } }`);
const route = (spec: string): string =>
  `apiVersion: route.openshift.io/v1\nkind: Route\nmetadata: { name: r, namespace: shop }\nspec: { to: { kind: Service, name: web }, ${spec} }`;
const httpRoute = (namespace: string, reference: string): string =>
  `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: { name: h, namespace: ${namespace} }\nspec: { rules: [{ backendRefs: [${reference}] }] }`;

const entering = (...documents: readonly string[]): { lines: readonly string[]; findings: readonly string[] } => {
  const { lines, findings } = said(web, ...documents);
  return {
    lines: lines.filter((line) => line.startsWith("{ingress-controller}")).map((line) => line.split(" : ")[1]!),
    findings,
  };
};

test.each<[string, string[], string[]]>([
  ["the number of a service's port", [two, ofService("number: 80")], ["TCP 8080"]],
  ["the name of a service's port", [two, ofService("name: tls")], ["TCP 8443"]],
  ["the port of the pods", [two, ofService("number: 8443")], ["TCP 8443"]],
  ["a port that the service does not have", [two, ofService("number: 81")], []],
  [
    "a default backend",
    [two, ingress("{}").replace(/rules: .*/, "defaultBackend: { service: { name: web, port: { number: 443 } } } }")],
    ["TCP 8443"],
  ],
  ["the form before networking.k8s.io/v1", [two, ingress("{ serviceName: web, servicePort: plain }")], ["TCP 8080"]],
  ["a service without targetPort", [service("{ port: 9000 }"), ofService("number: 9000")], ["TCP 9000"]],
  ["a port of UDP is none for HTTP", [service("{ port: 53, targetPort: dns }"), ofService("number: 53")], []],
  ["a Route without a port has all of them", [two, route("tls: {}")], ["TCP 8080,8443"]],
  ["a Route with the name of a port", [two, route("port: { targetPort: tls }")], ["TCP 8443"]],
  [
    "a Route's other backends",
    [
      two,
      service("{ port: 1 }", "selector: { app: web }", "other"),
      route("alternateBackends: [{ kind: Service, name: other }], port: { targetPort: 1 }"),
    ],
    ["TCP 1"],
  ],
  ["an HTTPRoute", [two, httpRoute("shop", "{ name: web, port: 443 }")], ["TCP 8443"]],
])("by %s", (_, documents, expected) => {
  expect(entering(...documents)).toEqual({ lines: expected, findings: [] });
});

test("policies limit it as for pods of which nothing is known", () => {
  const policy = (rule: string): string => networkPolicy("web", `podSelector: {}\ningress: [${rule}]`);
  expect(entering(two, ofService("number: 80"), policy("{ from: [{ namespaceSelector: {} }] }")).lines).toEqual([
    "TCP 8080",
  ]);
  expect(entering(two, ofService("number: 80"), policy("{ ports: [{ port: 443 }] }"))).toEqual({
    lines: [],
    findings: [
      expect.stringMatching(
        /^note: m\.yaml:\d+: Ingress shop\/i: leads to shop\/web\[Deployment\], but the policies refuse/,
      ),
    ],
  });
  expect(entering(two, ofService("number: 80"), policy("{ from: [{ podSelector: {} }] }")).lines).toEqual([]);
});

test.each<[string, string[], string]>([
  ["a missing service", [ofService("number: 80")], "Ingress shop/i: there is no service shop/web in the manifests"],
  [
    "a service without selector",
    [service("{ port: 80 }", "type: ClusterIP"), ofService("number: 80")],
    "Ingress shop/i: service shop/web has no selector, so its pods are not known",
  ],
  [
    "a backend that is no service",
    [two, ingress("{ resource: { kind: Bucket, name: b } }")],
    "Ingress shop/i: spec.rules[0].http.paths[0].backend: the backend is no service; it is left out",
  ],
  [
    "another namespace's service",
    [two, httpRoute("edge", "{ name: web, namespace: shop, port: 80 }")],
    "HTTPRoute edge/h: no ReferenceGrant lets it use service shop/web of another namespace",
  ],
])("said: %s", (_, documents, expected) => {
  expect(entering(...documents)).toEqual({ lines: [], findings: [expect.stringContaining(expected)] });
});

test("a ReferenceGrant lets an HTTPRoute use another namespace's service", () => {
  const grant = (from: string): string =>
    `apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: { name: g, namespace: shop }\nspec: { from: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: ${from} }], to: [{ group: "", kind: Service }] }`;
  const route = httpRoute("edge", "{ name: web, namespace: shop, port: 80 }");
  expect(entering(two, route, grant("edge")).lines).toEqual(["TCP 8080"]);
  expect(entering(two, route, grant("other")).lines).toEqual([]);
});
