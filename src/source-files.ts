/** Where a tree may keep its configuration, in the order in which people look. */
export const CONFIG_PLACES = ['hop3.toml', 'src/hop3.toml', 'src/hop3/hop3.toml'] as const;

/** All that planning reads of a tree. */
export const PLANNED_FILES: readonly string[] = [...CONFIG_PLACES, 'Procfile', 'hop3.nix'];
