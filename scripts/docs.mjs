// Writes every document and schema that is made from src/: node --import tsx scripts/docs.mjs [--check]
for (const made of ['errors', 'schema', 'hop3-toml']) await import(`./docs-${made}.mjs`);
