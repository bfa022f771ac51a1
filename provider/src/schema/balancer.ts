import type { EnumTypeSpec, ObjectTypeSpec } from "./types";
import { integer, string } from "./types";

const healthCheckType: ObjectTypeSpec = {
  type: "object",
  description:
    "How a backend is asked whether it can answer, by each host for itself and between runs of `pulumi up`. Who has not answered well yet gets nothing. Times are in seconds, numbers of answers are in a row.",
  properties: {
    protocol: string("`tcp` (default): a connection is taken. `http`: a request is answered with an expected status."),
    port: integer("The port that is asked, 1 to 65535. Default: the one that connections go to."),
    path: string("Of `http`: what is asked for. Default `/`."),
    host: string("Of `http`: what the request says in `Host`. Default: the first of the entry's names."),
    expectedStatus: string("Of `http`: a status, or two with a hyphen between. Default `200-399`."),
    interval: integer("Time between two questions, 1 to 3600. Default 2."),
    timeout: integer("Time for an answer, 1 to `interval`. Default 1."),
    healthyAfter: integer("Good answers after which it gets connections, 1 to 100. Default 2."),
    unhealthyAfter: integer("Bad ones after which it gets none any more, 1 to 100. Default 3."),
  },
};

const affinityType: ObjectTypeSpec = {
  type: "object",
  description: "That a client, by its address, comes to the backend to which it came before.",
  properties: { seconds: integer("For how long after its last connection, 1 to 86400.") },
  required: ["seconds"],
};

export const balancerTypes: Readonly<Record<string, ObjectTypeSpec | EnumTypeSpec>> = {
  "sdn:index:ServiceDriver": {
    type: "string",
    description: "What shares connections out on each host.",
    enum: [
      { value: "nft", description: "nftables: no process, the backend sees the client's own address." },
      {
        value: "haproxy",
        description: "HAProxy, TCP alone: health checks, the fewest connections. Backends see the router's address.",
      },
      { value: "nginx", description: "NGINX, TCP and UDP: the fewest connections. Backends see the router's address." },
    ],
  },
  "sdn:index:ServiceHealthCheck": healthCheckType,
  "sdn:index:ServiceAffinity": affinityType,
};
