/** What types of attributes are called. */
import { oneOf } from "../diagnostics/suggest.ts";
import type { ValueType } from "./types.ts";

/** What a type is called in messages, with an example. */
export function describeType(type: ValueType): string {
  switch (type.kind) {
    case "string":
      return "a string";
    case "dns-name":
      return 'a DNS name in quotes, such as "cluster.local"';
    case "boolean":
      return "`true` or `false`";
    case "integer":
      return type.unit === undefined ? "a number" : `a number of ${type.unit}`;
    case "cidr":
      return "a CIDR such as `10.10.0.0/16`";
    case "cidrs":
      return "a CIDR such as `10.10.0.0/16`, or a list of one for each family";
    case "addresses":
      return "an address such as `10.10.0.1`, or a list of one for each family";
    case "families":
      return "`ipv4`, `ipv6`, or a list of both";
    case "port-range":
      return "a range such as `30000..32767`";
    case "labels":
      return 'a map such as `{ app = "web" }`';
    case "enum":
      return oneOf(type.values);
    case "version":
      return `a version in quotes, such as ${JSON.stringify(type.described[0] ?? "")}`;
    case "references":
      return `a list of ${type.to}s`;
    case "reference":
      return `the name of a ${type.to}`;
    case "address-list":
      return "addresses such as `[10.10.0.1, fd00::1]`";
    case "cidr-list":
      return "CIDRs such as `[10.10.0.0/16, fd00::/64]`";
    case "enum-list":
      return `a list of ${oneOf(type.values)}`;
    case "duration":
      return "a duration in whole seconds, such as `90s` or `3h`";
    case "dns-names":
      return 'a list of DNS names such as `["corp.example"]`';
    case "dns-label":
      return 'a name in quotes, such as "db-1"';
    case "qualified-name":
      return 'a name in quotes, such as "example.com/controller"';
    case "label-value":
      return 'a label value in quotes, such as "west"';
    case "calico-selector":
      return "a selector of Calico in quotes, such as \"zone == 'west'\"";
  }
}
