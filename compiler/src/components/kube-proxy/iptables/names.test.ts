import { describe, expect, it } from "vitest";
import { endpointChain, hash16, serviceChains, servicePortName } from "./names.ts";

describe("hashed names", () => {
  it.each([
    ["default/kubernetes:https", "tcp", "NPX46M4PTMTKRN6Y"],
    ["kube-system/kube-dns:dns", "udp", "TCOU7JCQXEZGVUNU"],
    ["kube-system/kube-dns:dns-tcp", "tcp", "ERIFXISQEP7F7OF4"],
    ["kube-system/kube-dns:metrics", "tcp", "JD5MR3NA4I4DYORP"],
    ["ns1/svc1:p80", "tcp", "XPGD46QRK7WJZT7O"],
    ["ns2/svc2:p80", "tcp", "GNZBNJ2PO5MGZ6GT"],
    ["ns3/svc3:p80", "tcp", "X27LE4BHSL4DOUIK"],
    ["ns4/svc4:p80", "tcp", "4SW47YFZTEDKD3PK"],
    ["ns5/svc5:p80", "tcp", "NUKIZ6OKUXPJNT4C"],
    ["ns2/svc2:p8080", "tcp", "2VJB64SDSIJUP5T6"],
    ["ns4/svc4:p8082", "tcp", "EBDQOQU5SJFXRIL3"],
  ])("%s over %s", (name, protocol, expected) => {
    expect(hash16(name + protocol)).toBe(expected);
    expect(serviceChains(name, protocol)).toEqual({
      svc: `KUBE-SVC-${expected}`,
      svl: `KUBE-SVL-${expected}`,
      ext: `KUBE-EXT-${expected}`,
      fw: `KUBE-FW-${expected}`,
    });
  });

  it.each([
    ["ns1/svc1:p80", "10.180.0.1:80", "SXIVWICOYRO3J4NJ"],
    ["ns2/svc2:p80", "10.180.0.2:80", "RS4RBKLTHTF2IUXJ"],
    ["ns3/svc3:p80", "10.180.0.3:80", "OYPFS5VJICHGATKP"],
    ["ns4/svc4:p80", "10.180.0.4:80", "UKSFD7AGPMPPLUHC"],
    ["ns4/svc4:p80", "10.180.0.5:80", "C6EBXVWJJZMIWKLZ"],
    ["ns5/svc5:p80", "10.180.0.3:80", "I77PXRDZVX7PMWMN"],
    ["ns1/svc1:p80", "10.0.1.1:80", "SNQ3ZNILQDEJNDQO"],
    ["ns2/svc2:p8080", "10.0.2.1:8080", "UHEGFW77JX3KXTOV"],
    ["ns3/svc3:p80", "10.0.3.1:80", "BSWRHOQ77KEXZLNL"],
    ["ns3/svc3:p80", "10.0.3.2:80", "DKCFIS26GWF2WLWC"],
    ["ns3/svc3:p80", "10.0.3.3:80", "JVVZVJ7BSEPPRNBS"],
    ["ns4/svc4:p80", "10.0.4.1:80", "AYCN5HPXMIRJNJXU"],
    ["ns1/svc1:p80", "10.0.0.0:80", "DKGQUZGBKLTPAR56"],
    ["ns3/svc3:p8081", "203.0.113.4:8081", "RUVVH7YV3PHQBDOS"],
    ["ns4/svc4:p8082", "10.4.0.1:8082", "SU5STNODRYEWJAUF"],
  ])("%s, endpoint %s", (name, endpoint, expected) => {
    expect(endpointChain(name, "tcp", endpoint)).toBe(`KUBE-SEP-${expected}`);
  });

  it("an unnamed port leaves no colon", () => {
    expect(servicePortName("shop", "dns", null)).toBe("shop/dns");
    expect(servicePortName("shop", "dns", "")).toBe("shop/dns");
    expect(servicePortName("shop", "web", "http")).toBe("shop/web:http");
  });
});
