export * from "./ip.ts";
export * from "./mac.ts";
export * from "./ordering.ts";
export * from "./port.ts";
export * from "./selector/match.ts";
export * from "./selector/parse.ts";
export * from "./selector/syntax.ts";
