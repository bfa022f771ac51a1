import * as pulumi from "@pulumi/pulumi";
import type { HostArgs } from "pulumi-sdn";
import { shop } from "./shop";

const config = new pulumi.Config();
const privateKeyPath = config.require("privateKeyPath");

/** A machine by its address and the key that it must answer with. */
const machine = (name: string): HostArgs => ({
  ssh: { address: config.require(`${name}Address`), hostKey: config.require(`${name}HostKey`), privateKeyPath },
});

export const { mtu, subnets, containers } = shop({ h1: machine("h1"), h2: machine("h2"), h3: machine("h3") });
