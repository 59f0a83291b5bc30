export * from "./ip.ts";
export * from "./mac.ts";
export * from "./port.ts";
