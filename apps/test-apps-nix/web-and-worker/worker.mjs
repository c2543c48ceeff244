// Writes a heartbeat into the data directory, which is this process's working directory, once a second.
import { renameSync, writeFileSync } from 'node:fs';

// The worker of the release before may still be writing while this one starts: each has its own file.
const draft = `heartbeat.${process.env.HOP3_RELEASE ?? 'none'}.new`;
let beats = 0;

function beat() {
  beats += 1;
  const heartbeat = { beats, at: new Date().toISOString(), pid: process.pid, release: process.env.HOP3_RELEASE ?? null };
  // Renamed into place: a reader never sees half a file.
  writeFileSync(draft, `${JSON.stringify(heartbeat)}\n`);
  renameSync(draft, 'heartbeat.json');
}

beat();
const timer = setInterval(beat, 1000);
console.log('heartbeat started');
process.on('SIGTERM', () => {
  clearInterval(timer);
  console.log(`heartbeat stopped after ${beats}`);
});
