/** Every request of a small cluster, one of each class that some rule may tell apart. */
import { isSpecial } from "@knet/language/values";
import type { Transport } from "@knet/language/values";
import type { Compilation } from "../compilation/compilation.ts";
import { portClasses } from "../verify/ports.ts";
import { partiesOf } from "./aims.ts";
import type { ChosenFlow } from "./chosen-flow.ts";

interface Port {
  readonly protocol: Transport;
  readonly port: number;
}

/** Where nobody answers, the port matters only to rules that name no address. */
const fewPorts: readonly Port[] = [
  { protocol: "tcp", port: 80 },
  { protocol: "udp", port: 53 },
  { protocol: "sctp", port: 9 },
];

/**
 * All senders, all addresses of machines and services, and the edges of ranges; of the ports one of each interval that the model
 * tells apart, and the last before each interval, which a port that is wrong by one would take in. Protocols that no port
 * of the model has are asked once. Tens of thousands in a cluster of a dozen pods.
 */
export function everyRequest({ model, fabric }: Pick<Compilation, "model" | "fabric">): readonly ChosenFlow[] {
  const parties = partiesOf(model, fabric);
  const ports = new Map<string, Port>();
  for (const { protocol, port } of portClasses(model)) {
    for (const each of [port - 1, port]) if (each >= 1) ports.set(`${each}/${protocol}`, { protocol, port: each });
  }
  const all = [...ports.values()];
  const services = new Map<string, readonly Port[]>();
  for (const service of model.services) {
    const own = service.ports.flatMap(({ protocol, port }): readonly Port[] =>
      [port - 1, port, port + 1].map((each) => ({ protocol, port: each })),
    );
    const beside = service.ports.map(({ protocol, port }): Port => ({ protocol: protocol === "tcp" ? "udp" : "tcp", port }));
    for (const ip of service.clusterIps)
      services.set(
        `${ip.family} ${ip.a} ${ip.b} ${ip.c} ${ip.d}`,
        [...own, ...beside].filter(({ port }) => port >= 1 && port <= 65535),
      );
  }
  return parties.targets
    .filter(({ ip }) => !isSpecial(ip))
    .flatMap(({ host, ip }) => {
      const asked =
        host === null
          ? (services.get(`${ip.family} ${ip.a} ${ip.b} ${ip.c} ${ip.d}`) ?? fewPorts)
          : host.startsWith("router/")
            ? fewPorts
            : all;
      return parties.senders.flatMap((sender) =>
        sender.host === null || sender.ip.family !== ip.family
          ? []
          : asked.map((port): ChosenFlow => ({ from: sender.host ?? "", dst: ip, ...port })),
      );
    });
}
