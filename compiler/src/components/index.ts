/** Every component, in the order in which their software starts on a node: iptables files are loaded in this order. */
import type { Component } from "./types.ts";
import { calico } from "./calico/index.ts";
import { coredns } from "./coredns/coredns.ts";
import { kubeProxy } from "./kube-proxy/kube-proxy.ts";
import { kubernetes } from "./kubernetes/kubernetes.ts";
import { nodeFirewall } from "./node-firewall/node-firewall.ts";

export const components: readonly Component[] = [nodeFirewall, kubeProxy, calico, coredns, kubernetes];
