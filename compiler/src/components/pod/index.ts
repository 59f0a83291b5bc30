export { podDataplane } from "./dataplane.ts";
