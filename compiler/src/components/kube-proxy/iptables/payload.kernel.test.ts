import { describe, expect, it } from "vitest";
import { differencesOf } from "../../../dataplane/netfilter/compare.ts";
import { parseIptablesSave } from "../../../dataplane/netfilter/parse-save.ts";
import { printIptablesFile } from "../../../dataplane/netfilter/print.ts";
import { loadRuleset } from "../../../dataplane/netfilter/ruleset.ts";
import type { IptablesFile } from "../../../dataplane/netfilter/types.ts";
import { printedText } from "../../../dataplane/printed.ts";
import { inNamespace, missingForNamespace } from "../../../dataplane/testing/network-namespace.ts";
import { kubeletFile } from "./kubelet.ts";
import { withJumps } from "./jumps.ts";
import { payload } from "./payload.ts";
import type { ProxyServicePort } from "./service-port.ts";
import { cidr, endpoint, ip, options, origin, servicePort } from "./testing.ts";

const missing = missingForNamespace();

/** One service port of every kind, for the family. */
function everything(family: 4 | 6): readonly ProxyServicePort[] {
  const address = (n: number): string => (family === 4 ? `10.96.0.${n}` : `fd00:96::${n}`);
  const outside = (n: number): string => (family === 4 ? `198.51.100.${n}` : `2001:db8:1::${n}`);
  const pod = (n: number, isHere: boolean): ReturnType<typeof endpoint> =>
    family === 4 ? endpoint(`10.244.${isHere ? 1 : 2}.${n}:8080`) : endpoint(`[fd00:10:0:${isHere ? 1 : 2}::${n}]:8080`);
  const ranges = family === 4 ? [cidr("203.0.113.0/25"), cidr("192.168.0.0/16")] : [cidr("2001:db8:2::/48")];
  return [
    servicePort("shop/web:http", address(10), 80, { nodePort: 30080, endpoints: [pod(1, true), pod(2, false), pod(3, false)] }),
    servicePort("shop/dns", address(11), 53, { protocol: "udp", sessionAffinity: 10800, endpoints: [pod(4, true), pod(5, false)] }),
    servicePort("shop/signal:m3", address(12), 2905, { protocol: "sctp", endpoints: [pod(6, false)] }),
    servicePort("shop/empty:p", address(13), 80, { externalIps: [ip(outside(3))], nodePort: 30090 }),
    servicePort("edge/gw:https", address(14), 443, {
      loadBalancerIps: [ip(outside(7))],
      loadBalancerSourceRanges: ranges,
      nodePort: 31443,
      healthCheckNodePort: 32101,
      externalTrafficPolicy: "Local",
      endpoints: [pod(8, true), pod(9, false)],
    }),
    servicePort("edge/far:p", address(15), 25, {
      nodePort: 30025,
      externalTrafficPolicy: "Local",
      internalTrafficPolicy: "Local",
      endpoints: [pod(10, false)],
    }),
  ];
}

describe.skipIf(missing !== null)(`in the kernel${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  it.each([
    [4, "iptables-legacy"],
    [6, "ip6tables-legacy"],
  ] as const)("the files of kubelet and kube-proxy for IPv%d load and are held as knet says", (family, tool) => {
    const proxy = withJumps(payload(everything(family), options(family)), origin);
    const files: readonly IptablesFile[] = [kubeletFile(family, origin), proxy];
    const texts = files.map((file) => printedText(printIptablesFile(file)));
    const script = `${tool}-restore --noflush <$DIR/kubelet; ${tool}-restore --noflush <$DIR/proxy; ${tool}-save >$DIR/out`;
    inNamespace(script, { kubelet: texts[0] ?? "", proxy: texts[1] ?? "" }, (result) => {
      expect(result.stderr).toBe("");
      expect(result.status).toBe(0);
      expect(differencesOf(loadRuleset(family, files), parseIptablesSave(result.read("out"), family))).toEqual([]);
    });
  });
});
