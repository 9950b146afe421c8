// One page, built into `dist`: every file but the page has the hash of its content in its name, and brotli beside it.

import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { type ConstDirectiveNode, Kind, parse } from "graphql";
import { defineConfig, type Plugin } from "vite";

const dist = join(__dirname, "dist");

/// How the schema classifies each field: `{"Customer.email": "RESTRICTED PII"}`. Introspection has no place for it.
function classification(): Plugin {
  const name = "virtual:classification";
  const argument = (directive: ConstDirectiveNode, name: string) => {
    const value = directive.arguments?.find((argument) => argument.name.value === name)?.value;
    return value?.kind === Kind.ENUM ? value.value : "";
  };
  return {
    name: "classification",
    resolveId: (id) => (id === name ? `\0${name}` : undefined),
    load(id) {
      if (id !== `\0${name}`) return undefined;
      const file = join(dist, "../../schema.graphql");
      this.addWatchFile(file);
      const found: Record<string, string> = {};
      for (const definition of parse(readFileSync(file, "utf8")).definitions) {
        if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
        for (const field of definition.fields ?? []) {
          const directive = field.directives?.find((one) => one.name.value === "classified");
          if (!directive) continue;
          const words = [argument(directive, "level"), argument(directive, "category")];
          found[`${definition.name.value}.${field.name.value}`] = words.join(" ").trim();
        }
      }
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(found))});`;
    },
  };
}

/// Leaves GraphiQL's own fonts out: they are two thirds of what would be loaded, and every system has some.
function withoutFonts(): Plugin {
  return {
    name: "without-fonts",
    enforce: "pre",
    transform: (code, id) => (id.endsWith("/graphiql/dist/style.css") ? code.replace(/@font-face\s*{[^}]*}/g, "") : undefined),
  };
}

/// Empties `dist` but for the file that keeps it in the repository, and compresses what was put there.
function output(): Plugin {
  return {
    name: "output",
    apply: "build",
    buildStart() {
      for (const name of readdirSync(dist)) {
        if (name !== ".gitignore") rmSync(join(dist, name), { recursive: true });
      }
    },
    closeBundle() {
      for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
        const file = join(dist, name);
        if (name.startsWith(".") || !statSync(file).isFile()) continue;
        const content = readFileSync(file);
        const params = {
          [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
          [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
        };
        writeFileSync(`${file}.br`, brotliCompressSync(content, { params }));
      }
    },
  };
}

export default defineConfig({
  base: "/console/",
  plugins: [classification(), withoutFonts(), output()],
  define: { "process.env.NODE_ENV": '"production"' },
  build: {
    target: "es2022",
    emptyOutDir: false,
    // The policy of the page takes no inline data but images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2000,
    rollupOptions: {
      // "use client" is for servers that render; there is none.
      onwarn: (warning, warn) => warning.code === "MODULE_LEVEL_DIRECTIVE" || warn(warning),
    },
  },
});
