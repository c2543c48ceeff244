import { Addons } from './addons.ts';
import { Apps } from './apps.ts';
import { Audit } from './audit.ts';
import { Builds } from './builds.ts';
import { CronRuns } from './cron.ts';
import { Database } from './database.ts';
import { Domains } from './domains.ts';
import { OperatorEnv } from './env.ts';
import { migrations } from './migrations.ts';
import { FixedPorts } from './fixed-ports.ts';
import { Ports } from './ports.ts';
import { Releases } from './releases.ts';
import { hasSealedValues, sealAnew } from './reseal.ts';
import { Scale } from './scale.ts';
import { Seal } from './seal.ts';
import { sealPlainValues } from './seal-plain.ts';
import { Tokens } from './tokens.ts';
import { Unsettled } from './unsettled.ts';

export interface OpenOptions {
  /** Where a copy of the database goes before an upgrade changes its schema. */
  readonly copies?: string | null;
  /** What an administrator should read about it, in one line. */
  readonly tell?: (line: string) => void;
}

/** All state that is not files: one SQLite database, one object a table. */
export class Store {
  readonly addons: Addons;
  readonly apps: Apps;
  readonly audit: Audit;
  readonly builds: Builds;
  readonly cron: CronRuns;
  readonly domains: Domains;
  readonly env: OperatorEnv;
  readonly ports: Ports;
  readonly fixedPorts: FixedPorts;
  readonly releases: Releases;
  readonly scale: Scale;
  readonly tokens: Tokens;
  readonly unsettled: Unsettled;
  readonly #db: Database;
  readonly #seal: Seal;

  private constructor(db: Database, seal: Seal) {
    this.#db = db;
    this.#seal = seal;
    this.addons = new Addons(db, seal);
    this.apps = new Apps(db);
    this.audit = new Audit(db);
    this.builds = new Builds(db);
    this.cron = new CronRuns(db);
    this.domains = new Domains(db);
    this.env = new OperatorEnv(db, seal);
    this.ports = new Ports(db);
    this.fixedPorts = new FixedPorts(db);
    this.releases = new Releases(db, seal);
    this.scale = new Scale(db);
    this.tokens = new Tokens(db);
    this.unsettled = new Unsettled(db);
  }

  /**
   * Opens (or makes) the database, and the key that its secrets are sealed with.
   * @throws Hop3Error HOP3_DATABASE, HOP3_SECRET_KEY
   */
  static open(file: string, keyFile: string, { copies = null, tell = () => {} }: OpenOptions = {}): Store {
    const db = Database.open(file, copies);
    try {
      // A new key beside values of an old one would hide that the old one is lost.
      const hasSealed = db.get('SELECT 1 FROM meta WHERE name = $name', { name: 'sealed' }) !== null && hasSealedValues(db);
      const seal = Seal.open(keyFile, !hasSealed);
      sealPlainValues(db, seal);
      if (seal.hasOldKeys) finishKeyChange(db, seal, tell);
      return new Store(db, seal);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /**
   * Seals every secret with a new key; the one before is gone from the key file afterwards, and until then either opens what it sealed.
   * @returns how many values were sealed anew
   * @throws Hop3Error HOP3_SECRET_KEY when the key file cannot be written
   */
  changeSecretKey(): number {
    this.#seal.addKey();
    const count = sealAnew(this.#db, this.#seal);
    this.#seal.dropOldKeys();
    return count;
  }

  /** Writes a copy of the database, one state of it, into a directory and gives its file. @throws Hop3Error HOP3_DATABASE */
  copyTo(dir: string): string {
    return this.#db.copyTo(dir);
  }

  get schema(): number {
    return migrations.length;
  }

  /** Answers only when the database can be read. */
  ping(): void {
    this.#db.get('SELECT 1 AS one');
  }

  close(): void {
    this.#db.close();
  }
}

/** A new key was on its way in when the server before this one ended, or an administrator put one into the file by hand. */
function finishKeyChange(db: Database, seal: Seal, tell: (line: string) => void): void {
  tell(`${sealAnew(db, seal)} secrets are encrypted with the first key of the key file now`);
  try {
    seal.dropOldKeys();
  } catch (error) {
    // Hop3's user may only read it. All is well with the older keys there; they are just not needed.
    tell(`the keys after the first are not needed any more; take them out of the file by hand: ${(error as Error).message}`);
  }
}
