/** Address ranges that collide with what is not declared: special-purpose ranges, servers elsewhere, the service range in policies. */
import { addToIp, contains, containsCidr, formatCidr, formatCidrShort, formatIp, maskIp, overlaps, parseCidr } from "../values/index.ts";
import type { Cidr, Ip } from "../values/index.ts";
import type { Span } from "../text/span.ts";
import type { LintContext } from "./context.ts";

interface SpecialRange {
  readonly text: string;
  readonly cidr: Cidr;
  /** Behind a comma: what it is used for. */
  readonly use: string;
  readonly help: string;
}

const noHost = "no packet with such an address leaves a host";
const examples = "it is used in manuals only; routers of providers drop it";

/** IANA's special-purpose registries and what is taken on most machines. The link-local ranges are errors of their own. */
const specialRanges: readonly SpecialRange[] = (
  [
    ["0.0.0.0/8", "which means “this network”", noHost],
    ["100.64.0.0/10", "which carriers, clouds and VPNs share (RFC 6598)", "whoever of them is on the way has the same addresses"],
    ["127.0.0.0/8", "the loopback range", noHost],
    ["172.17.0.0/16", "where Docker puts its bridge `docker0` unless told otherwise", "a machine with Docker sends packets for this range to its own bridge"],
    ["192.0.2.0/24", "which is for documentation (RFC 5737)", examples],
    ["198.18.0.0/15", "which is for benchmarks of network devices (RFC 2544)", "VPN clients and proxies use it for addresses of their own"],
    ["198.51.100.0/24", "which is for documentation (RFC 5737)", examples],
    ["203.0.113.0/24", "which is for documentation (RFC 5737)", examples],
    ["224.0.0.0/4", "the multicast range", "no host has such an address"],
    ["240.0.0.0/4", "which is reserved (RFC 1112)", "many systems refuse such addresses"],
    ["::/127", "the unspecified and the loopback address", noHost],
    ["::ffff:0:0/96", "which stands for IPv4 addresses inside programs", noHost],
    ["2001:db8::/32", "which is for documentation (RFC 3849)", examples],
    ["3fff::/20", "which is for documentation (RFC 9637)", examples],
    ["ff00::/8", "the multicast range", "no host has such an address"],
  ] as const
).flatMap(([text, use, help]) => {
  const cidr = parseCidr(text);
  return cidr === null ? [] : [{ text, cidr, use, help }];
});

interface DeclaredRange {
  readonly cidr: Cidr;
  readonly label: string;
  readonly span: Span;
}

export function lintRanges(ctx: LintContext): void {
  for (const { cidr, label, span } of declaredRanges(ctx)) {
    const special = specialRanges.find((candidate) => overlaps(candidate.cidr, cidr));
    if (special === undefined) continue;
    ctx.report("special-range", { range: `${label} (${formatCidr(cidr)})`, special: special.text, use: special.use }, { span, help: special.help });
  }
  lintShadowed(ctx);
  lintServiceAddresses(ctx);
}

function declaredRanges({ program }: LintContext): readonly DeclaredRange[] {
  const { cluster, networks } = program;
  return [
    ...cluster.serviceCidrs.value.map((cidr) => ({ cidr, label: "the service range", span: cluster.serviceCidrs.span })),
    ...cluster.cni.pools.map(({ name, cidr }) => ({ cidr: cidr.value, label: `pool \`${name}\``, span: cidr.span })),
    ...networks.flatMap(({ subnets }) =>
      subnets.flatMap(({ name, cidrs }) => cidrs.value.map((cidr) => ({ cidr, label: `subnet \`${name}\``, span: cidrs.span }))),
    ),
  ];
}

interface ForeignAddress {
  readonly what: string;
  readonly address: Ip;
  readonly span: Span;
}

/** Addresses of machines that the program does not declare. */
function foreignAddresses({ cluster, namespaces }: LintContext["program"]): readonly ForeignAddress[] {
  return [
    ...cluster.dns.forwards.flatMap(({ zone, servers, span }) => servers.map((address) => ({ what: `DNS server of zone \`${zone}\``, address, span }))),
    ...cluster.dns.upstream.value.map((address) => ({ what: "upstream DNS server", address, span: cluster.dns.upstream.span })),
    ...namespaces
      .flatMap(({ services }) => services)
      .flatMap(({ namespace, name, externalIps, loadBalancerAddresses }) => [
        ...externalIps.value.map((address) => ({ what: `external address of service \`${namespace}/${name}\``, address, span: externalIps.span })),
        ...loadBalancerAddresses.value.map((address) => ({
          what: `load balancer address of service \`${namespace}/${name}\``,
          address,
          span: loadBalancerAddresses.span,
        })),
      ]),
  ];
}

/** An address in a network elsewhere that a pool or service range lies over: the cluster keeps the packets to itself. */
function lintShadowed({ program, report }: LintContext): void {
  const { cluster, namespaces } = program;
  const held = new Set(
    [
      ...namespaces.flatMap(({ pods }) => pods.flatMap((pod) => pod.addresses.value)),
      ...serviceAddresses(program).map(({ address }) => address),
    ].map(formatIp),
  );
  for (const { what, address, span } of foreignAddresses(program)) {
    if (held.has(formatIp(address))) continue;
    const pool = cluster.cni.pools.find((candidate) => contains(candidate.cidr.value, address));
    if (pool === undefined && !cluster.serviceCidrs.value.some((cidr) => contains(cidr, address))) continue;
    const range = pool === undefined ? "the service range" : `pool \`${pool.name}\``;
    report(
      "shadowed-address",
      { what, address: formatIp(address), range },
      {
        span,
        related: [{ span: pool?.cidr.span ?? cluster.serviceCidrs.span, text: range }],
        help: "when it is a machine outside, the range must be another one; when it is a pod or a service, pin its address there",
      },
    );
  }
}

/** Policies see packets after kube-proxy has put a pod's address in the place of the service's. */
function lintServiceAddresses({ program, report }: LintContext): void {
  const ranges = program.cluster.serviceCidrs.value;
  const owners = serviceAddresses(program);
  for (const { policies } of program.namespaces) {
    for (const peer of policies.flatMap((policy) => policy.rules).flatMap((rule) => rule.peers)) {
      if (peer.kind !== "cidr" || !ranges.some((range) => containsCidr(range, peer.cidr))) continue;
      const owner = owners.find(({ address }) => formatIp(address) === formatCidrShort(peer.cidr));
      report(
        "policy-on-service-address",
        { cidr: formatCidrShort(peer.cidr) },
        { span: peer.span, help: `name the pods${owner === undefined ? " behind the service" : ` that service \`${owner.service}\` selects`}: \`pods … in namespace …\`` },
      );
    }
  }
}

/** Addresses of services that the program tells without allocation. */
function serviceAddresses({ cluster, namespaces }: LintContext["program"]): readonly { readonly address: Ip; readonly service: string }[] {
  const dns = cluster.dns.addresses.value;
  return [
    ...cluster.serviceCidrs.value.map((cidr) => ({
      address: dns.find((ip) => ip.family === cidr.ip.family) ?? addToIp(maskIp(cidr.ip, cidr.prefix), 10),
      service: "kube-system/kube-dns",
    })),
    ...namespaces.flatMap(({ services }) =>
      services.flatMap(({ namespace, name, clusterIps }) => clusterIps.value.map((address) => ({ address, service: `${namespace}/${name}` }))),
    ),
  ];
}
