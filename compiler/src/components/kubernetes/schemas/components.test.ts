import { parse } from "yaml";
import { describe, expect, it } from "vitest";
import { fileLines, manifestFiles } from "../../../artifacts/artifacts.ts";
import { ip, model, origin, pod, port, service } from "../../../control-plane/testing.ts";
import { printedText } from "../../../dataplane/printed.ts";
import type { NetworkModel } from "../../../model/types.ts";
import { components } from "../../index.ts";
import { validateManifest } from "./validate.ts";

const base = model({
  serviceCidrs: ["10.96.0.0/16", "fd00:96::/112"],
  pools: ["10.244.0.0/16", "fd00:244::/48"],
  pods: [pod("web-0", ["10.244.0.5", "fd00:244::5"])],
  services: [
    service("kube-dns", ["10.96.0.10", "fd00:96::a"], [port(53, { name: "dns", protocol: "udp" }), port(53, { name: "dns-tcp" })], {
      namespace: "kube-system",
      system: true,
    }),
    service("web", ["10.96.0.7", "fd00:96::7"], [port(80, { nodePort: 30080 })], { type: "NodePort" }),
  ],
});

const given: NetworkModel = {
  ...base,
  cluster: {
    ...base.cluster,
    cni: { ...base.cluster.cni, vxlanMtu: 1400 },
    dns: { ...base.cluster.dns, forwards: [{ zone: "corp.example", servers: [ip("192.168.1.53")], origin: origin("forward") }] },
  },
  namespaces: ["kube-system", "shop"].map((name) => ({
    name,
    labels: { "kubernetes.io/metadata.name": name },
    origin: origin(`namespace ${name}`),
  })),
};

const manifests = components.flatMap((component) => component.manifests(given));

describe("what all components together apply", () => {
  it("has the shape that the API server and the CNI runtime take", () => {
    for (const manifest of manifests) expect(validateManifest(manifest.body), manifest.path).toEqual([]);
    expect(new Set(manifests.map((manifest) => manifest.body["kind"] ?? "conflist"))).toEqual(
      new Set([
        "Namespace",
        "Pod",
        "Service",
        "ServiceAccount",
        "ClusterRole",
        "ClusterRoleBinding",
        "ConfigMap",
        "Deployment",
        "IPPool",
        "FelixConfiguration",
        "BGPConfiguration",
        "IPAMConfiguration",
        "conflist",
      ]),
    );
  });

  it("is the same once it has been written and read", () => {
    const texts = new Map(manifestFiles(manifests).map((file) => [file.path, printedText(fileLines(file))]));
    for (const manifest of manifests) expect(parse(texts.get(`manifests/${manifest.path}`) ?? ""), manifest.path).toEqual(manifest.body);
  });
});
