/** The service `pulumirpc.ResourceProvider`, put together from its methods. */
import type { IResourceProviderServer } from "@pulumi/pulumi/proto/provider_grpc_pb";

import { ConstructMethod } from "./construct";
import { ProviderMethods } from "./provider-methods";
import { ResourceMethods } from "./resource-methods";
import type { Session } from "./session";
import { immediate, unary } from "./unary";

export function providerService(session: Session): IResourceProviderServer {
  const provider = new ProviderMethods(session);
  const resource = new ResourceMethods(session);
  return {
    handshake: immediate(session, provider.handshake),
    attach: immediate(session, provider.attach),
    getPluginInfo: immediate(session, provider.getPluginInfo),
    getSchema: immediate(session, provider.getSchema),
    getMapping: immediate(session, provider.getMapping),
    getMappings: immediate(session, provider.getMappings),
    parameterize: immediate(session, provider.parameterize),
    cancel: immediate(session, provider.cancel),
    call: immediate(session, provider.call),
    list: provider.list,
    checkConfig: unary(session, provider.checkConfig),
    diffConfig: unary(session, provider.diffConfig),
    configure: unary(session, provider.configure),
    invoke: unary(session, provider.invoke),
    check: unary(session, resource.check),
    diff: unary(session, resource.diff),
    create: unary(session, resource.create),
    read: unary(session, resource.read),
    update: unary(session, resource.update),
    delete: unary(session, resource.delete),
    construct: unary(session, new ConstructMethod(session)),
  };
}
