/** A request from a machine of a cluster. */
import { formatIp } from "@knet/language/values";
import type { Ip, Transport } from "@knet/language/values";

export interface ChosenFlow {
  /** Host id. */
  readonly from: string;
  readonly dst: Ip;
  readonly protocol: Transport;
  readonly port: number;
}

export function chosenFlowText(flow: ChosenFlow): string {
  return `${flow.from} → ${formatIp(flow.dst)} ${flow.port}/${flow.protocol}`;
}
