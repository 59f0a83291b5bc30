/** KN4xxx: declarations that are well-formed one by one but cannot be a network together. */
const error = "error" as const;

export const modelEntries = {
  "no-cluster": { code: "KN4001", severity: error, message: () => "the program declares no cluster" },
  "several-clusters": { code: "KN4002", severity: error, message: (p: { what: string }) => `${p.what} belongs to none of the clusters` },
  "no-nodes": { code: "KN4003", severity: error, message: (p: { cluster: string }) => `cluster \`${p.cluster}\` has no nodes` },
  "ranges-overlap": {
    code: "KN4004",
    severity: error,
    message: (p: { one: string; other: string }) => `${p.one} overlaps ${p.other}`,
  },
  "outside-subnet": {
    code: "KN4005",
    severity: error,
    message: (p: { address: string; subnet: string }) => `\`${p.address}\` is not in subnet \`${p.subnet}\``,
  },
  "address-reserved": {
    code: "KN4006",
    severity: error,
    message: (p: { address: string; holder: string }) => `\`${p.address}\` cannot be given away: it is ${p.holder}`,
  },
  "duplicate-address": {
    code: "KN4007",
    severity: error,
    message: (p: { address: string; one: string; other: string }) => `\`${p.address}\` belongs to ${p.one} and to ${p.other}`,
  },
  "outside-pools": {
    code: "KN4008",
    severity: error,
    message: (p: { address: string }) => `\`${p.address}\` is in none of the address pools`,
  },
  "outside-service-range": {
    code: "KN4009",
    severity: error,
    message: (p: { address: string }) => `\`${p.address}\` is not in a service range of the cluster`,
  },
  "range-too-small": {
    code: "KN4010",
    severity: error,
    message: (p: { what: string; cidr: string; needs: string }) => `${p.what} \`${p.cidr}\` is too small: ${p.needs}`,
  },
  "outside-node-ports": {
    code: "KN4011",
    severity: error,
    message: (p: { port: number; first: number; last: number }) => `node port ${p.port} is outside the cluster's ${p.first}..${p.last}`,
  },
  "duplicate-port": {
    code: "KN4012",
    severity: error,
    message: (p: { port: string; one: string; other: string }) => `${p.port} is taken twice: by ${p.one} and by ${p.other}`,
  },
  "port-not-offered": {
    code: "KN4013",
    severity: error,
    message: (p: { port: string; service: string }) => `no pod that service \`${p.service}\` selects offers ${p.port}`,
  },
  "headless-conflict": {
    code: "KN4014",
    severity: error,
    message: (p: { what: string }) => `a headless service has no cluster IP and so no ${p.what}`,
  },
  "block-size": {
    code: "KN4015",
    severity: error,
    message: (p: { size: number; reason: string }) => `a block of /${p.size} does not work: ${p.reason}`,
  },
  "too-many-failures": {
    code: "KN4016",
    severity: error,
    message: (p: { count: number; noun: string; total: number }) =>
      `${p.count} ${p.noun}${p.count === 1 ? "" : "s"} cannot fail and leave something to ask: there ${p.total === 1 ? "is" : "are"} ${p.total}`,
  },
  "family-without-pool": {
    code: "KN4017",
    severity: error,
    message: (p: { family: 4 | 6 }) => `the cluster has an IPv${p.family} service range but no IPv${p.family} pool`,
  },
  "family-without-services": {
    code: "KN4018",
    severity: error,
    message: (p: { family: 4 | 6; pool: string }) =>
      `pool \`${p.pool}\` is IPv${p.family}, but the cluster has no IPv${p.family} service range`,
  },
  "unnamed-port": {
    code: "KN4019",
    severity: error,
    message: (p: { service: string }) => `service \`${p.service}\` has several ports, so each needs a name`,
  },
  "too-many-ready": {
    code: "KN4020",
    severity: error,
    message: (p: { ready: number; replicas: number }) => `${p.ready} ready of ${p.replicas} replicas cannot be`,
  },
  "host-network-address": {
    code: "KN4021",
    severity: error,
    message: (p: { pod: string }) => `pod \`${p.pod}\` uses its node's network, so it has no address of its own`,
  },
  "except-outside": {
    code: "KN4022",
    severity: error,
    message: (p: { except: string; cidr: string }) => `\`${p.except}\` is not a smaller part of \`${p.cidr}\``,
  },
  "contradicting-selector": {
    code: "KN4023",
    severity: error,
    message: (p: { key: string }) => `\`${p.key}\` is given twice in this selector`,
  },
  "service-family": {
    code: "KN4024",
    severity: error,
    message: (p: { service: string; family: 4 | 6; reason: string }) => `service \`${p.service}\` cannot have an IPv${p.family} address: ${p.reason}`,
  },
  "external-name-conflict": {
    code: "KN4025",
    severity: error,
    message: (p: { what: string }) => `a service of type \`external-name\` has no ${p.what}`,
  },
  "wrong-service-type": {
    code: "KN4026",
    severity: error,
    message: (p: { attribute: string; wanted: string; found: string }) =>
      `\`${p.attribute}\` belongs to services of type \`${p.wanted}\`; this one is \`${p.found}\``,
  },
  "not-external": {
    code: "KN4027",
    severity: error,
    message: () => "nobody outside can reach this service, so `external-traffic-policy` is about nothing",
  },
  "health-check-without-local": {
    code: "KN4028",
    severity: error,
    message: () => "nodes answer health checks only for services with `external-traffic-policy = local`",
  },
  "timeout-without-affinity": {
    code: "KN4029",
    severity: error,
    message: () => "`session-timeout` needs `session-affinity = client-ip`: without affinity there is nothing that could end",
  },
  "family-policy": {
    code: "KN4030",
    severity: error,
    message: (p: { policy: string; reason: string }) => `the family policy cannot be \`${p.policy}\`: ${p.reason}`,
  },
  "special-address": {
    code: "KN4031",
    severity: error,
    message: (p: { attribute: string; address: string; reason: string }) => `\`${p.address}\` cannot be among the \`${p.attribute}\`: ${p.reason}`,
  },
  "endpoints-conflict": {
    code: "KN4032",
    severity: error,
    message: () => "a service that selects pods has their endpoints, and none written by hand",
  },
  "endpoints-family": {
    code: "KN4033",
    severity: error,
    message: (p: { one: string; other: string }) => `\`${p.one}\` and \`${p.other}\` are of two families, and an \`endpoints\` block has one`,
  },
  "endpoints-port": {
    code: "KN4034",
    severity: error,
    message: (p: { service: string; port: string }) => `service \`${p.service}\` has no ${p.port}`,
  },
  "kubelet-port": {
    code: "KN4035",
    severity: error,
    message: () => "a load balancer may not offer port 10250: it is the kubelet's",
  },
  "no-nameserver": {
    code: "KN4036",
    severity: error,
    message: () => "with `dns-policy = none` a pod has only the nameservers that it names, and it names none",
  },
} as const;
