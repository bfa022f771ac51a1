/** The messages that register a component and its children. */
import { Alias } from "@pulumi/pulumi/proto/alias_pb";
import type { ConstructRequest } from "@pulumi/pulumi/proto/provider_pb";
import { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";

import { encodeStruct } from "./codec";
import type { EncodeOptions } from "./codec";
import type { ChildRequest } from "./handlers";
import type { Session } from "./session";
import type { ValueMap } from "./value";
import { dependenciesOf } from "./values";

/** Registrations carry dependencies in fields of their own, so no outputs. */
export const monitorPeer: EncodeOptions = { keepSecrets: true, keepOutputs: false, keepResources: true };

/**
 * The registration of a component with every option that the user gave it. The engine hands most of them to the
 * provider and expects them back; see `ConstructRequest` in Pulumi's provider.proto.
 */
export function componentRegistration(
  request: ConstructRequest,
  inputs: ValueMap,
  dependencies: (property: string) => readonly string[],
): RegisterResourceRequest {
  const registration = base(request.getType(), request.getName(), request.getParent())
    .setCustom(false)
    .setRemote(false)
    .setObject(encodeStruct(inputs, monitorPeer))
    .setDependenciesList(request.getDependenciesList())
    // Of the component alone: with each child it would be the larger part of the state, and says nothing more.
    .setParentstacktracehandle(request.getStackTraceHandle());
  setPropertyDependencies(registration, Object.keys(inputs), dependencies);
  request.getProvidersMap().forEach((reference, name) => registration.getProvidersMap().set(name, reference));
  copyLists(request, registration);
  copyOptionals(request, registration);
  return registration;
}

/** The registration of a custom child of the component `parent`. */
export function childRegistration(
  request: ConstructRequest,
  parent: string,
  child: ChildRequest,
  { handlers, ownReference }: Pick<Session, "handlers" | "ownReference">,
): RegisterResourceRequest {
  const found = (property: string): readonly string[] => dependenciesOf(child.inputs[property]);
  const explicit = child.dependencies ?? [];
  const properties = Object.keys(child.inputs);
  const all = new Set([...explicit, ...properties.flatMap(found)]);
  const registration = base(child.type, child.name, parent)
    .setCustom(true)
    .setObject(encodeStruct(child.inputs, monitorPeer))
    .setDependenciesList([...all])
    .setAliasesList((child.aliases ?? []).map(renamedFrom))
    .setDeletedwith(child.deletedWith ?? "");
  setPropertyDependencies(registration, properties, (property) => [...new Set([...explicit, ...found(property)])]);
  if (child.deleteBeforeReplace !== undefined) {
    registration.setDeletebeforereplace(child.deleteBeforeReplace).setDeletebeforereplacedefined(true);
  }
  const ownPackage = child.type.slice(0, child.type.indexOf(":"));
  const provider = child.provider ?? request.getProvidersMap().get(ownPackage);
  if (provider !== undefined) registration.setProvider(provider);
  // The version of another package's default provider is for the user's program to choose.
  else if (ownPackage === handlers.packageName && ownReference !== undefined) registration.setProvider(ownReference);
  else if (ownPackage === handlers.packageName) registration.setVersion(handlers.version);
  return registration;
}

function base(type: string, name: string, parent: string): RegisterResourceRequest {
  return new RegisterResourceRequest()
    .setType(type)
    .setName(name)
    .setParent(parent)
    .setAcceptsecrets(true)
    .setAcceptresources(true)
    .setSupportspartialvalues(true)
    .setSupportsresultreporting(true)
    .setAliasspecs(true);
}

function setPropertyDependencies(
  registration: RegisterResourceRequest,
  properties: readonly string[],
  dependencies: (property: string) => readonly string[],
): void {
  const map = registration.getPropertydependenciesMap();
  for (const property of properties) {
    const urns = [...dependencies(property)];
    map.set(property, new RegisterResourceRequest.PropertyDependencies().setUrnsList(urns));
  }
}

function copyLists(request: ConstructRequest, registration: RegisterResourceRequest): void {
  registration
    .setAliasesList(request.getAliasesList())
    .setIgnorechangesList(request.getIgnorechangesList())
    .setReplaceonchangesList(request.getReplaceonchangesList())
    .setReplaceWithList(request.getReplaceWithList())
    .setAdditionalsecretoutputsList(request.getAdditionalsecretoutputsList())
    .setDeletedwith(request.getDeletedwith());
}

function copyOptionals(request: ConstructRequest, registration: RegisterResourceRequest): void {
  if (request.hasProtect()) registration.setProtect(request.getProtect() ?? false);
  if (request.hasRetainondelete()) registration.setRetainondelete(request.getRetainondelete() ?? false);
  if (request.hasDeletebeforereplace()) {
    registration.setDeletebeforereplace(request.getDeletebeforereplace() ?? false).setDeletebeforereplacedefined(true);
  }
  registration.setReplacementTrigger(request.getReplacementTrigger());
  const timeouts = request.getCustomtimeouts();
  if (timeouts !== undefined) {
    registration.setCustomtimeouts(
      new RegisterResourceRequest.CustomTimeouts()
        .setCreate(timeouts.getCreate())
        .setRead(timeouts.getRead())
        .setUpdate(timeouts.getUpdate())
        .setDelete(timeouts.getDelete()),
    );
  }
  const hooks = request.getResourceHooks();
  if (hooks !== undefined) registration.setHooks(sameHooks(hooks));
}

function sameHooks(hooks: ConstructRequest.ResourceHooksBinding): RegisterResourceRequest.ResourceHooksBinding {
  return new RegisterResourceRequest.ResourceHooksBinding()
    .setBeforeCreateList(hooks.getBeforeCreateList())
    .setAfterCreateList(hooks.getAfterCreateList())
    .setBeforeUpdateList(hooks.getBeforeUpdateList())
    .setAfterUpdateList(hooks.getAfterUpdateList())
    .setBeforeDeleteList(hooks.getBeforeDeleteList())
    .setAfterDeleteList(hooks.getAfterDeleteList())
    .setOnErrorList(hooks.getOnErrorList());
}

/** An alias that differs in its name only: type, parent, project and stack are the resource's own. */
function renamedFrom(name: string): Alias {
  return new Alias().setSpec(new Alias.Spec().setName(name));
}
