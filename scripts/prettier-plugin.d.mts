/** Writes the Prettier plugin, bundled, to a path. */
export declare function buildPrettierPlugin(outfile: string): Promise<void>;
