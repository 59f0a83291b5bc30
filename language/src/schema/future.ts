/** Vocabulary that is reserved and not honoured yet: each word gets its own clear error instead of a syntax error. */

/** Words that will open declarations, with what they will do. */
export const futureKeywords: ReadonlyMap<string, string> = new Map([
  ["module", "modules"],
  ["fn", "functions of your own"],
  ["function", "functions of your own"],
  ["override", "overriding declarations"],
  ["host", "external hosts"],
  ["bgp-peer", "BGP peers outside the cluster"],
  ["bgp", "BGP configuration"],
  ["vlan", "VLANs"],
  ["route", "static routes"],
  ["interface", "extra interfaces"],
  ["gateway", "the Gateway API"],
  ["ingress", "Ingress routes"],
  ["global-policy", "Calico global network policies"],
  ["tier", "policy tiers"],
  ["network-set", "Calico network sets"],
  ["host-endpoint", "Calico host endpoints"],
]);
