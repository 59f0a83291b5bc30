/** What the CoreDNS add-on is in every cluster that kubeadm or its like installs. The model's system objects are built from it. */
import type { Labels } from "../../model/types.ts";
import type { Transport } from "@knet/language/values";

export const corednsNamespace = "kube-system";
/** Deployment, service account and ConfigMap; its pods are `coredns-0`, `coredns-1`, …. */
export const corednsName = "coredns";
/** The service keeps the name of CoreDNS' predecessor. */
export const corednsService = "kube-dns";

export interface CorednsPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: Transport;
}

export interface CorednsPods {
  readonly namespace: string;
  readonly name: string;
  readonly serviceAccount: string;
  readonly labels: Labels;
  readonly replicas: number;
  readonly containerPorts: readonly CorednsPort[];
  readonly service: {
    readonly name: string;
    readonly selector: Labels;
    /** Each port's target is the same number on the pod. */
    readonly ports: readonly CorednsPort[];
  };
}

const dns: CorednsPort = { name: "dns", port: 53, protocol: "udp" };
const dnsTcp: CorednsPort = { name: "dns-tcp", port: 53, protocol: "tcp" };
const metrics: CorednsPort = { name: "metrics", port: 9153, protocol: "tcp" };

export const corednsPods: CorednsPods = {
  namespace: corednsNamespace,
  name: corednsName,
  serviceAccount: corednsName,
  labels: { "k8s-app": "kube-dns" },
  replicas: 2,
  containerPorts: [dns, dnsTcp, metrics],
  service: { name: corednsService, selector: { "k8s-app": "kube-dns" }, ports: [dns, dnsTcp, metrics] },
};

/** Seconds that clients may keep an answer, by the `ttl` line of the Corefile. */
export const corednsTtl = 30;
/** Seconds that CoreDNS keeps an answer of another server at most, by the `cache` line of the Corefile. */
export const corednsCache = 30;
/** `/health` of the `health` plugin and `/ready` of the `ready` plugin. */
export const corednsHealthPort = 8080;
export const corednsReadyPort = 8181;

/** The image that kubeadm of a Kubernetes version installs. */
const corednsVersions: Readonly<Record<string, string>> = { "1.33": "v1.12.0", "1.34": "v1.12.1", "1.35": "v1.13.1" };

/** @throws Error for a Kubernetes version that nobody described. */
export function corednsImage(kubernetesVersion: string): string {
  const version = corednsVersions[kubernetesVersion];
  if (version === undefined) throw new Error(`no CoreDNS version is known for Kubernetes ${kubernetesVersion}`);
  return `registry.k8s.io/coredns/coredns:${version}`;
}
