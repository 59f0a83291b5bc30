import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{language,compiler,lsp,vscode-extension,test}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
