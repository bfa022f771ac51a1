import { subnetLayout, type SubnetLayout } from "../ipam/layout";
import type { Reservation } from "../model/allocation-rules";
import { formatAddress, parseAddress } from "../model/address";
import type { Cidr } from "../model/cidr";
import { type AddressRange, formatRange, parseRange } from "../model/range";
import type { Value, ValueMap } from "../rpc/value";
import { isValueMap } from "../rpc/value";

/** How a subnet is divided where that does not follow from its CIDR alone: it grew, or has rules. */
export function layoutValue(layout: SubnetLayout): ValueMap | undefined {
  const { subnet, hostRangePrefixLength } = layout;
  const value = written(layout);
  const usual = written(subnetLayout(subnet, { hostRangePrefixLength }));
  return JSON.stringify(value) === JSON.stringify(usual) ? undefined : value;
}

function written(layout: SubnetLayout): ValueMap {
  return {
    gateway: formatAddress(layout.gateway),
    endpointRanges: layout.endpointRanges.map(formatRange),
    hostSpaces: layout.hostSpaces.map(formatRange),
    ...(layout.reservations.length === 0
      ? {}
      : { reservations: layout.reservations.map(({ range, reason }) => ({ range: formatRange(range), reason })) }),
  };
}

/** The layout of a subnet with what `layoutValue` noted of it. */
export function layoutFrom(
  subnet: Cidr,
  hostRangePrefixLength: number | undefined,
  value: Value | undefined,
): SubnetLayout {
  const layout = subnetLayout(subnet, { hostRangePrefixLength });
  if (!isValueMap(value)) return layout;
  const { gateway } = value;
  return {
    ...layout,
    gateway: typeof gateway === "string" ? parseAddress(gateway, "gateway") : layout.gateway,
    endpointRanges: rangesIn(value["endpointRanges"]) ?? layout.endpointRanges,
    hostSpaces: rangesIn(value["hostSpaces"]) ?? layout.hostSpaces,
    reservations: reservationsIn(value["reservations"]),
  };
}

function rangesIn(value: Value | undefined): readonly AddressRange[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return (value as readonly Value[]).flatMap((text) => (typeof text === "string" ? [parseRange(text, "layout")] : []));
}

function reservationsIn(value: Value | undefined): readonly Reservation[] {
  if (!Array.isArray(value)) return [];
  return (value as readonly Value[]).flatMap((item) => {
    const [range, reason] = isValueMap(item) ? [item["range"], item["reason"]] : [];
    return typeof range === "string" && typeof reason === "string"
      ? [{ range: parseRange(range, "layout"), reason }]
      : [];
  });
}
