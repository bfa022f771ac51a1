import type { BalancerLack } from "../../model/snapshot";
import type { StepOf } from "../step";
import type { StepMeaning } from "./meaning";
import { listWord, namespaceOf, placeOf } from "./meaning";

type Balancer = StepOf<"service-balancer">;

/** In base64 a multiple of three bytes needs no padding: the host joins the parts of all services and decodes them once. */
function partWord(part: string): string {
  const padded = part.padEnd(Math.ceil(part.length / 3) * 3, "\n");
  return padded === "" ? "-" : btoa(padded);
}

const place = ({ driver, routerVni, where, name }: Balancer): readonly (string | number)[] => [
  driver,
  routerVni,
  where,
  name,
];

export const serviceBalancer: StepMeaning<"service-balancer"> = {
  identity: ({ driver, routerVni, name }) => `${driver} ${routerVni} ${name}`,
  ensure: (step) => ["service_balancer", ...place(step), listWord(step.vips), partWord(step.part)],
  remove: (step) => ["remove_service_balancer", ...place(step), listWord(step.vips)],
  query: ({ driver, routerVni, where }) => ["query_balancer", driver, routerVni, where],
  differences: (step, snapshot) => {
    const { driver, routerVni, where, vips } = step;
    const held = namespaceOf(snapshot, where)?.links.get("lo")?.addresses ?? [];
    const lacks = snapshot.balancers.get(`${driver} ${routerVni}`) ?? [];
    return [
      ...vips
        .filter((vip) => !held.includes(`${vip}/${vip.includes(":") ? 128 : 32}`))
        .map((vip) => `address ${vip} is missing on lo${placeOf(where)}`),
      ...lacks.map((lack) => sentence(lack, titles[driver], where)),
    ];
  },
};

const titles = { haproxy: "HAProxy", nginx: "NGINX" } as const;

function sentence(lack: BalancerLack, title: string, where: string): string {
  switch (lack) {
    case "program":
      return `${title} is not installed`;
    case "socat":
      return `socat, by which ${title} is asked, is not installed`;
    case "stream":
      return `${title} has no stream module`;
    case "process":
      return `${title} does not run${placeOf(where)}`;
    case "config":
      return `the configuration of ${title}${placeOf(where)} was changed`;
    case "running":
      return `${title}${placeOf(where)} runs with another configuration`;
    case "unit":
      return `the systemd unit of ${title} was changed`;
  }
}
