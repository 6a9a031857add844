import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";

// TensorBoard imports `./index.js` relative to <base href="plugin/convlens/">, so every URL is
// relative, the name is fixed, and the CSS travels inside the module.
export default defineConfig({
  base: "./",
  plugins: [svelte({ compilerOptions: { css: "injected", fragments: "tree" } }), svelteTesting()],
  build: {
    target: "es2022",
    outDir: "../tensorboard_plugin_convlens/static",
    emptyOutDir: true,
    modulePreload: false,
    cssCodeSplit: false,
    // `build.lib` would leave the white space of ES modules in: 40 % more bytes.
    rollupOptions: {
      input: "src/main.ts",
      preserveEntrySignatures: "allow-extension",
      output: {
        format: "es",
        entryFileNames: "index.js",
        chunkFileNames: "static/[name]-[hash].js",
        assetFileNames: "static/[name]-[hash][extname]",
      },
    },
  },
  test: { environment: "happy-dom", include: ["tests/**/*.test.ts"] },
});
