/**
 * Chains that do not depend on pods, with the rule ids that Felix gives them on a node with VXLAN, without IPIP,
 * WireGuard and IPVS, where traffic of pods to their node is dropped. One line a rule: id, comment, rule.
 * The nat cali-POSTROUTING chain is that of versions after 3.32, which masquerade UDP apart.
 */
export const staticChains: Readonly<Record<string, readonly string[]>> = {
  "filter cali-INPUT": [
    'J76FwxInZIsk7uKY "Allow IPv4 VXLAN packets from allowed hosts" -p 17 -m multiport --destination-ports 4789 -m set --match-set cali40all-vxlan-net src -m addrtype --dst-type LOCAL --jump ACCEPT',
    'EDCNTTxYfggApx8C "Drop IPv4 VXLAN packets from non-allowed hosts" -p 17 -m multiport --destination-ports 4789 -m addrtype --dst-type LOCAL --jump DROP',
    "H03xYXARh4e8pwd4 --in-interface cali+ --goto cali-wl-to-host",
    "MN6K3isIWBigb1Va -m mark --mark 0x10000/0x10000 --jump ACCEPT",
    "aKDQAoV0P_FFAIwV --jump MARK --set-mark 0/0x1b0000",
    "vIx3xkWzuvLW9fr4 --jump cali-from-host-endpoint",
    '5W9XghKma9wuz47x "Host endpoint policy accepted packet." -m mark --mark 0x10000/0x10000 --jump ACCEPT',
  ],
  "filter cali-wl-to-host": [
    "Ee9Sbo10IpVujdIY --jump cali-from-wl-dispatch",
    'eFOMW3jAdcq1gnVZ "Configured DefaultEndpointToHostAction" --jump DROP',
  ],
  "filter cali-FORWARD": [
    "W_vvds1Nw3n9QE2f --jump MARK --set-mark 0/0x1a0000",
    "ZfgmjuiLaA8Pg0kp -m mark --mark 0/0x10000 --jump cali-from-hep-forward",
    "tAzwBLPaV-j53OOZ --in-interface cali+ --jump cali-from-wl-dispatch",
    "4Z0Pf0byo05NFe-P --out-interface cali+ --jump cali-to-wl-dispatch",
    "hQ7Oc16wmUtLuneJ --jump cali-to-hep-forward",
    "rnKNH2WxGcRQcIlD --jump cali-cidr-block",
  ],
  "filter cali-OUTPUT": [
    "Mq1_rAdXXH3YkrzW -m mark --mark 0x10000/0x10000 --jump ACCEPT",
    "69FkRTJDvD5Vu6Vl --out-interface cali+ --jump RETURN",
    '-QZG79DohFjalQBb "Allow IPv4 VXLAN packets to other allowed hosts" -p 17 -m multiport --destination-ports 4789 -m addrtype --src-type LOCAL -m set --match-set cali40all-vxlan-net dst --jump ACCEPT',
    "6T0hFtymUtXMOfEV --jump MARK --set-mark 0/0x1b0000",
    "IpTGXsDHURPUaLjJ -m conntrack ! --ctstate DNAT --jump cali-to-host-endpoint",
    'wgnULo2gucg1umsA "Host endpoint policy accepted packet." -m mark --mark 0x10000/0x10000 --jump ACCEPT',
  ],
  "nat cali-PREROUTING": ["r6XmIziWUJsdOK6Z --jump cali-fip-dnat"],
  "nat cali-OUTPUT": ["GBTAv2p5CwevEyJm --jump cali-fip-dnat"],
  "nat cali-POSTROUTING": [
    "Z-c7XtVd2Bq7s_hA --jump cali-fip-snat",
    "nYKhEzDlr11Jccal --jump cali-nat-outgoing",
    "k5tPXc7Lt1qvBU9K -p 17 --out-interface vxlan.calico -m addrtype ! --src-type LOCAL --limit-iface-out -m addrtype --src-type LOCAL --jump MASQUERADE --to-ports 4790-65535 --random-fully",
    "ZUy_r64wRDl4JBc4 --out-interface vxlan.calico -m addrtype ! --src-type LOCAL --limit-iface-out -m addrtype --src-type LOCAL --jump MASQUERADE --random-fully",
  ],
  "nat cali-nat-outgoing": [
    "W_qq_N2KSTWyCvrX -m set --match-set cali40masq-ipam-pools src -m set ! --match-set cali40network-ip-pools dst --jump MASQUERADE --random-fully",
  ],
  "mangle cali-PREROUTING": [
    "6BJqBjBC7crtA-7- -m conntrack --ctstate RELATED,ESTABLISHED --jump ACCEPT",
    "KX7AGNd6rMcDUai6 -m mark --mark 0x10000/0x10000 --jump ACCEPT",
    "wNH7KsA3ILKJBsY9 --jump cali-from-host-endpoint",
    'Cg96MgVuoPm7UMRo "Host endpoint policy accepted packet." -m mark --mark 0x10000/0x10000 --jump ACCEPT',
  ],
  "mangle cali-POSTROUTING": [
    'rjggb5FqJG-Y25Bt "set dscp for traffic leaving cluster." -m set --match-set cali40dscp-src-net src -m set ! --match-set cali40network-ip-pools dst -m set ! --match-set cali40this-host dst --jump cali-egress-dscp',
    "jjeDINEyBNIZOyCC -m mark --mark 0x10000/0x10000 --jump RETURN",
    "zNC99P5aQEt6jv4X --jump MARK --set-mark 0/0x1b0000",
    "Zq8WVZgLnBNyn-Ed -m conntrack --ctstate DNAT --jump cali-to-host-endpoint",
    'x8FyevjrLjl7aiMw "Host endpoint policy accepted packet." -m mark --mark 0x10000/0x10000 --jump RETURN',
  ],
  "raw cali-PREROUTING": [
    "DQ6LK2guiBRMyrLK --jump MARK --set-mark 0/0x1b0000",
    "sIsu2aAqNN6K3YYn -p udp --dport 4789 --jump NOTRACK",
    "W0qKAga6QivxLxL1 --in-interface cali+ --jump MARK --set-mark 0x80000/0x80000",
    "QOYCZUivPyJL6Dp1 -m mark --mark 0x80000/0x80000 --jump cali-rpf-skip",
    "uvipz_NmQPrGYnTB -m mark --mark 0x80000/0x80000 -m rpfilter --invert --validmark --jump DROP",
    "pj4jqF0K2OCNLmzX -m mark --mark 0/0x80000 --jump cali-from-host-endpoint",
    "Jefg6QI5khJcHnVl -m mark --mark 0x10000/0x10000 --jump ACCEPT",
  ],
  "raw cali-OUTPUT": [
    "clI8WObfCl4yhr60 --jump MARK --set-mark 0/0x1b0000",
    "ZbkN6P8OdRcBRPpU --jump cali-to-host-endpoint",
    "ry5_UEpt1OaPPCxO -p udp --dport 4789 --jump NOTRACK",
    "MGhICIksKDnYMIkW -m mark --mark 0x10000/0x10000 --jump ACCEPT",
  ],
};
