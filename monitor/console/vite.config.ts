import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// Each page is a folder of src/ with an index.html; what is not there yet is not built.
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const pages = ["console", "operator"].map((name) => here(`src/${name}/index.html`)).filter(existsSync);

export default defineConfig({
  root: here("src"),
  publicDir: here("src/public"),
  plugins: [svelte({ configFile: here("svelte.config.js") })],
  build: {
    outDir: here("dist"),
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: "manifest.json",
    rollupOptions: { input: pages },
  },
});
