import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{language,compiler,lsp,vscode-extension,test}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    // Modules hold no state that a test could leave behind, and loading them anew for each file takes a third of the time.
    isolate: false,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
