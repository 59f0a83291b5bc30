/**
 * `knet check --format model-json`: the program as knet understands it. Every attribute of every block with its value, also those that nobody
 * wrote, and all that is allocated.
 */
import { formatCidr, formatIp } from "@knet/language/values";
import type { Cidr, Ip } from "@knet/language/values";
import { resolverSwitches } from "@knet/language";
import type {
  CheckedProgram,
  ClusterDeclaration,
  ClusterProgram,
  DnsConfigDeclaration,
  NamespaceDeclaration,
  NetworkDeclaration,
  PodDeclaration,
  ServiceDeclaration,
  Sourced,
  WorkloadDeclaration,
} from "@knet/language";
import type { Compilation } from "../compilation/compilation.ts";
import type { NetworkModel } from "../model/types.ts";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export interface Setting {
  readonly value: Json;
  /** Whether the program says it. */
  readonly explicit: boolean;
}

/** One block of the program; a namespace that several blocks declare is one. */
export interface ModelBlock {
  /** Its keyword. */
  readonly block: string;
  /** Null for blocks without a name. */
  readonly name: string | null;
  readonly attributes: Readonly<Record<string, Setting>>;
  /** Clauses and sentences, by their words. */
  readonly statements: Readonly<Record<string, Json>>;
  readonly blocks: readonly ModelBlock[];
}

export interface ModelDocument {
  readonly version: 1;
  readonly file: string;
  readonly blocks: readonly ModelBlock[];
  readonly allocated: Json;
}

export function modelDocument(program: CheckedProgram, compilations: readonly Pick<Compilation, "program" | "model">[]): ModelDocument {
  const dumps = compilations.map(({ program: cluster, model }) => new Dump(cluster, model));
  const [only, second] = dumps;
  const base = { version: 1 as const, file: program.entry };
  if (only !== undefined && second === undefined) return { ...base, blocks: only.blocks(), allocated: only.allocated() };
  const between = program.between.map(({ title, clusters, statements }) => block("assert", title, { statements: { clusters, statements } }));
  return {
    ...base,
    blocks: [...dumps.map((dump) => dump.clusterBlock()), ...program.networks.map(networkBlock), ...between],
    allocated: Object.fromEntries(compilations.map(({ model }, index) => [model.cluster.name, dumps[index]?.allocated() ?? null])),
  };
}

/** The document's text: indented by two blanks, ending in a line break. */
export function modelJson(program: CheckedProgram, compilations: readonly Pick<Compilation, "program" | "model">[]): string {
  return `${JSON.stringify(modelDocument(program, compilations), null, 2)}\n`;
}

const isIp = (value: object): value is Ip => "family" in value && "d" in value;
const isCidr = (value: object): value is Cidr => "ip" in value && "prefix" in value;

/** A checked value without its places: addresses and CIDRs as texts. */
function plain(value: unknown): Json {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object") return null;
  if (isIp(value)) return formatIp(value);
  if (isCidr(value)) return formatCidr(value);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "span" && key !== "header" && key !== "text")
      .map(([key, field]) => [key, plain(field)]),
  );
}

/** What the language calls a word of the API: `ClusterFirst` is `cluster-first`. */
function word(text: string): string {
  return text.replaceAll(/([a-z])([A-Z])/g, "$1-$2").toLowerCase();
}

function set(sourced: Sourced<unknown>, value: Json = plain(sourced.value)): Setting {
  return { value, explicit: sourced.explicit };
}

function words(sourced: Sourced<string | null>): Setting {
  return set(sourced, sourced.value === null ? null : word(sourced.value));
}

/** The value, or what the model has come to where the program leaves it open. */
function orElse(sourced: Sourced<unknown>, allocated: unknown): Setting {
  const open = sourced.value === null || (Array.isArray(sourced.value) && sourced.value.length === 0);
  return set(sourced, plain(open ? allocated : sourced.value));
}

function block(keyword: string, name: string | null, parts: Partial<Pick<ModelBlock, "attributes" | "statements" | "blocks">>): ModelBlock {
  return { block: keyword, name, attributes: parts.attributes ?? {}, statements: parts.statements ?? {}, blocks: parts.blocks ?? [] };
}

class Dump {
  readonly #program: ClusterProgram;
  readonly #model: NetworkModel;
  readonly #nodes: ReadonlyMap<string, NetworkModel["nodes"][number]>;
  readonly #pods: ReadonlyMap<string, NetworkModel["pods"][number]>;
  readonly #services: ReadonlyMap<string, NetworkModel["services"][number]>;

  constructor(program: ClusterProgram, model: NetworkModel) {
    this.#program = program;
    this.#model = model;
    this.#nodes = new Map(model.nodes.map((node) => [node.name, node]));
    this.#pods = new Map(model.pods.map((pod) => [`${pod.namespace}/${pod.name}`, pod]));
    this.#services = new Map(model.services.map((service) => [`${service.namespace}/${service.name}`, service]));
  }

  /** As the program of an only cluster: what belongs to it stands beside it. */
  blocks(): readonly ModelBlock[] {
    const { cluster, networks } = this.#program;
    return [this.#cluster(cluster, []), ...networks.map(networkBlock), ...this.#members()];
  }

  /** The cluster with what belongs to it inside. */
  clusterBlock(): ModelBlock {
    return this.#cluster(this.#program.cluster, this.#members());
  }

  #members(): readonly ModelBlock[] {
    const { nodes, firewalls, clusterPolicies, namespaces, assertions } = this.#program;
    return [
      ...nodes.map((node) =>
        block("node", node.name, {
          attributes: { address: orElse(node.addresses, this.#nodes.get(node.name)?.addresses ?? []), labels: set(node.labels) },
          statements: { in: node.subnet.value },
        }),
      ),
      ...firewalls.map((firewall) =>
        block("firewall", firewall.name, { statements: { "applies to": plain(firewall.nodes ?? "nodes"), allow: plain(firewall.rules) } }),
      ),
      // Its rules are one list: their order decides.
      ...clusterPolicies.map((policy) =>
        block(policy.tier === "Admin" ? "admin-policy" : "baseline-policy", policy.name, {
          attributes: { priority: set(policy.priority) },
          statements: { "applies to": plain(policy.subject), rules: plain(policy.rules) },
        }),
      ),
      ...namespaces.map((namespace) => this.#namespace(namespace)),
      ...assertions.map((assertion) => block("assert", assertion.title, { statements: { statements: plain(assertion.statements) } })),
    ];
  }

  #cluster(cluster: ClusterDeclaration, members: readonly ModelBlock[]): ModelBlock {
    const { cni, proxy, dns } = cluster;
    const pools = cni.pools.map((pool) =>
      block("pool", pool.name, {
        attributes: {
          cidr: set(pool.cidr),
          "block-size": set(pool.blockSize),
          encapsulation: set(pool.encapsulation),
          "nat-outgoing": set(pool.natOutgoing),
          "node-selector": set(pool.nodeSelector),
          disabled: set(pool.disabled),
          "allowed-uses": set(pool.allowedUses, pool.allowedUses.value.map(word)),
          "assignment-mode": words(pool.assignmentMode),
        },
      }),
    );
    return block("cluster", cluster.name, {
      attributes: {
        kubernetes: set(cluster.kubernetes),
        domain: set(cluster.domain),
        "service-cidr": set(cluster.serviceCidrs),
        "node-ports": set(cluster.nodePorts),
      },
      blocks: [
        block("cni", cni.kind, {
          attributes: {
            version: set(cni.version),
            "vxlan-port": set(cni.vxlanPort),
            "vxlan-vni": set(cni.vxlanVni),
            "vxlan-mtu": set(cni.vxlanMtu),
          },
          blocks: pools,
        }),
        block("proxy", proxy.mode, {}),
        block("dns", dns.kind, {
          attributes: {
            address: orElse(dns.addresses, this.#model.cluster.dns.addresses),
            ttl: set(dns.ttl),
            cache: set(dns.cache),
            upstream: set(dns.upstream),
            "node-local": set(dns.nodeLocal),
          },
          statements: { forward: plain(dns.forwards) },
        }),
        ...members,
      ],
    });
  }

  #namespace(namespace: NamespaceDeclaration): ModelBlock {
    return block("namespace", namespace.name, {
      attributes: { labels: set(namespace.labels) },
      blocks: [
        ...namespace.pods.map((pod) => this.#pod(pod)),
        ...namespace.workloads.map((workload) => workloadBlock(workload)),
        ...namespace.services.map((service) => this.#service(service)),
        ...namespace.policies.map((policy) =>
          block("policy", policy.name, {
            statements: { "applies to": plain(policy.podSelector), isolates: plain(policy.directions), allow: plain(policy.rules) },
          }),
        ),
      ],
    });
  }

  #pod(pod: PodDeclaration): ModelBlock {
    const allocated = this.#pods.get(`${pod.namespace}/${pod.name}`);
    return block("pod", pod.name, {
      attributes: {
        labels: set(pod.labels),
        ready: set(pod.ready),
        terminating: set(pod.terminating),
        "host-network": set(pod.hostNetwork),
        "dns-policy": words(pod.dnsPolicy),
        address: orElse(pod.addresses, allocated?.addresses ?? []),
      },
      statements: { on: allocated?.node ?? pod.node.value, port: plain(pod.ports) },
      blocks: dnsConfigs(pod.dnsConfig),
    });
  }

  #service(service: ServiceDeclaration): ModelBlock {
    const allocated = this.#services.get(`${service.namespace}/${service.name}`);
    const families = service.ipFamilies.map((family) => `ipv${family}`);
    const isAlias = service.type.value === "ExternalName";
    const policy = service.familyPolicy.value ?? (service.ipFamilies.length > 1 ? "RequireDualStack" : "SingleStack");
    const ports = service.ports.map((port) => {
      const nodePort = allocated?.ports.find((other) => other.port === port.port && other.protocol === port.protocol)?.nodePort ?? null;
      return { name: port.name, port: port.port, protocol: port.protocol, target: port.targetPort, nodePort };
    });
    return block("service", service.name, {
      attributes: {
        type: words(service.type),
        "cluster-ip": orElse(service.clusterIps, allocated?.clusterIps ?? []),
        families: set(service.families, families),
        "family-policy": set(service.familyPolicy, isAlias ? null : word(policy)),
        headless: set(service.headless),
        "external-name": set(service.externalName),
        "publish-not-ready": set(service.publishNotReady),
        "external-ips": set(service.externalIps),
        "session-affinity": words(service.sessionAffinity),
        "session-timeout": set(service.sessionTimeout),
        "internal-traffic-policy": words(service.internalTrafficPolicy),
        "external-traffic-policy": words(service.externalTrafficPolicy),
        "traffic-distribution": words(service.trafficDistribution),
        "load-balancer-addresses": set(service.loadBalancerAddresses),
        "ip-mode": words(service.ipMode),
        "source-ranges": set(service.sourceRanges),
        "load-balancer-class": set(service.loadBalancerClass),
        "allocate-node-ports": set(service.allocateNodePorts),
        "health-check-node-port": orElse(service.healthCheckNodePort, allocated?.healthCheckNodePort ?? null),
      },
      statements: { selects: plain(service.selector.value), port: ports },
      blocks: service.endpoints.map((slice) =>
        block("endpoints", slice.name, {
          attributes: {
            addresses: set(slice.addresses),
            ready: set(slice.ready),
            serving: set(slice.serving),
            terminating: set(slice.terminating),
            node: set(slice.node),
            zone: set(slice.zone),
            hostname: set(slice.hostname),
          },
          statements: { port: plain(slice.ports) },
        }),
      ),
    });
  }

  /** Also of what no block declares: the cluster's own pods and services. */
  allocated(): Json {
    const { nodes, pods, services, routers, ipam } = this.#model;
    return {
      nodes: Object.fromEntries(nodes.map((node) => [node.name, plain(node.addresses)])),
      routers: Object.fromEntries(
        routers.map((router) => [router.name, Object.fromEntries(router.interfaces.map((face) => [face.subnet, plain(face.addresses)]))]),
      ),
      pods: Object.fromEntries(
        pods.map((pod) => [`${pod.namespace}/${pod.name}`, { node: pod.node, addresses: plain(pod.addresses), workload: pod.workload }]),
      ),
      services: Object.fromEntries(
        services.map((service) => [
          `${service.namespace}/${service.name}`,
          {
            clusterIps: plain(service.clusterIps),
            nodePorts: Object.fromEntries(
              service.ports.flatMap((port) => (port.nodePort === null ? [] : [[`${port.port}/${port.protocol}`, port.nodePort] as const])),
            ),
            healthCheckNodePort: service.healthCheckNodePort,
          },
        ]),
      ),
      blocks: ipam.nodes.flatMap(({ node, blocks }) => blocks.map(({ cidr, pool }) => ({ cidr: formatCidr(cidr), pool, node }))),
      tunnels: Object.fromEntries(
        ipam.nodes.map(({ node, tunnels }) => [node, tunnels.map(({ encapsulation, address }) => ({ encapsulation, address: formatIp(address) }))]),
      ),
    };
  }
}

function networkBlock(network: NetworkDeclaration): ModelBlock {
  return block("network", network.name, {
    blocks: [
      ...network.subnets.map((subnet) => block("subnet", subnet.name, { attributes: { cidr: set(subnet.cidrs), mtu: set(subnet.mtu) } })),
      ...network.routers.map((router) => block("router", router.name, { attributes: { joins: set(router.joins), nat: set(router.nat) } })),
    ],
  });
}

function workloadBlock(workload: WorkloadDeclaration): ModelBlock {
  return block("workload", workload.name, {
    attributes: {
      replicas: set(workload.replicas),
      labels: set(workload.labels),
      ready: orElse(workload.readyReplicas, workload.replicas.value),
      "host-network": set(workload.hostNetwork),
      "dns-policy": words(workload.dnsPolicy),
    },
    statements: { port: plain(workload.ports), "spread over": plain(workload.spreadOver.value) },
    blocks: dnsConfigs(workload.dnsConfig),
  });
}

function dnsConfigs(config: DnsConfigDeclaration | null): readonly ModelBlock[] {
  if (config === null) return [];
  const switches = Object.fromEntries(resolverSwitches.map((name) => [name, set(config.switches[name])]));
  const { nameservers, searches, ndots, timeout, attempts } = config;
  return [
    block("dns-config", null, {
      attributes: {
        nameservers: set(nameservers),
        searches: set(searches),
        ndots: set(ndots),
        timeout: set(timeout),
        attempts: set(attempts),
        ...switches,
      },
    }),
  ];
}
