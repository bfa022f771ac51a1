import type { RouteTrace } from "../compile/route-trail";

const signs = { delivered: "✓", outside: "→", forwarded: "↪", dropped: "✗", unknown: "?" } as const;

/** The way of a packet, a line a hop. Ends with a line break. */
export function routePicture({ hops, outcome, reason, mtu }: RouteTrace): string {
  const hostWidth = Math.max(0, ...hops.map(({ host }) => host.length));
  const deviceWidth = Math.max(0, ...hops.map(({ device }) => device.length));
  const lines = hops.map(
    ({ host, device, action }, index) =>
      `  ${String(index + 1).padStart(2)}  ${host.padEnd(hostWidth)}  ${device.padEnd(deviceWidth)}  ${action}`,
  );
  return [...lines, `  ${signs[outcome]}   ${outcome}: ${reason} (MTU ${mtu})`, ""].join("\n");
}
