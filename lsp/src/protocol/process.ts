/** The entry of the bundled server. */
import { main } from "./server.ts";

main();
