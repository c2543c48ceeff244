import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseConfig } from '../../src/config/parse.ts';
import { Hop3Error } from '../../src/errors.ts';

const test = suite('the rules of hop3.toml');

function problemsOf(text: string): string[] {
  try {
    parseConfig({ hop3Toml: { path: 'hop3.toml', text }, procfile: null });
    return [];
  } catch (error) {
    assert.instance(error, Hop3Error);
    const { code, what, why = '' } = error as Hop3Error;
    assert.is(code, 'HOP3_CONFIG');
    return [what.replace(/(?<=[^?.]) \(and \d+ more\)$/, '.').replace(/ \(and \d+ more\)$/, ''), ...why.split('\n').filter((line) => line !== '')];
  }
}

function noticesOf(text: string): readonly string[] {
  return parseConfig({ hop3Toml: { path: 'hop3.toml', text }, procfile: null }).notices;
}

/** One rule a line: what is written, and what the push says. */
const RULES: readonly (readonly [name: string, text: string, ...problems: string[]])[] = [
  ['unknown key, with the nearest', '[run]\nstrat = "x"', '2:1: unknown key "strat" in [run]. Did you mean "start"?'],
  ['unknown key with nothing near', '[run]\n  colour = 1', '2:3: unknown key "colour" in [run]. It knows start, before-run, start-timeout, packages.'],
  ['a key of another table', '[build]\nstart = "x"', '2:1: unknown key "start" in [build]. [run] has a key of that name.'],
  ['a key of two other tables', '[run]\nversion = "1"', '2:1: unknown key "version" in [run]. [metadata] and [nix] have a key of that name.'],
  ['a key of [nix] below the header of its variables', '[nix]\ntemplate = "php-app"\n[nix.env-exports]\nA = "x"\nexec-target = "php"',
    '5:1: "exec-target" cannot be a name in [nix.env-exports], which takes names of variables (letters, digits and _, not beginning with a digit). '
    + 'If the exec-target of [nix] is meant, it must stand above the line [nix.env-exports].'],
  ['unknown key in [build]', '[build]\nbuidler = "nix"', '2:1: unknown key "buidler" in [build]. Did you mean "builder"?'],
  ['unknown key in [healthcheck]', '[healthcheck]\npaht = "/"', '2:1: unknown key "paht" in [healthcheck]. Did you mean "path"?'],
  ['unknown key in [nix]', '[nix]\ntemplate = "php-app"\nweb_root = "x"', '3:1: unknown key "web_root" in [nix]. Did you mean "web-root"?'],
  ['unknown key in [[addons]]', '[[addons]]\ntype = "redis"\n[[addons]]\ntype = "mysql"\nnam = "x"', '5:1: unknown key "nam" in [[addons]]. Did you mean "name"?'],
  ['unknown key in [[ports]]', '[[ports]]\nnumber = 25\nprotcol = "tcp"', '3:1: unknown key "protcol" in [[ports]]. Did you mean "protocol"?'],
  ['unknown key in the shape of a generated value', '[env]\nA = { generate = "hex", lenght = 3 }', '2:25: unknown key "lenght" in [env.A]. Did you mean "length"?'],
  ['unknown key of a config file', '[nix]\ntemplate = "php-app"\n[[nix.config-files]]\npath = "a"\nraw-content = ""\nmode = "x"',
    '6:1: unknown key "mode" in [[nix.config-files]]. It knows path, format, sections, raw-content, create-if-missing.'],

  ['text where a number belongs', '[run]\nstart-timeout = "60"', '2:17: [run] start-timeout must be a whole number of seconds from 1 to 3600, without quotes; got the text "60".'],
  ['a number out of range', '[run]\nstart-timeout = 0', '2:17: [run] start-timeout must be a whole number of seconds from 1 to 3600, without quotes; got the number 0.'],
  ['a broken number', '[run]\nstart-timeout = 1.5', '2:17: [run] start-timeout must be a whole number of seconds from 1 to 3600, without quotes; got the number 1.5.'],
  ['a number where text belongs', '[metadata]\nversion = 1.10', '2:11: [metadata] version must be text in quotes; got the number 1.1.'],
  ['empty text', '[run]\nstart = ""', '2:9: [run] start must be a command in quotes; got empty text.'],
  ['a wrong item of a list', '[run]\nbefore-run = [\n  "a",\n  2,\n]', '4:3: [run] before-run, item 2 must be a command in quotes; got the number 2.'],
  ['a list where text or a list belongs', '[run]\nbefore-run = true', '2:14: [run] before-run must be a command in quotes, or a list of commands; got true.'],
  ['a value where a table belongs', 'run = 3', '1:7: [run] must be a table; got the number 3.'],
  ['one table where several belong', '[addons]\ntype = "redis"', '1:1: [addons] must be one or more tables, each begun with [[addons]]; got a table.'],
  ['domains as a list', 'domains = ["a.example"]', '1:11: [domains] must be a table: [domains] with list = ["example.org"]; got a list.'],
  ['a date', '[run]\nstart = 2024-01-01T00:00:00Z', '2:9: [run] start must be a command in quotes; got a date.'],

  ['builder docker', '[build]\nbuilder = "docker"', '2:11: [build] builder: "docker" builds with container images, and this server builds with Nix only: write "nix", or leave the line out.'],
  ['builder local', '[build]\nbuilder = "local"', '2:11: [build] builder: "local" builds with the build tools of the host, and this server builds with Nix only: write "nix", or leave the line out.'],
  ['another builder', '[build]\nbuilder = "nxi"', '2:11: [build] builder must be "nix" or "auto"; got the text "nxi". Did you mean "nix"?'],
  ['health path', '[healthcheck]\npath = "health"', '2:8: [healthcheck] path must be a path that begins with "/", without spaces; got the text "health".'],

  ['a variable that cannot be one', '[env]\n"A-B" = "x"', '2:1: "A-B" cannot be a name in [env], which takes names of variables (letters, digits and _, not beginning with a digit).'],
  ['a computed variable that cannot be one', '[env.computed]\n1A = "x"', '2:1: "1A" cannot be a name in [env.computed], which takes names of variables (letters, digits and _, not beginning with a digit).'],
  ['a list as a variable, its items untold', '[env]\nTOKEN = ["hunter2"]', '2:9: [env] TOKEN must be text in quotes, a number, true, false, or a table such as { generate = "hex" }; got a list.'],
  ['a number that is none', '[env]\nA = nan', '2:5: [env] A must be text in quotes, a number, true, false, or a table such as { generate = "hex" }; got a number.'],
  ['an unknown generator', '[env]\nA = { generate = "hx" }', '2:18: [env.A] generate must be "hex", "base64", "urlsafe", "password" or "uuid"; got a text. Did you mean "hex"?'],
  ['a table that generates nothing', '[env]\nA = { length = 3 }', '2:1: [env.A] needs the key "generate": "hex", "base64", "urlsafe", "password" or "uuid".'],
  ['an unknown policy', '[env]\n_policy = "keep"', '2:11: [env] _policy must be "keep-existing" or "override"; got a text.'],
  ['a password in the repository', '[admin]\npassword = "hunter2"', '2:12: [admin] password must be a table such as { generate = "password" }; got a text.'],
  ['HOST_NAME beside [domains]', '[env]\nHOST_NAME = "a.example"\n[domains]\nlist = ["a.example"]', '2:1: HOST_NAME and [domains] (line 3) both name the app\'s hosts; keep [domains] and remove HOST_NAME.'],
  ['computed HOST_NAME beside [domains]', '[domains]\nlist = ["a.example"]\n[env.computed]\nHOST_NAME = "a.example"', '4:1: HOST_NAME and [domains] (line 1) both name the app\'s hosts; keep [domains] and remove HOST_NAME.'],

  ['a domain with a scheme', '[domains]\nlist = ["https://a.example"]', '2:9: [domains] list, item 1: "https://a.example" is an address; write the host name alone, such as "shop.example.org".'],
  ['a domain with a port', '[domains]\nlist = ["a.example:80"]', '2:9: [domains] list, item 1: "a.example:80" has a port; write the name alone.'],
  ['a wildcard', '[domains]\nlist = ["*.a.example"]', '2:9: [domains] list, item 1: "*.a.example" is a wildcard, which is not supported; list the names one by one.'],
  ['an IP address', '[domains]\nlist = ["10.0.0.1"]', '2:9: [domains] list, item 1: "10.0.0.1" is an IP address; a domain is a name ("_" answers whatever name was asked for).'],
  ['a dot at the end', '[domains]\nlist = ["a.example."]', '2:9: [domains] list, item 1: "a.example." ends with a dot; leave it off.'],
  ['letters beyond ASCII', '[domains]\nlist = ["bücher.example"]', '2:9: [domains] list, item 1: "bücher.example" must be written in ASCII: "xn--bcher-kva.example".'],
  ['an underscore', '[domains]\nlist = ["a_b.example"]', '2:9: [domains] list, item 1: "a_b.example" is no host name: letters, digits and hyphens in parts of 1 to 63 characters, joined with dots, 253 in all.'],
  ['nginx text in a domain', '[domains]\nlist = ["a.example; return 200"]', '2:9: [domains] list, item 1: "a.example; return 200" is no host name: letters, digits and hyphens in parts of 1 to 63 characters, joined with dots, 253 in all.'],
  ['"_" with others', '[domains]\nlist = ["a.example", "_"]', '2:22: [domains] list: "_" answers every name, so it must stand alone.'],
  ['a domain twice', '[domains]\nlist = ["a.example", "A.Example"]', '2:22: [domains] list: "a.example" stands there twice.'],

  ['port 22', '[[ports]]\nnumber = 22', '2:10: [[ports]] number: port 22 belongs to the host (22, 80 and 443 do); choose another.'],
  ['port 80', '[[ports]]\nnumber = 80', '2:10: [[ports]] number: port 80 belongs to the host (22, 80 and 443 do); choose another.'],
  ['port 443', '[[ports]]\nnumber = 443', '2:10: [[ports]] number: port 443 belongs to the host (22, 80 and 443 do); choose another.'],
  ['port 65536', '[[ports]]\nnumber = 65536', '2:10: [[ports]] number must be a port number from 1 to 65535, without quotes; got the number 65536.'],
  ['a memory without a unit', '[limits]\nmemory = "512"', '2:10: [limits] memory: "512" is no size; write a number and K, M, G or T, such as "512M" or "1.5G".'],
  ['a memory that is a number', '[limits]\nmemory = 512', '2:10: [limits] memory must be a size such as "512M" or "2G", in quotes; got the number 512.'],
  ['a memory that is too little', '[limits]\nmemory = "1M"', '2:10: [limits] memory: "1M" is less than any program needs; 16 MB is the least.'],
  ['no cores', '[limits]\ncpu = 0', '2:7: [limits] cpu must be a number of cores from 0.05 to 1024, such as 1.5, without quotes; got the number 0.'],
  ['half a process', '[limits]\nprocesses = 1.5', '2:13: [limits] processes must be a whole number from 4 to 100000, without quotes; got the number 1.5.'],
  ['unknown key in [limits]', '[limits]\nmemmory = "1G"', '2:1: unknown key "memmory" in [limits]. Did you mean "memory"?'],
  ['two ports of one name', '[[ports]]\nnumber = 2525\nname = "mail"\n[[ports]]\nnumber = 2526\nname = "Mail"', '6:1: [[ports]] 2526 and 2525 (line 1) would both be PORT_MAIL; give one of them another name.'],
  ['a port\'s name that no variable can have', '[[ports]]\nnumber = 2525\nname = "my mail"', '3:8: [[ports]] name must be a name of letters, digits, "_" and "-" (40 at most); got the text "my mail".'],
  ['no port', '[[ports]]\nname = "smtp"', '1:1: [[ports]] needs the key "number": a port number from 1 to 65535, without quotes.'],
  ['a port twice', '[[ports]]\nnumber = 25\n[[ports]]\nnumber = 25\nprotocol = "tcp"', '3:1: [[ports]] asks for 25/tcp twice (first on line 1).'],

  ['an unknown addon', '[[addons]]\ntype = "postgresql"', '2:8: [[addons]] type must be "postgres", "mysql" or "redis"; got the text "postgresql". Did you mean "postgres"?'],
  ['s3', '[[addons]]\ntype = "s3"', '2:8: [[addons]] type: "s3" is not supported by this server yet; what there is: postgres, mysql, redis.'],
  ['no type', '[[addons]]\nname = "x"', '1:1: [[addons]] needs the key "type": "postgres", "mysql" or "redis".'],
  ['an addon twice', '[[addons]]\ntype = "redis"\n[[addons]]\ntype = "redis"', '3:1: [[addons]] asks for the same redis twice (first on line 1); give one of them another name.'],
  ['extensions of mysql', '[[addons]]\ntype = "mysql"\nextensions = ["x"]', '3:1: [[addons]] extensions is for type = "postgres" only.'],

  ['no template', '[nix]\nurl = "https://a.example"', '1:1: [nix] needs the key "template": "nixpkgs-wrapper", "python-venv", "php-app", "ruby-bundler", "java-war", "node-prebuilt", "prebuilt-binary", "prebuilt-archive", "go-source", "node-pnpm-install" or "java-gradle".'],
  ['an unknown template', '[nix]\ntemplate = "go-sauce"', '2:12: [nix] template must be "nixpkgs-wrapper", "python-venv", "php-app", "ruby-bundler", "java-war", "node-prebuilt", "prebuilt-binary", "prebuilt-archive", "go-source", "node-pnpm-install" or "java-gradle"; got the text "go-sauce". Did you mean "go-source"?'],
  ['another template\'s key', '[nix]\ntemplate = "php-app"\ngo-vendor-hash = "none"', '3:1: [nix] go-vendor-hash belongs to the template go-source; php-app would not read it.'],
  ['a revision without its hash', `[nix]\ntemplate = "php-app"\nnixpkgs-rev = "${'a'.repeat(40)}"`, '3:1: [nix] nixpkgs-rev needs nixpkgs-sha256 beside it: a revision is fetched by its hash.'],
  ['a hash without its revision', `[nix]\ntemplate = "php-app"\nnixpkgs-sha256 = "${'0'.repeat(52)}"`, '3:1: [nix] nixpkgs-sha256 needs nixpkgs-rev beside it: a revision is fetched by its hash.'],
  ['a branch as a revision', `[nix]\ntemplate = "php-app"\nnixpkgs-rev = "nixos-25.05"\nnixpkgs-sha256 = "${'0'.repeat(52)}"`, '3:15: [nix] nixpkgs-rev must be a full commit id of nixpkgs (40 hexadecimal digits); got the text "nixos-25.05".'],
  ['a sha256 that is none', '[nix]\ntemplate = "php-app"\nsha256 = "abc"', '3:10: [nix] sha256 must be a sha256 in base64 ("sha256-...="), Nix base32 (52 characters) or hex (64 digits); got the text "abc".'],
  ['a file: address', '[nix]\ntemplate = "php-app"\nurl = "file:///etc/passwd"', '3:7: [nix] url must be an address that begins with https://, http:// or mirror://; got the text "file:///etc/passwd".'],
  ['a path out of the tree', '[nix]\ntemplate = "php-app"\ninstall-files = ["../secret"]', '3:18: [nix] install-files, item 1 must be a path inside the pushed tree, without ".."; got the text "../secret".'],
  ['Nix text as a package name', '[nix]\ntemplate = "nixpkgs-wrapper"\nnixpkgs-package = "hello; x"', '3:19: [nix] nixpkgs-package must be the name of a package of nixpkgs, such as "nodejs_22" or "php82Packages.composer"; got the text "hello; x".'],
  ['a shell variable that cannot be one', '[nix]\ntemplate = "php-app"\n[nix.local-vars]\n"A=1;" = "x"', '4:1: "A=1;" cannot be a name in [nix.local-vars], which takes names of variables (letters, digits and _, not beginning with a digit).'],
  ['ini without sections', '[nix]\ntemplate = "php-app"\n[[nix.config-files]]\npath = "a"\nformat = "ini"', '3:1: [[nix.config-files]] with format = "ini" needs sections.'],
  ['raw with sections', '[nix]\ntemplate = "php-app"\n[[nix.config-files]]\npath = "a"\nraw-content = "x"\n[nix.config-files.sections.b]\nc = 1', '6:1: [[nix.config-files]] with no format (which means "raw") does not read sections.'],
  ['a mapping without destination', '[nix]\ntemplate = "prebuilt-archive"\n[[nix.file-mappings]]\nsource = "a"', '3:1: [[nix.file-mappings]] needs the key "destination": a path inside the pushed tree, without "..".'],

  ['__proto__ and friends', '__proto__ = 1\n[env]\nconstructor = "x"\n[prototype]', '1:1: the key "__proto__" is not allowed anywhere in this file.', '3:1: the key "constructor" is not allowed anywhere in this file.', '4:1: the key "prototype" is not allowed anywhere in this file.'],
  ['NUL', '[env]\nA = "x\\u0000y"', '2:5: this text holds a NUL character, which no program can be given.'],
  ['everything at once, in the file\'s order', '[[ports]]\nnumber = 22\n[run]\nstrat = 1\n[env]\nHOST_NAME = "x"\n[domains]\nlist = ["_", "a"]',
    '2:10: [[ports]] number: port 22 belongs to the host (22, 80 and 443 do); choose another.',
    '4:1: unknown key "strat" in [run]. Did you mean "start"?',
    '6:1: HOST_NAME and [domains] (line 7) both name the app\'s hosts; keep [domains] and remove HOST_NAME.',
    '8:9: [domains] list: "_" answers every name, so it must stand alone.'],
];

for (const [name, text, ...problems] of RULES) {
  test(name, () => assert.equal(problemsOf(text), problems.map((line) => `hop3.toml:${line}`)));
}

/** What is only said, not refused. */
const NOTICES: readonly (readonly [name: string, text: string, ...notices: string[]])[] = [
  ['nothing to say', '[run]\nstart = "x"'],
  ['tables without effect', '[backup]\na = 1\n[test]\n[probe]\n[contexts.x]\n[[volumes]]\nb = 2',
    'ignored: [backup] (not supported)', 'ignored: [test] (not supported)', 'ignored: [contexts] (not supported)',
    'ignored: [probe] (not supported)', 'ignored: [[volumes]] (not supported)'],
  ['keys without effect', '[build]\nbuild = "make"\npip-install = "x"\n[run]\npackages = ["git"]',
    'ignored: [build] build (not supported)', 'ignored: [build] pip-install (not supported)', 'ignored: [run] packages (not supported)'],
  ['an unknown table', '\n[helthcheck]\npath = "/"', 'hop3.toml:2:1: ignored: unknown table [helthcheck]. Did you mean "healthcheck"?'],
  ['a key without a table', 'start = "x"', 'hop3.toml:1:1: ignored: unknown key "start" outside any table. It belongs below [run].'],
  ['an unknown key of a lenient table', '[metadata]\nlicence = "MIT"', 'hop3.toml:2:1: ignored: unknown key "licence" in [metadata]. Did you mean "license"?'],
  ['[[provider]]', '[[provider]]\ntype = "redis"', 'hop3.toml:1:1: [[provider]] is the old name of [[addons]]; it is read the same way.'],
  ['pip-packages', '[nix]\ntemplate = "python-venv"\npip-packages = ["flask"]',
    'hop3.toml:3:1: [nix] pip-packages is an old key. Its packages have no hashes, so the build cannot be repeated; write a hash-pinned lock file and name it in pip-requirements.'],
  ['what Hop3 sets itself', '[env]\nHOME = "/x"\nPORT = 80', 'hop3.toml:2:1: HOME is set by Hop3, which wins over this value.', 'hop3.toml:3:1: the PORT of a web worker is set by Hop3, which wins over this value.'],
  ['literal and computed', '[env]\nA = "x"\n[env.computed]\nA = "y"', 'hop3.toml:2:1: A is set in [env.computed] too (line 4), which wins.'],
  ['the length of a uuid', '[env]\nA = { generate = "uuid", length = 3 }', 'hop3.toml:2:26: [env] A: a uuid has its own length, so "length" has no effect.'],
  ['[cli] is read by the command', '[cli]\napp = "shop"'],
];

for (const [name, text, ...notices] of NOTICES) {
  test(`notice: ${name}`, () => assert.equal(noticesOf(text), notices));
}

test.run();
