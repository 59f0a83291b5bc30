/** Vocabulary that is reserved and not honoured yet: each word gets its own clear error instead of a syntax error. */

/** Words that will open declarations, with what they will do. */
export const futureKeywords: ReadonlyMap<string, string> = new Map([
  ["import", "importing other files"],
  ["for", "repeating declarations"],
  ["if", "conditional declarations"],
  ["template", "templates"],
  ["use", "using templates"],
  ["module", "modules"],
  ["param", "parameters"],
  ["let", "constants"],
  ["fn", "functions"],
  ["override", "overriding declarations"],
  ["host", "external hosts"],
  ["bgp-peer", "BGP peers outside the cluster"],
  ["bgp", "BGP configuration"],
  ["vlan", "VLANs"],
  ["route", "static routes"],
  ["interface", "extra interfaces"],
  ["gateway", "the Gateway API"],
  ["ingress", "Ingress routes"],
  ["cluster-policy", "cluster-wide policies"],
  ["admin-policy", "admin network policies"],
  ["global-policy", "Calico global network policies"],
  ["tier", "policy tiers"],
  ["network-set", "Calico network sets"],
  ["host-endpoint", "Calico host endpoints"],
]);
