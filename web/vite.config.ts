import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import { tanstackRouter } from "@tanstack/router-plugin/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The server that `npm run dev` asks; PORTOLAN_URL names another. */
const server = process.env.PORTOLAN_URL ?? "http://127.0.0.1:8080";

const proxy = Object.fromEntries(["/api", "/graphql", "/v1"].map((path) => [path, { target: server, ws: true }]));

export default defineConfig({
  plugins: [tanstackRouter(), react(), tailwindcss()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2022",
    // Fonts as data: would be refused by the Content-Security-Policy.
    assetsInlineLimit: 0,
    manifest: true,
    chunkSizeWarningLimit: 700,
  },
  server: { host: "127.0.0.1", proxy },
  preview: { host: "127.0.0.1", proxy },
});
