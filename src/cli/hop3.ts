// `hop3 logs | head` closes the pipe early; that is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

start(process.argv.slice(2)).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(` !     The hop3 command itself is broken here; please report this.\n${text}\n`);
    process.exitCode = 1;
  },
);

/** The version is told by what tells it and nothing else: scripts ask for it, and loading the rest takes longer than starting node. */
async function start(argv: readonly string[]): Promise<number> {
  const file = argv.length === 1 && ['--version', '-V', 'version'].includes(argv[0]!) ? import('./print-version.ts') : import('./main.ts');
  return (await file).main(argv);
}
