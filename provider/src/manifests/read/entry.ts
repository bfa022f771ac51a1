/** Ways into the cluster: Ingress, OpenShift's Route, and the Gateway API's HTTPRoute and its grants. */

import type { Backend, EntryObject, GrantObject, PortReference } from "../objects";
import type { Field } from "./field";
import { metadataOf } from "./metadata";
import type { Reading } from "./reading";

export function ingressOf(object: Field, reading: Reading): EntryObject {
  const { namespace, name } = metadataOf(object);
  const spec = object.at("spec");
  const paths = spec
    .at("rules")
    .items()
    .flatMap((rule) => rule.at("http", "paths").items());
  const given = [spec.at("defaultBackend"), spec.at("backend"), ...paths.map((path) => path.at("backend"))];
  const backends = given
    .filter((backend) => !backend.missing)
    .flatMap((backend) => ingressBackendOf(backend, namespace, reading));
  return { kind: "entry", type: "Ingress", namespace, name, backends };
}

function ingressBackendOf(backend: Field, namespace: string, reading: Reading): readonly Backend[] {
  const service = backend.at("service");
  if (!service.missing) {
    const port = service.at("port");
    const number = port.at("number");
    const reference = number.missing ? port.at("name").textOr(undefined) : number.port();
    return [{ namespace, service: service.at("name").text(), port: reference }];
  }
  // As the versions before networking.k8s.io/v1 had it.
  if (!backend.at("serviceName").missing) {
    const port = backend.at("servicePort");
    const reference: PortReference | undefined = port.missing ? undefined : port.portReference();
    return [{ namespace, service: backend.at("serviceName").text(), port: reference }];
  }
  reading.warn(backend, "the backend is no service; it is left out");
  return [];
}

export function routeOf(object: Field, reading: Reading): EntryObject {
  const { namespace, name } = metadataOf(object);
  const spec = object.at("spec");
  const target = spec.at("port", "targetPort");
  const port = target.missing ? undefined : target.portReference();
  const backends = [spec.at("to"), ...spec.at("alternateBackends").items()].flatMap((backend): readonly Backend[] => {
    if (backend.at("kind").textOr("Service") === "Service") {
      return [{ namespace, service: backend.at("name").text(), port }];
    }
    reading.warn(backend, "the backend is no service; it is left out");
    return [];
  });
  return { kind: "entry", type: "Route", namespace, name, backends };
}

export function httpRouteOf(object: Field, reading: Reading): EntryObject {
  const { namespace, name } = metadataOf(object);
  const references = object
    .at("spec", "rules")
    .items()
    .flatMap((rule) => rule.at("backendRefs").items());
  const backends = references.flatMap((backend): readonly Backend[] => {
    const isService = backend.at("kind").textOr("Service") === "Service" && backend.at("group").textOr("") === "";
    if (!isService) {
      reading.warn(backend, "the backend is no service; it is left out");
      return [];
    }
    const service = backend.at("name").text();
    const port = backend.at("port").port();
    return [{ namespace: backend.at("namespace").textOr(namespace), service, port }];
  });
  return { kind: "entry", type: "HTTPRoute", namespace, name, backends };
}

export function grantOf(object: Field): GrantObject {
  const { namespace, name } = metadataOf(object);
  const from = object
    .at("spec", "from")
    .items()
    .filter((one) => one.at("kind").textOr("") === "HTTPRoute")
    .map((one) => one.at("namespace").text());
  const to = object
    .at("spec", "to")
    .items()
    .filter((one) => one.at("kind").textOr("") === "Service");
  const names = to.map((one) => one.at("name").textOr(undefined));
  const named = names.filter((one) => one !== undefined);
  return { kind: "grant", namespace, name, from, services: names.length > named.length ? undefined : named };
}
