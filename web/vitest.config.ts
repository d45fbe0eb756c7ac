import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const alias = { "@": fileURLToPath(new URL("./src", import.meta.url)) };

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: "unit",
          include: ["src/**/*.test.{ts,tsx}", "scripts/*.test.mjs"],
          environment: "happy-dom",
          setupFiles: ["src/test-setup.ts"],
        },
      },
      {
        test: {
          name: "e2e",
          include: ["e2e/*.spec.ts"],
          globalSetup: ["e2e/support/global.ts"],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
